"""`mlplatform setups`: the setups in use, and how often each finds something on a series."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from mlplatform.adapters.bars.port import SourceSpec
from mlplatform.adapters.bars.sources import open_source
from mlplatform.adapters.home import Home
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Series, Timeframe
from mlplatform.domain.tables import RAW_BARS
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import LONGEST_BAR, core_plan
from mlplatform.market.rolls import RollRule, front_month, roll_table
from mlplatform.market.validation import validate
from mlplatform.orchestration.own_strategy import home_strategy, read_strategy
from mlplatform.settings import load_settings
from mlplatform.setups.setup import Setup, find_candidates
from mlplatform.strategies.strategy import PLATFORM, Strategy


@dataclass(frozen=True)
class Look:
    """Where to look for candidates: a file `data`, or the home's bars of `series`; or nowhere."""

    data: str | None
    instrument: str
    timeframe: str
    timezone: str | None
    series: str | None
    strategy: str | None = None
    """A file; that of the home where None."""


def setups(home_root: Path, look: Look, console: Console) -> None:
    """Print each setup's name, idea, parameters and order type; with bars also its candidates by
    month and side. Raises InputError where the bars cannot be had. Writes nothing.
    """
    strategy, found = _strategy(home_root, look), _bars(home_root, look)
    chosen = strategy.tradable
    console.print(_declared(chosen))
    for line in _conditions(strategy):
        console.print(line, soft_wrap=True, highlight=False)
    if found is None:
        console.print("How many candidates: give --data FILE, or --series of a --home.")
        return
    series, bars = found
    features = compute_features(core_plan(series.timeframe), bars)
    candidates = find_candidates(series.name, chosen, bars, features, series.timeframe.seconds)
    days = bars["session_date"].n_unique()
    told = f"{candidates.height:,} candidates in {days} trading days of {bars.height:,} bars"
    console.print(f"{series.name}: {told}. In the table: long/short.")
    console.print(_counted(chosen, bars, candidates))
    if bars["volume"].null_count() == bars.height:
        console.print("These bars have no volume: setups that ask for it find nothing.")


def _bars(home_root: Path, look: Look) -> tuple[Series, pl.DataFrame] | None:
    if look.data is not None and look.series is not None:
        raise InputError("Give either --data or --series, not both.")
    if look.data is not None:
        series = Series(instrument_of(look.instrument), Timeframe(look.timeframe))
        return _fit(series), _read(home_root, series, look)
    if look.series is not None:
        series = Series.parse(look.series)
        return _fit(series), _held(home_root, series)
    return None


def _fit(series: Series) -> Series:
    if series.timeframe.seconds > LONGEST_BAR.seconds:
        raise InputError(
            f"Bars of {series.timeframe.name} are too long for intraday features: use "
            f"{LONGEST_BAR.name} or shorter."
        )
    return series


def _held(home_root: Path, series: Series) -> pl.DataFrame:
    lake = Home(home_root, load_settings(home_root).lake_uri).lake
    periods = lake.periods("bars", series.name)
    if not periods:
        raise InputError(
            f"{home_root} has no bars of {series.name}: run `mlplatform run` first, or give --data."
        )
    return lake.read("bars", series.name, periods)


def _read(home_root: Path, series: Series, look: Look) -> pl.DataFrame:
    """Continuous bars of a file, or synthetic ones: read, rolled and not kept."""
    settings = load_settings(home_root)
    home = Home(home_root, settings.lake_uri)
    spec = SourceSpec("synthetic", seed=settings.seed)
    if look.data != "synthetic":
        path = Path(str(look.data)).expanduser().absolute()
        spec = SourceSpec("file", str(path), look.timezone)
    source = open_source(series, spec, home, datetime.now(UTC))
    raw = pl.concat([RAW_BARS.frame(batch) for batch in source.batches()])
    sound = validate(raw, series.timeframe).bars
    if sound.is_empty():
        raise InputError(f"{source.name} holds no valid bar: check its time zone and timeframe.")
    days = sound["session_date"].unique().sort()
    rule = RollRule(settings.roll_rule)
    front, _ = front_month(sound, roll_table(sound, rule, days[0], days[-1] + timedelta(days=1)))
    return front


def _strategy(home_root: Path, look: Look) -> Strategy:
    if look.strategy is not None:
        return read_strategy(Path(look.strategy).expanduser().absolute())
    return home_strategy(Home(home_root), load_settings(home_root).strategy)


def _conditions(strategy: Strategy) -> list[str]:
    """What a strategy of one's own adds to its setups, a line each."""
    if strategy is PLATFORM:
        return []
    lines = [f"Strategy {strategy.name}{': ' * bool(strategy.about)}{strategy.about}"]
    for side, items in (
        ("Both sides", strategy.filters),
        ("Long", strategy.long_filters),
        ("Short", strategy.short_filters),
    ):
        lines += [f"{side} only where {item}" for item in items]
    if strategy.sides != "both":
        lines.append(f"Trades {strategy.sides} only")
    exits = strategy.exits.told() if strategy.exits else {}
    told = ", ".join(f"{name} {value:g}" for name, value in exits.items())
    return [*lines, f"Exits: {told or 'those of the baseline'}"]


def features(console: Console) -> None:
    """Print what filters may read: every feature, what it is, its unit."""
    plan = core_plan(Timeframe("5m"))
    table = Table(title=f"{len(plan.features)} features", title_justify="left")
    for heading in ("Feature", "What it is", "Unit"):
        table.add_column(heading, no_wrap=heading == "Feature")
    for feature in plan.features:
        table.add_row(feature.name, feature.about, feature.unit)
    console.print(table)


def _declared(setups: tuple[Setup, ...]) -> Table:
    table = Table(title=f"{len(setups)} setups, both sides each", title_justify="left")
    table.add_column("Setup", no_wrap=True)
    table.add_column("Idea")
    table.add_column("Parameters")
    table.add_column("Order", no_wrap=True)
    for setup in setups:
        params = ", ".join(f"{name}={value:g}" for name, value in setup.params.items())
        table.add_row(setup.name, setup.idea, params, setup.entry.order_type)
    return table


def _counted(setups: tuple[Setup, ...], bars: pl.DataFrame, candidates: pl.DataFrame) -> Table:
    """A row a month, a column a setup; the last row is the mean of a month of 21 trading days."""
    month = pl.col("session_date").dt.strftime("%Y-%m")
    by = candidates.group_by(month, "setup", "side").len()
    counts = {(m, setup, side): n for m, setup, side, n in by.iter_rows()}
    table = Table(show_footer=True, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Month", footer="21 days", no_wrap=True)
    months_held = bars["session_date"].n_unique() / 21
    for setup in setups:
        total = candidates.filter(pl.col("setup") == setup.name).height
        mean = f"{total / months_held:.1f}"
        heading = setup.name.replace("_", "\n")
        table.add_column(heading, footer=mean, justify="right", overflow="fold")
    for key in bars.select(month.unique().sort()).to_series():
        cells = [
            f"{counts.get((key, setup.name, 1), 0)}/{counts.get((key, setup.name, -1), 0)}"
            for setup in setups
        ]
        table.add_row(key, *cells)
    return table
