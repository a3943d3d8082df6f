"""Opening a study: from the command's options to a wired platform, checked before it writes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from mlplatform.adapters.bars.book import Chapter, read_chapter, source_of
from mlplatform.adapters.bars.yahoo import YahooBars
from mlplatform.adapters.home import SourceSpec, write_text
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.series import Series, Timeframe
from mlplatform.features.sets import LONGEST_BAR
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.orchestration.progress import OnStep
from mlplatform.settings import SETTINGS_FILE, StudySettings, load_settings


@dataclass(frozen=True)
class Wish:
    """What the user asked for; `given` are the settings named on the command line."""

    data: str
    instrument: str
    timeframe: str
    timezone: str | None
    given: Mapping[str, object]


@dataclass(frozen=True)
class OpenStudy:
    """A platform with one series ready to run; nothing is written before `settle`."""

    platform: Platform
    series: Series
    spec: SourceSpec
    chapter: Chapter
    given: Mapping[str, object] = field(default_factory=dict)
    """The settings named on the command line."""

    def settle(self) -> None:
        """Create the home and remember settings and source."""
        home, settings = self.platform.home, self.platform.settings
        home.create()
        kept = settings.model_dump(mode="json")
        write_text(home.root / SETTINGS_FILE, json.dumps(kept, indent=1) + "\n")
        if self.spec.kind == "yahoo":
            fetched = pl.concat(list(self.chapter.periods.values()))
            self.platform.book.keep(self.series.name, self.spec, fetched)
        else:
            home.set_source(self.series.name, self.spec)


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
    settings = load_settings(home_root, **_with_cadence(wish, stored, is_new))
    if not is_new and settings.cadence is not stored.cadence:
        raise InputError(
            f"{home_root} keeps periods of a {stored.cadence}: give another --home for "
            f"--cadence {settings.cadence}."
        )
    spec = _spec(wish, settings)
    chapter = _read(series, spec, settings.cadence)
    settings = _with_first_period(settings, chapter, home_root, is_new)
    _require_periods(settings, chapter)
    platform = build_platform(home_root, settings, on_step=on_step)
    platform.book.put(series.name, spec, chapter)
    return OpenStudy(platform, series, spec, chapter, wish.given)


def _with_cadence(wish: Wish, stored: StudySettings, is_new: bool) -> dict[str, object]:
    """Yahoo's 60 days hold too few months: a new home for them keeps weeks."""
    given = dict(wish.given)
    if given.get("cadence") is None:
        given["cadence"] = "week" if is_new and wish.data == "yahoo" else stored.cadence
    return given


def _spec(wish: Wish, settings: StudySettings) -> SourceSpec:
    if wish.data in ("yahoo", "synthetic"):
        return SourceSpec(wish.data, seed=settings.seed)
    path = Path(wish.data).expanduser().absolute()
    return SourceSpec("file", str(path), wish.timezone)


def _read(series: Series, spec: SourceSpec, cadence: Cadence) -> Chapter:
    axis = PeriodAxis(cadence, "")
    if spec.kind == "yahoo":
        return read_chapter(series, YahooBars(series), axis)
    return read_chapter(series, source_of(series, spec), axis)


def _with_first_period(
    settings: StudySettings, chapter: Chapter, home_root: Path, is_new: bool
) -> StudySettings:
    axis = PeriodAxis(settings.cadence, "")
    for key in (settings.from_period, settings.to_period):
        if key is not None:
            axis.start_of(key)
    first = max(min(chapter.periods), settings.from_period or "")
    if is_new:
        first = max(first, axis.key_of(date(1970, 1, 1)))
        return settings.model_copy(update={"first_period": first})
    if first < settings.first_period:
        raise InputError(
            f"{home_root} begins with {settings.first_period}, these bars with {first}: give "
            f"another --home, or --from {settings.first_period}."
        )
    return settings


def _require_periods(settings: StudySettings, chapter: Chapter) -> None:
    first, last = settings.from_period or "", settings.to_period or "~"
    used = [period for period in chapter.periods if first <= period <= last]
    if len(used) < settings.train_periods + 1:
        held = f"{min(chapter.periods)} to {max(chapter.periods)}"
        raise InputError(
            f"The bars hold {len(used)} periods to use ({settings.cadence}s; the source has "
            f"{held}), but {settings.train_periods} to train and one to test are needed: give "
            "more bars, or a smaller --train-periods."
        )
