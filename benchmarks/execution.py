"""Speed of the execution room, as ratios measured in one run on one machine.

Usage: python benchmarks/execution.py [--data FILE.parquet] [--no-vectorbt]

Without a file the bars are a seeded random walk of as many bars as the published workload.
vectorbt is installed into a throwaway environment, and left out where that fails.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numba import njit

from mlplatform.execution import BarArrays, Orders, Rules, Variants, simulate, simulate_variants
from mlplatform.studies.stress import (
    StressSettings,
    bench_stress,
    feature_columns,
    signal_orders,
)

RULES = Rules(tick_points=None, limit_through_ticks=0.0, flatten_at_session_end=False)
PUBLISHED_BARS = 700_078
STEP_US = 300_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="bars as Parquet; a random walk without it")
    parser.add_argument("--no-vectorbt", action="store_true")
    options = parser.parse_args()
    frame = pl.read_parquet(options.data) if options.data else random_walk(PUBLISHED_BARS)
    say("stress", json.dumps(bench_stress(lambda: frame, StressSettings(), time.perf_counter)))
    bars = BarArrays.from_frame(frame.select("ts", "open", "high", "low", "close"))
    features = feature_columns(bars)
    orders = signal_orders(features, StressSettings())
    ours_s = best(lambda: simulate(bars, orders, RULES))
    say("simulation", f"{ours_s * 1e3:.1f} ms, {len(bars):,} bars, {len(orders):,} signals")
    bare_s = bare_loop(bars, orders)
    say("bare compiled loop", f"{bare_s * 1e3:.1f} ms; ours takes {ours_s / bare_s:.1f} times that")
    grid = Variants(np.linspace(0.5, 2.0, 100))
    grid_s = best(lambda: simulate_variants(bars, orders, grid, RULES), 3)
    say("100 variants", f"{grid_s:.2f} s on 2 threads, {grid_s / ours_s:.0f} times one simulation")
    if not options.no_vectorbt:
        compare_vectorbt(bars, features["atr_14"], orders, ours_s)
    growth()


def say(what: str, text: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{what}: {text}\n")
    sys.stdout.flush()


def best(work: Callable[[], Any], runs: int = 15) -> float:
    """Seconds of the fastest run; the first, which may compile, does not count."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def random_walk(n: int) -> pl.DataFrame:
    """Seeded five-minute bars whose volatility is that of an index future."""
    rng = np.random.default_rng(7)
    close = 10_000 + np.cumsum(rng.normal(0.0, 4.0, n))
    open_ = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(open_, close) + rng.exponential(2.0, n)
    low = np.minimum(open_, close) - rng.exponential(2.0, n)
    ts = pl.Series("ts", np.arange(n) * STEP_US).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame({"ts": ts, "open": open_, "high": high, "low": low, "close": close})


def bare_loop(bars: BarArrays, orders: Orders) -> float:
    """Seconds of a loop that knows one position, one stop, one target, and keeps one sum."""
    side = np.zeros(len(bars), np.int8)
    stop, target = np.zeros(len(bars)), np.zeros(len(bars))
    side[orders.bar] = orders.column("side")
    stop[orders.bar] = orders.stop_points
    target[orders.bar] = orders.target_points[:, 0]
    prices = bars.open, bars.high, bars.low
    return best(lambda: net_points(*prices, side, stop, target))


@njit
def net_points(open_: Any, high: Any, low: Any, side: Any, stop: Any, target: Any) -> float:
    """The net points of the plain strategy."""
    held, entry, lower, upper, net = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(1, open_.size):
        if held == 0 and side[i - 1] != 0:
            held, entry = side[i - 1], open_[i]
            lower = entry - (stop[i - 1] if held > 0 else target[i - 1])
            upper = entry + (target[i - 1] if held > 0 else stop[i - 1])
        if held != 0:
            falls, rises = low[i] <= lower, high[i] >= upper
            if falls and (held > 0 or not rises):
                net += held * (min(open_[i], lower) - entry)
                held = 0
            elif rises:
                net += held * (max(open_[i], upper) - entry)
                held = 0
    return net


def growth() -> None:
    """Cost per bar and memory per bar at growing lengths."""
    for n in (100_000, 1_000_000, 10_000_000):
        bars = BarArrays.from_frame(random_walk(n))
        rows = np.arange(0, n, 3)
        orders = Orders.market(rows, np.where(rows % 2, 1, -1), 1, 15.0, 20.0)
        seconds = best(lambda b=bars, o=orders: simulate(b, o, RULES), 3)
        tracemalloc.start()
        simulate(bars, orders, RULES)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        say(f"{n:,} bars", f"{seconds / n * 1e9:.1f} ns a bar, {peak / n:.0f} bytes a bar at most")


def compare_vectorbt(bars: BarArrays, atr: Any, orders: Orders, ours_s: float) -> None:
    """The same signals through vectorbt in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
            python = home / "venv" / "bin" / "python"
            install = [python, "-m", "pip", "install", "--quiet", "vectorbt"]
            subprocess.run(install, check=True, capture_output=True)
        except subprocess.CalledProcessError as error:
            say("vectorbt", f"could not be installed here ({error})")
            return
        signals = home / "signals.npz"
        write_signals(signals, bars, atr, orders)
        script = Path(__file__).with_name("vectorbt_side.py")
        done = subprocess.run([python, script, signals], check=True, capture_output=True, text=True)
    theirs = json.loads(done.stdout.splitlines()[-1])
    say("vectorbt", json.dumps(theirs))
    say("vectorbt / ours", f"{theirs['warm_s'] / ours_s:.0f} times, simulation alone, both warm")


def write_signals(path: Path, bars: BarArrays, atr: Any, orders: Orders) -> None:
    """Entries moved to the bar on which they fill, distances as fractions of its open."""
    at = orders.bar + 1
    inside = at < len(bars)
    at, side = at[inside], orders.column("side")[inside]
    columns = {name: np.zeros(len(bars), bool) for name in ("entries", "short_entries")}
    columns["entries"][at[side > 0]] = True
    columns["short_entries"][at[side < 0]] = True
    before = np.concatenate([[np.nan], atr[:-1]])
    np.savez(
        path,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        price=bars.open,
        stop_frac=1.5 * before / bars.open,
        target_frac=2.0 * before / bars.open,
        **columns,
    )


if __name__ == "__main__":
    main()
