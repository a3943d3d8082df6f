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


def true_range() -> Feature:
    """True range of the bar (TA-Lib), points."""
    return Feature(
        "true_range",
        ("high", "low", "close"),
        1,
        indicator("TRANGE", "high", "low", "close"),
        "true range of the bar",
        unit="points",
    )


def atr_ratio(long_bars: int) -> Feature:
    """ATR 14 per plain mean of the true range of many bars: above 1 when volatility is rising.

    The plain mean forgets at once what an average of Wilder's drags along for 20 spans.
    """
    long = pl.col("true_range").rolling_mean(long_bars)
    return Feature(
        "atr_ratio",
        ("atr14", "true_range"),
        long_bars,
        expression(pl.col("atr14") / pl.when(long > 0).then(long)),
        f"ATR 14 per mean true range of {long_bars} bars",
        params={"long_bars": long_bars},
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
