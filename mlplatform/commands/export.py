"""`mlplatform export`: the continuous bars of a series into one file, as they are or adjusted."""

from pathlib import Path

from rich.console import Console

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.home import Home
from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.domain.series import Series
from mlplatform.market.adjustment import adjusted
from mlplatform.orchestration.axis import Partition
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.ledger import Ledger
from mlplatform.settings import load_settings

_WRITERS = {".parquet": "write_parquet", ".csv": "write_csv"}


def export(
    home_root: Path, series_name: str, adjustment: str | None, out: Path, console: Console
) -> None:
    """Write table `bars`; with an adjustment its prices continue those of the oldest contract.

    Raises InputError where the home has no such bars, or the file's kind is unknown.
    """
    series = Series.parse(series_name)
    lake = Home(home_root).lake
    periods = lake.periods("bars", series.name)
    if not periods:
        raise InputError(
            f"{home_root} has no bars of {series.name}: run `mlplatform ingest` first."
        )
    if out.suffix not in _WRITERS:
        raise InputError(f"Cannot write '{out.suffix or out}': name a file .parquet or .csv.")
    if adjustment not in (None, "difference", "ratio"):
        raise InputError(f"Unknown adjustment '{adjustment}': use difference or ratio.")
    _require_sound(home_root, series.name, periods)
    bars = lake.read("bars", series.name, periods)
    if adjustment is not None:
        rolls = lake.read("rolls", series.name, periods)
        bars = adjusted(bars, rolls, adjustment)
    with replacing(out.absolute()) as temporary:
        getattr(bars, _WRITERS[out.suffix])(temporary)
    told = f"{adjustment}-adjusted" if adjustment else "unadjusted"
    console.print(f"{bars.height:,} {told} bars of {series.name} in {out}.", soft_wrap=True)


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
