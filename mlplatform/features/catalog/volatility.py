"""How far price moves: ATR, its level against its past, Parkinson volatility, range of the bar."""

import math

import polars as pl

from mlplatform.features.catalog.expressions import expression, indicator, per_atr
from mlplatform.features.graph import Feature


def atr(span_bars: int) -> Feature:
    """Wilder's average true range (TA-Lib), points."""
    return Feature(
        f"atr{span_bars}",
        ("high", "low", "close"),
        span_bars * 20,
        indicator("ATR", "high", "low", "close", timeperiod=span_bars),
        f"average true range of {span_bars} bars",
        unit="points",
        params={"span_bars": span_bars},
    )


def atr_ratio(short_bars: int, long_bars: int) -> Feature:
    """Short ATR per long ATR: above 1 when volatility is rising."""
    short, long = f"atr{short_bars}", f"atr{long_bars}"
    return Feature(
        "atr_ratio",
        (short, long),
        0,
        expression(pl.col(short) / pl.when(pl.col(long) > 0).then(pl.col(long))),
        "short ATR per long ATR",
    )


def parkinson(span_bars: int) -> Feature:
    """Parkinson (1980) volatility of log ranges: sqrt(mean(ln(H/L)^2) / (4 ln 2)), per bar."""
    squared = (pl.col("high") / pl.col("low")).log().pow(2)
    return Feature(
        f"parkinson{span_bars}",
        ("high", "low"),
        span_bars,
        expression((squared.rolling_mean(span_bars) / (4 * math.log(2))).sqrt()),
        f"Parkinson volatility of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def bar_range() -> Feature:
    """High minus low of the bar, ATR."""
    return Feature(
        "bar_range_atr",
        ("high", "low", "atr14"),
        0,
        per_atr(pl.col("high") - pl.col("low")),
        "range of the bar",
        unit="atr",
    )
