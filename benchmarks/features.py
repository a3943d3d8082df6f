"""Speed and memory of the features, in one process on one machine.

Usage: python benchmarks/features.py [--data FILE.parquet]

Without a file the bars are a seeded random walk of as many bars as the published workload.
"""

import argparse
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import talib
from execution import PUBLISHED_BARS, best, random_walk, say

from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.arithmetic import Indicator
from mlplatform.features.compute import compute_features, features_of_day
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.live import LiveFeatures
from mlplatform.features.sets import core_plan
from mlplatform.market.sessions import label_sessions

FIVE = Timeframe("5m")
LIVE_BARS = 300
MONTHS = PeriodAxis(Cadence.MONTH, "2016-01")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="bars as Parquet; a random walk without it")
    options = parser.parse_args()
    raw = pl.read_parquet(options.data) if options.data else walk_of_sessions(PUBLISHED_BARS)
    without = labelled(raw, None)
    volume = np.random.default_rng(7).integers(1, 5000, raw.height).astype(np.float64)
    bars, core = labelled(raw, volume), core_plan(FIVE)
    before = resident_mb("VmRSS")
    full_set(core, bars, "with volume")
    say("features memory", f"{resident_mb('VmHWM') - before:,.0f} MB above the bars at most")
    full_set(core, without, "without volume")
    beside_talib(core, bars)
    one_day(core, bars)
    live(core, bars)


def walk_of_sessions(n: int) -> pl.DataFrame:
    """Seeded bars of the exchange's sessions alone, from 2016 on."""
    walk = random_walk(n * 3 // 2)  # a week is open 115 of its 168 hours
    started = datetime(2016, 1, 3, 23, tzinfo=UTC) - walk["ts"][0]
    moved = walk.with_columns(pl.col("ts") + started)
    inside = label_sessions(moved).filter(pl.col("session_date").is_not_null()).head(n)
    return inside.select(walk.columns)


def labelled(raw: pl.DataFrame, volume: Any) -> pl.DataFrame:
    """Raw bars as table `bars` of one contract, with this volume."""
    known = raw.with_columns(
        volume=pl.Series(volume, dtype=pl.Float64) if volume is not None else pl.lit(None),
        contract=pl.lit(""),
        row=pl.int_range(raw.height, dtype=pl.Int64),
    )
    inside = label_sessions(known.sort("ts")).filter(pl.col("session_date").is_not_null())
    return BARS.frame(inside)


def full_set(core: FeaturePlan, bars: pl.DataFrame, which: str) -> None:
    """The core set over all bars."""
    seconds = best(lambda: compute_features(core, bars), 3)
    columns = f"{len(core.names)} columns, {len(core.order)} nodes"
    say(f"features {which}", f"{seconds:.2f} s warm, {columns}, {bars.height:,} bars")


def beside_talib(core: FeaturePlan, bars: pl.DataFrame) -> None:
    """The columns that TA-Lib gives, beside its calls in a loop that keeps their arrays."""
    names = set(bars.columns)
    backed = [
        f for f in core.order if isinstance(f.compute, Indicator) and names.issuperset(f.inputs)
    ]
    plan = FeaturePlan.build("talib", 1, tuple(backed), tuple(BARS.names))
    whole = bars.rechunk()
    calls = [f.compute for f in backed if isinstance(f.compute, Indicator)]

    def loop() -> list[Any]:
        columns = []
        for call in calls:
            arrays = [whole[name].to_numpy() for name in call.inputs]
            found = getattr(talib, call.function)(*arrays, **call.params)
            columns.append(found if call.output is None else found[call.output])
        return columns

    ours, theirs = best(lambda: compute_features(plan, whole)), best(loop)
    say(
        "TA-Lib-backed features",
        f"{len(backed)} columns {ours * 1e3:.0f} ms, TA-Lib in a loop {theirs * 1e3:.0f} ms: "
        f"ratio {ours / theirs:.2f}",
    )


def one_day(core: FeaturePlan, bars: pl.DataFrame) -> None:
    """The newest day of the whole history, as the night appends it: at a month's end at worst."""
    days = bars["session_date"].unique().sort()
    last = days[-1]
    monthly = days.filter(days.dt.month_end() - days <= timedelta(days=3))
    at = {"newest day": last, "month's end": monthly.filter(monthly < last)[-1]}
    for which, day in at.items():
        known = bars.filter(pl.col("session_date") <= day)
        seconds = best(lambda k=known, d=day: features_of_day(core, FIVE, MONTHS, d, k), 5)
        say(f"one day appended, {which}", f"{seconds * 1e3:.0f} ms after {known.height:,} bars")


def live(core: FeaturePlan, bars: pl.DataFrame) -> None:
    """One bar after the other."""
    runner = LiveFeatures(core, FIVE, bars[-20_000:-LIVE_BARS])
    took = []
    for bar in bars[-LIVE_BARS:].iter_rows(named=True):
        start = time.perf_counter()
        runner.update(bar)
        took.append(time.perf_counter() - start)
    median, slow = np.quantile(took[20:], [0.5, 0.95]) * 1e3
    say("live update", f"{median:.1f} ms median, {slow:.1f} ms at the 95th percentile")


def resident_mb(which: str) -> float:
    """Memory of this process: `VmRSS` now, `VmHWM` at most so far (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(which)).split()[1]) / 1024


if __name__ == "__main__":
    main()
