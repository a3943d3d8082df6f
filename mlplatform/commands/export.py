"""`mlplatform export`: the continuous bars of a series into one file, as they are or adjusted."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.home import Home
from mlplatform.adapters.lake import Lake
from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.domain.series import Series, Timeframe
from mlplatform.market.adjustment import adjusted
from mlplatform.market.resampling import resample_bars
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.planning.ledger import Ledger
from mlplatform.settings import load_settings

_WRITERS = {".parquet": "write_parquet", ".csv": "write_csv"}


@dataclass(frozen=True)
class Shape:
    """How the bars are wanted: adjusted for rolls or not, longer or as they are."""

    adjustment: str | None = None
    timeframe: str | None = None


def export(home_root: Path, series_name: str, shape: Shape, out: Path, console: Console) -> None:
    """Write table `bars`; with an adjustment its prices continue those of the oldest contract.

    Raises InputError where the home has no such bars, or the wish cannot be met, CheckStopped
    where a check found them unfit.
    """
    series = Series.parse(series_name)
    lake = Home(home_root, load_settings(home_root).lake_uri).lake
    periods = lake.periods("bars", series.name)
    if not periods:
        raise InputError(
            f"{home_root} has no bars of {series.name}: run `mlplatform ingest` first."
        )
    if out.suffix not in _WRITERS:
        raise InputError(f"Cannot write '{out.suffix or out}': name a file .parquet or .csv.")
    if shape.adjustment not in (None, "difference", "ratio"):
        raise InputError(f"Unknown adjustment '{shape.adjustment}': use difference or ratio.")
    _require_sound(home_root, series.name, periods)
    bars = _shaped(lake, series, periods, shape)
    with replacing(out.absolute()) as temporary:
        getattr(bars, _WRITERS[out.suffix])(temporary)
    told = f"{shape.adjustment}-adjusted" if shape.adjustment else "unadjusted"
    length = shape.timeframe or series.timeframe.name
    console.print(
        f"{bars.height:,} {told} {length} bars of {series.name} in {out}.", soft_wrap=True
    )


def _shaped(lake: Lake, series: Series, periods: list[str], shape: Shape) -> pl.DataFrame:
    bars = lake.read("bars", series.name, periods)
    if shape.adjustment is not None:
        rolls = lake.read("rolls", series.name, periods)
        bars = adjusted(bars, rolls, "ratio" if shape.adjustment == "ratio" else "difference")
    if shape.timeframe is None:
        return bars
    seconds = Timeframe(shape.timeframe).seconds
    if seconds % 60:
        raise InputError(f"Bars of {shape.timeframe} cannot be made: use whole minutes.")
    return resample_bars(bars, seconds // 60, series.timeframe)


def _require_sound(home_root: Path, series: str, periods: list[str]) -> None:
    """Bars that a blocking check stopped are not passed on; raises CheckStopped."""
    platform = build_platform(home_root, load_settings(home_root))
    with open_instance(platform.home) as instance:
        ledger = Ledger(instance)
        for period in periods:
            entry = ledger.get("bars", Partition(period, series))
            if entry is not None and entry.blocked:
                raise CheckStopped(
                    f"Check {entry.blocked} found the bars of {period} unfit: see the asset `bars`."
                )
