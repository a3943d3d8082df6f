"""Structure of the market: regime of trend, ranges, breaks of swings."""

import math
from typing import Any

import polars as pl

from mlplatform.features.catalog.expressions import expression, gap_per_atr, pointwise
from mlplatform.features.catalog.quantities import is_above, ratio
from mlplatform.features.graph import Feature

_ROW = pl.int_range(pl.len())


def trend_regime(strong_adx: float = 25.0) -> Feature:
    """+1 in a strong up-trend, -1 in a strong down-trend, else 0.

    Strong is an ADX 14 of at least 25 (Wilder 1978, New Concepts in Technical Trading Systems);
    the direction is that of the EMA 20 to the EMA 50.
    """
    inputs = ("adx14", "ema20", "ema50")

    def regime(adx: Any, fast: Any, slow: Any) -> Any:
        is_strong = 1 - is_above(strong_adx, adx)
        return is_strong * is_above(fast, slow) - is_strong * is_above(slow, fast)

    return Feature(
        "trend_regime",
        inputs,
        0,
        pointwise(regime, *inputs),
        "strong up-trend +1, strong down-trend -1, else 0",
        is_signed=True,
        params={"strong_adx": strong_adx},
    )


def range_width(span_bars: int) -> Feature:
    """Height of the range of the bars before this one, ATR."""
    high, low = f"range_high{span_bars}", f"range_low{span_bars}"
    return Feature(
        f"range_width{span_bars}_atr",
        (high, low, "atr14"),
        0,
        gap_per_atr(high, low),
        f"height of the range of the {span_bars} bars before",
        unit="atr",
    )


def range_contraction(short_bars: int, long_bars: int) -> Feature:
    """Height of the short range per that of the long one that holds it: 0 to 1, small is tight."""
    short = pl.col(f"range_high{short_bars}") - pl.col(f"range_low{short_bars}")
    high, low = pl.col("high").shift(1), pl.col("low").shift(1)
    long = high.rolling_max(long_bars) - low.rolling_min(long_bars)
    return Feature(
        "range_contraction",
        (f"range_high{short_bars}", f"range_low{short_bars}", "high", "low"),
        long_bars + 1,
        expression(ratio(short, long)),
        f"height of the range of {short_bars} bars per that of {long_bars} bars",
        params={"short_bars": short_bars, "long_bars": long_bars},
    )


def choppiness(span_bars: int) -> Feature:
    """Choppiness index: near 100 in a range, near 0 in a trend (E. W. Dreiss, 1993).

    100 * log10(sum of true ranges / (highest high - lowest low)) / log10(span); null where price
    stood still.
    """
    height = pl.col("high").rolling_max(span_bars) - pl.col("low").rolling_min(span_bars)
    path = pl.col("true_range").rolling_sum(span_bars)
    return Feature(
        f"choppiness{span_bars}",
        ("true_range", "high", "low"),
        span_bars,
        expression(100 * ratio(path, height).log(10) / math.log10(span_bars)),
        f"choppiness index of {span_bars} bars, 0 to 100",
        params={"span_bars": span_bars},
    )


def structure_break(within_bars: int) -> Feature:
    """Last break of structure, fading: +1 on the bar that closes above the last swing high.

    -1 where it closes below the last swing low; then linearly to 0 over `within_bars`. Zero: no
    break in that time; null where neither swing is known.
    """
    high, low, close = pl.col("swing_high"), pl.col("swing_low"), pl.col("close")
    broke_up = (close > high) & (close.shift(1) <= high)
    broke_down = (close < low) & (close.shift(1) >= low)
    event = pl.when(broke_up).then(1.0).when(broke_down).then(-1.0)
    at = pl.when(event.is_not_null()).then(_ROW).forward_fill(limit=within_bars - 1)
    fading = event.forward_fill(limit=within_bars - 1) * (1 - (_ROW - at) / within_bars)
    known = high.is_not_null() | low.is_not_null()
    return Feature(
        "structure_break",
        ("close", "swing_high", "swing_low"),
        within_bars,
        expression(pl.when(known).then(fading.fill_null(0.0))),
        f"break of the last swing within {within_bars} bars, fading from +-1",
        is_signed=True,
        params={"within_bars": within_bars},
    )


CORE = (
    trend_regime(),
    range_width(20),
    range_contraction(20, 100),
    choppiness(14),
    structure_break(50),
)
"""Those of the core set."""
