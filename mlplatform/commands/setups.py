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
from mlplatform.settings import load_settings
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates


@dataclass(frozen=True)
class Look:
    """Where to look for candidates: a file `data`, or the home's bars of `series`; or nowhere."""

    data: str | None
    instrument: str
    timeframe: str
    timezone: str | None
    series: str | None


def setups(home_root: Path, look: Look, console: Console) -> None:
    """Print each setup's name, idea, parameters and order type; with bars also its candidates by
    month and side. Raises InputError where the bars cannot be had. Writes nothing.
    """
    found = _bars(home_root, look)
    console.print(_declared())
    if found is None:
        console.print("How many candidates: give --data FILE, or --series of a --home.")
        return
    series, bars = found
    features = compute_features(core_plan(series.timeframe), bars)
    candidates = find_candidates(series.name, SETUPS, bars, features, series.timeframe.seconds)
    days = bars["session_date"].n_unique()
    told = f"{candidates.height:,} candidates in {days} trading days of {bars.height:,} bars"
    console.print(f"{series.name}: {told}. In the table: long/short.")
    console.print(_counted(bars, candidates))
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


def _declared() -> Table:
    table = Table(title=f"{len(SETUPS)} setups, both sides each", title_justify="left")
    table.add_column("Setup", no_wrap=True)
    table.add_column("Idea")
    table.add_column("Parameters")
    table.add_column("Order", no_wrap=True)
    for setup in SETUPS:
        params = ", ".join(f"{name}={value:g}" for name, value in setup.params.items())
        table.add_row(setup.name, setup.idea, params, setup.entry.order_type)
    return table


def _counted(bars: pl.DataFrame, candidates: pl.DataFrame) -> Table:
    """A row a month, a column a setup; the last row is the mean of a month of 21 trading days."""
    month = pl.col("session_date").dt.strftime("%Y-%m")
    by = candidates.group_by(month, "setup", "side").len()
    counts = {(m, setup, side): n for m, setup, side, n in by.iter_rows()}
    table = Table(show_footer=True, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Month", footer="21 days", no_wrap=True)
    months_held = bars["session_date"].n_unique() / 21
    for setup in SETUPS:
        total = candidates.filter(pl.col("setup") == setup.name).height
        mean = f"{total / months_held:.1f}"
        heading = setup.name.replace("_", "\n")
        table.add_column(heading, footer=mean, justify="right", overflow="fold")
    for key in bars.select(month.unique().sort()).to_series():
        cells = [
            f"{counts.get((key, setup.name, 1), 0)}/{counts.get((key, setup.name, -1), 0)}"
            for setup in SETUPS
        ]
        table.add_row(key, *cells)
    return table
