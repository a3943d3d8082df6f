"""Opening a study: from the command's options to a wired platform, checked before it writes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from mlplatform.adapters.bars.deliveries import Deliveries
from mlplatform.adapters.bars.port import SourceSpec
from mlplatform.adapters.bars.sources import open_source
from mlplatform.adapters.bars.staging import Staged, stage
from mlplatform.adapters.home import Home, write_text
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series, Timeframe
from mlplatform.features.sets import LONGEST_BAR
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.orchestration.own_strategy import NONE, keep, kept_name, read_strategy
from mlplatform.orchestration.steps.progress import OnStep
from mlplatform.settings import SETTINGS_FILE, StudySettings, load_settings
from mlplatform.strategies.strategy import Strategy


@dataclass(frozen=True)
class Wish:
    """What the user asked for; `given` are the settings named on the command line."""

    data: str | None
    """A file, yahoo, synthetic; where None what the home holds of the series, else synthetic."""
    instrument: str
    timeframe: str
    timezone: str | None
    given: Mapping[str, object]
    strategy: str | None = None
    """A file, or `none` for the platform's own setups; where None that of the home."""


@dataclass(frozen=True)
class OpenStudy:
    """A platform with one series ready to run; nothing is written before `settle`."""

    platform: Platform
    series: Series
    staged: Staged | None
    """Bars that are to be taken in; None where the home has them."""
    given: Mapping[str, object] = field(default_factory=dict)
    """The settings named on the command line."""
    strategy_file: Path | None = None
    """The strategy that the home is to keep; None where it has it."""

    def settle(self) -> None:
        """Create the home, remember settings, take the bars in."""
        home, settings = self.platform.home, self.platform.settings
        home.create()
        if self.strategy_file is not None:
            keep(home, self.strategy_file)
        kept = settings.model_dump(mode="json")
        write_text(home.root / SETTINGS_FILE, json.dumps(kept, indent=1) + "\n")
        self.platform.book.settle(self.series.name)

    def discard(self) -> None:
        """Forget the bars that were to be taken in."""
        if self.staged is not None:
            self.staged.discard()


def open_study(home_root: Path, wish: Wish, on_step: OnStep | None = None) -> OpenStudy:
    """Check everything that the user gave; raises InputError before anything is written."""
    series = Series(instrument_of(wish.instrument), Timeframe(wish.timeframe))
    if series.timeframe.seconds > LONGEST_BAR.seconds:
        raise InputError(
            f"Bars of {wish.timeframe} are too long for intraday features: use {LONGEST_BAR.name} "
            "or shorter."
        )
    stored = load_settings(home_root)
    is_new = not (home_root / SETTINGS_FILE).is_file()
    strategy_file, strategy = _strategy(wish)
    wished = _with_strategy(_with_cadence(wish, stored, is_new), wish, strategy_file)
    settings = load_settings(home_root, **wished)
    if not is_new and settings.cadence is not stored.cadence:
        raise InputError(
            f"{home_root} keeps periods of a {stored.cadence}: give another --home for "
            f"--cadence {settings.cadence}."
        )
    staged = _stage(home_root, series, wish, settings)
    try:
        periods = staged_or_held(home_root, series, staged)
        settings = with_first_period(settings, periods, home_root, is_new)
        _require_periods(settings, periods)
        platform = build_platform(home_root, settings, on_step=on_step, strategy=strategy)
        if staged is not None:
            platform.book.put(series.name, staged)
    except InputError:
        if staged is not None:
            staged.discard()
        raise
    named = {**wish.given, "strategy": wish.strategy}
    return OpenStudy(platform, series, staged, named, strategy_file)


def _strategy(wish: Wish) -> tuple[Path | None, Strategy | None]:
    """The wished strategy and its file; None where the settings say it all."""
    if wish.strategy in (None, NONE):
        return None, None
    path = Path(str(wish.strategy)).expanduser().absolute()
    return path, read_strategy(path)


def _with_strategy(given: dict[str, object], wish: Wish, file: Path | None) -> dict[str, object]:
    """The settings with the wished strategy; without a wish the home's stays."""
    if wish.strategy is None:
        return given
    return {**given, "strategy": kept_name(file) if file else ""}


def _with_cadence(wish: Wish, stored: StudySettings, is_new: bool) -> dict[str, object]:
    """Yahoo's 60 days hold too few months: a new home for them keeps weeks."""
    given = dict(wish.given)
    if given.get("cadence") is None:
        given["cadence"] = "week" if is_new and wish.data == "yahoo" else stored.cadence
    return given


def _stage(home_root: Path, series: Series, wish: Wish, settings: StudySettings) -> Staged | None:
    """The wished bars; None where the home holds them as they are."""
    home = Home(home_root)
    held = Deliveries(home.root / "deliveries").of(series.name)
    linked = [item for item in held if item.is_linked]
    if wish.data is not None:
        spec = _spec(wish, settings)
    elif not held:
        spec = SourceSpec("synthetic", seed=settings.seed)
    elif linked:
        spec = linked[-1].spec
    else:
        return None
    source = open_source(series, spec, home, datetime.now(UTC))
    if any(item.spec == spec and item.sha256 == source.sha256 for item in held):
        return None
    return stage(source, PeriodAxis(settings.cadence, ""), is_linked=True)


def _spec(wish: Wish, settings: StudySettings) -> SourceSpec:
    if wish.data in ("yahoo", "synthetic"):
        return SourceSpec(wish.data, seed=settings.seed)
    path = Path(str(wish.data)).expanduser().absolute()
    return SourceSpec("file", str(path), wish.timezone)


def staged_or_held(home_root: Path, series: Series, staged: Staged | None) -> list[str]:
    """The periods that hold bars."""
    if staged is not None:
        return sorted(staged.delivery.hashes)
    return Deliveries(Home(home_root).root / "deliveries").chapter(series.name).periods


def with_first_period(
    settings: StudySettings, periods: list[str], home_root: Path, is_new: bool
) -> StudySettings:
    """The settings with the first partition key, which a new home gets from its first bars."""
    axis = PeriodAxis(settings.cadence, "")
    for key in (settings.from_period, settings.to_period):
        if key is not None:
            axis.start_of(key)
    first = max(min(periods), settings.from_period or "")
    if is_new:
        first = max(first, axis.key_of(date(1970, 1, 1)))
        return settings.model_copy(update={"first_period": first})
    if first < settings.first_period:
        raise InputError(
            f"{home_root} begins with {settings.first_period}, these bars with {first}: give "
            f"another --home, or --from {settings.first_period}."
        )
    return settings


def _require_periods(settings: StudySettings, periods: list[str]) -> None:
    first, last = settings.from_period or "", settings.to_period or "~"
    used = [period for period in periods if first <= period <= last]
    if len(used) < settings.train_periods + 1:
        held = f"{min(periods)} to {max(periods)}"
        raise InputError(
            f"The bars hold {len(used)} periods to use ({settings.cadence}s; the source has "
            f"{held}), but {settings.train_periods} to train and one to test are needed: give "
            "more bars, or a smaller --train-periods."
        )
