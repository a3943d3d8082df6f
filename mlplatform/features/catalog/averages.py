"""Moving averages of the close (TA-Lib), points, and how price stands to them, ATR."""

import polars as pl

from mlplatform.features.catalog.expressions import (
    expression,
    gap_per_atr,
    indicator,
    per_atr,
    points_per_atr,
)
from mlplatform.features.catalog.quantities import ratio
from mlplatform.features.graph import Feature

RECURSION = 13
"""Spans after which an exponential average has forgotten its start to below 1e-11."""


def ema(span_bars: int) -> Feature:
    """Exponential moving average of the close (TA-Lib), points."""
    return Feature(
        f"ema{span_bars}",
        ("close",),
        span_bars * RECURSION,
        indicator("EMA", "close", timeperiod=span_bars),
        f"exponential moving average of {span_bars} bars",
        unit="points",
        params={"span_bars": span_bars},
    )


def sma(span_bars: int) -> Feature:
    """Plain moving average of the close (TA-Lib), points."""
    return Feature(
        f"sma{span_bars}",
        ("close",),
        span_bars,
        indicator("SMA", "close", timeperiod=span_bars),
        f"plain moving average of {span_bars} bars",
        unit="points",
        is_step=True,
        params={"span_bars": span_bars},
    )


def vwma(span_bars: int) -> Feature:
    """Volume-weighted moving average of the close, points; null without volume."""
    traded = pl.col("volume").rolling_sum(span_bars)
    return Feature(
        f"vwma{span_bars}",
        ("close", "volume"),
        span_bars,
        expression(ratio((pl.col("close") * pl.col("volume")).rolling_sum(span_bars), traded)),
        f"volume-weighted average of {span_bars} closes",
        unit="points",
        is_step=True,
        params={"span_bars": span_bars},
    )


def average_gap(average: str) -> Feature:
    """Close above one of its averages, ATR."""
    return Feature(
        f"{average}_gap_atr",
        ("close", average, "atr14"),
        0,
        gap_per_atr("close", average),
        f"close above {average}",
        unit="atr",
        is_signed=True,
    )


def ema_spread(fast_bars: int, slow_bars: int) -> Feature:
    """Fast EMA above slow EMA, ATR: the trend."""
    fast, slow = f"ema{fast_bars}", f"ema{slow_bars}"
    return Feature(
        "ema_spread_atr",
        (fast, slow, "atr14"),
        0,
        gap_per_atr(fast, slow),
        "fast EMA above slow EMA",
        unit="atr",
        is_signed=True,
    )


def ema_slope(span_bars: int, over_bars: int) -> Feature:
    """Change of an EMA over some bars, ATR."""
    name = f"ema{span_bars}"
    return Feature(
        f"{name}_slope_atr",
        (name, "atr14"),
        over_bars,
        per_atr(pl.col(name).diff(over_bars)),
        f"change of the EMA of {span_bars} bars over {over_bars} bars",
        unit="atr",
        is_signed=True,
        params={"over_bars": over_bars},
    )


def line_slope(span_bars: int) -> Feature:
    """Slope of the least-squares line through the closes (TA-Lib), ATR per bar."""
    name = f"line_slope{span_bars}"
    return Feature(
        f"{name}_atr",
        (name, "atr14"),
        0,
        points_per_atr(name),
        f"slope of the line through {span_bars} closes",
        unit="atr per bar",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def line_slope_points(span_bars: int) -> Feature:
    """Slope of the least-squares line through the closes (TA-Lib), points per bar."""
    return Feature(
        f"line_slope{span_bars}",
        ("close",),
        span_bars,
        indicator("LINEARREG_SLOPE", "close", timeperiod=span_bars),
        f"slope of the line through {span_bars} closes",
        unit="points per bar",
        is_step=True,
        params={"span_bars": span_bars},
    )


CORE = (
    ema(20),
    ema(50),
    sma(200),
    vwma(20),
    *(average_gap(name) for name in ("ema20", "ema50", "sma200", "vwma20")),
    ema_spread(20, 50),
    ema_slope(20, 5),
    line_slope_points(20),
    line_slope(20),
)
"""Those of the core set."""
