"""Seventeen years of 1-minute bars as a CSV of 5.7 million rows through `mlplatform ingest`.

Usage: python benchmarks/market.py

Prints seconds and peak memory of the whole command, and how many periods it wrote.
"""

import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from mlplatform.domain.series import Timeframe
from mlplatform.market.sessions import expected_bars

ROWS = 5_700_000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        file, home = Path(folder) / "seventeen_years.csv", Path(folder) / "home"
        bars(ROWS).write_csv(file)
        size_mb = file.stat().st_size / 1e6
        command = [sys.executable, "-m", "mlplatform.cli", "ingest", str(file)]
        started = time.perf_counter()
        subprocess.run(
            [*command, "--instrument", "ES", "--home", str(home)], capture_output=True, check=True
        )
        took = time.perf_counter() - started
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        periods = len(list((home / "lake" / "bars" / "ES-1m").glob("*.parquet")))
    print(
        f"ingest of {ROWS:,} 1-minute bars ({size_mb:,.0f} MB of CSV): {took:.0f} s, "
        f"{peak_mb:,.0f} MB at most, {periods} periods, checks included"
    )


def bars(rows: int) -> pl.DataFrame:
    """A walk over the session calendar whose activity leaps at 08:30 Chicago, as the market's."""
    every = expected_bars(date(2009, 1, 2), date(2025, 12, 31), Timeframe("1m"))
    ts = every.sample(rows, seed=7).sort()
    clock = ts.dt.convert_time_zone("America/Chicago")
    minute = (clock.dt.hour().cast(pl.Int32) * 60 + clock.dt.minute()).to_numpy()
    regular, opening = (minute >= 510) & (minute < 900), (minute >= 510) & (minute < 540)
    activity = np.where(regular, 1.0, 0.25) * np.where(opening, 2.0, 1.0)
    rng = np.random.default_rng(7)
    close = 16_000 + np.cumsum(np.round(rng.normal(0.0, 1.2, rows) * activity))
    close = np.abs(close - 4000) + 4000  # ticks; a price stays a price
    first = np.concatenate([close[:1], close[:-1]])
    wicks = np.round(rng.integers(0, 4, (2, rows)) * activity)
    return pl.DataFrame(
        {
            "ts": ts.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "open": first / 4,
            "high": (np.maximum(first, close) + wicks[0]) / 4,
            "low": (np.minimum(first, close) - wicks[1]) / 4,
            "close": close / 4,
            "volume": (rng.integers(60, 1200, rows) * activity).astype(np.int64),
        }
    )


if __name__ == "__main__":
    main()
