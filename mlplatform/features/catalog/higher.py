"""The same market on a higher timeframe, joined on completed bars only."""

import polars as pl

from mlplatform.features.catalog.expressions import indicator
from mlplatform.features.graph import Columns, Feature
from mlplatform.market.resampling import resample

_SESSION_COLUMNS = ("session_date", "session_end", "minute_of_session")


def higher_trend(minutes: int, span: int, base_minutes: float) -> Feature:
    """Close of the last completed higher bar above its EMA, per higher ATR 14.

    A higher bar is known at its scheduled end: a base bar that starts at t knows those with
    `known_at` <= t + base timeframe.
    """
    average = indicator("EMA", "close", timeperiod=span)
    atr = indicator("ATR", "high", "low", "close", timeperiod=14)

    def compute(columns: Columns) -> pl.Series:
        bars = pl.DataFrame(dict(columns)).with_columns(segment=pl.lit(0))
        higher = resample(bars, minutes)
        known = {name: higher[name] for name in ("high", "low", "close")}
        width = atr(known).fill_nan(None)
        gap = (higher["close"] - average(known).fill_nan(None)) / width.set(width <= 0, None)
        joined = bars.select(
            known_at=pl.col("ts") + pl.duration(seconds=int(base_minutes * 60))
        ).join_asof(
            higher.select("known_at", gap=gap).sort("known_at"), on="known_at", strategy="backward"
        )
        return joined["gap"]

    bars_each = max(1, int(minutes / base_minutes))
    return Feature(
        f"trend_{minutes}m_atr",
        ("ts", "open", "high", "low", "close", "volume", *_SESSION_COLUMNS),
        bars_each * 20 * 14,
        compute,
        f"close above its EMA {span} on completed {minutes}-minute bars",
        unit="atr",
        is_signed=True,
        params={"minutes": minutes, "span": span},
    )
