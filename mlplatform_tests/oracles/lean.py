"""Quotes of the LEAN regression data as bars: minutes in UTC, the last quote carried forward."""

import io
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlplatform.execution import BarArrays, FillPolicy, Rules

ROOT = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "lean-es"
MINUTE_US = 60_000_000
DAY_MINUTES = 24 * 60
needs_lean = pytest.mark.skipif(not ROOT.is_dir(), reason="the LEAN data is not at hand")


def quote_bars(market: str, root: str, contract: str, days: list[str]) -> BarArrays:
    """One bar a minute over whole UTC days; open to close are the mid of the closing quote."""
    grids = []
    for day in days:
        path = ROOT / f"Data/future/{market}/minute/{root}/{day}_quote.zip"
        with zipfile.ZipFile(path) as archive:
            text = archive.read(f"{day}_{root}_minute_quote_{contract}.csv")
        quotes = pl.read_csv(io.BytesIO(text), has_header=False, infer_schema=False)
        grid = np.full((DAY_MINUTES, 2), np.nan)
        minute = quotes[:, 0].cast(pl.Int64).to_numpy() // 60_000
        grid[minute] = quotes[:, [4, 9]].cast(pl.Float64).to_numpy()  # closing bid and ask
        grids.append(grid)
    quotes = pl.DataFrame(np.concatenate(grids), schema=["bid", "ask"])
    quotes = quotes.fill_nan(None).fill_null(strategy="forward").fill_null(strategy="backward")
    bid, ask = (quotes[name].to_numpy() for name in ("bid", "ask"))
    mid = (bid + ask) / 2
    ts = np.concatenate([np.arange(DAY_MINUTES) * MINUTE_US + _midnight(day) for day in days])
    return BarArrays(ts, mid, mid, mid, mid, bid=bid, ask=ask, timeframe_us=MINUTE_US)


def _midnight(day: str) -> int:
    return int(np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}", "us").astype(np.int64))


def minutes_ending(bars: BarArrays, first: str, last: str) -> np.ndarray:
    """Indices of the bars that end in (first, last] New York time."""
    ends = pl.Series(bars.ts + MINUTE_US).cast(pl.Datetime("us", "UTC"))
    clock = ends.dt.convert_time_zone("America/New_York").dt.strftime("%H:%M")
    return np.flatnonzero(((clock > first) & (clock <= last)).to_numpy())


def lean_rules(multiplier_usd: float, commission_usd: float, tick_points: float) -> Rules:
    """Fill at the closing quote, no slippage."""
    return Rules(
        tick_points=tick_points,
        multiplier_usd=multiplier_usd,
        commission_usd=commission_usd,
        fill_policy=FillPolicy.QUOTE_CLOSE,
        flatten_at_session_end=False,
    )
