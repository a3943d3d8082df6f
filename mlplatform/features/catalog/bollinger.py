"""Bollinger bands (TA-Lib): population deviations about the plain mean of the close."""

import polars as pl

from mlplatform.features.catalog.expressions import expression, gap_per_atr, indicator
from mlplatform.features.graph import Feature

DEVIATIONS = 2.0
_NO_WIDTH = 1e-9


def bollinger_band(side: str, span_bars: int) -> Feature:
    """Upper or lower Bollinger band of 2 deviations (TA-Lib), points."""
    output = 0 if side == "upper" else 2
    return Feature(
        f"bollinger_{side}{span_bars}",
        ("close",),
        span_bars,
        indicator(
            "BBANDS",
            "close",
            output=output,
            timeperiod=span_bars,
            nbdevup=DEVIATIONS,
            nbdevdn=DEVIATIONS,
        ),
        f"{side} Bollinger band of {span_bars} bars",
        unit="points",
        params={"span_bars": span_bars, "deviations": DEVIATIONS},
    )


def bollinger_position(span_bars: int) -> Feature:
    """Close in standard deviations from its mean of `span_bars`; null where price stood still."""
    close = pl.col("close")
    deviation = close.rolling_std(span_bars, ddof=0)
    gap = close - close.rolling_mean(span_bars)
    return Feature(
        f"bollinger{span_bars}",
        ("close",),
        span_bars,
        expression(gap / pl.when(deviation > _NO_WIDTH).then(deviation)),
        f"close in standard deviations from its mean of {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def bollinger_width(span_bars: int) -> Feature:
    """Upper above lower band, ATR: narrow before a breakout, wide in a trend."""
    upper, lower = f"bollinger_upper{span_bars}", f"bollinger_lower{span_bars}"
    return Feature(
        f"bollinger_width{span_bars}_atr",
        (upper, lower, "atr14"),
        0,
        gap_per_atr(upper, lower),
        f"width of the Bollinger bands of {span_bars} bars",
        unit="atr",
    )


CORE = (
    bollinger_band("upper", 20),
    bollinger_band("lower", 20),
    bollinger_position(20),
    bollinger_width(20),
)
"""Those of the core set."""
