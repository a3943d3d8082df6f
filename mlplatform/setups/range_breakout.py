"""Range breakout: a quiet range is left with volume."""

import math

import polars as pl

from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import Side, entry_of_both_sides, setup_of_both_sides


def range_breakout(
    max_width_atr: float = 4.0,
    min_surge: float = 1.5,
    beyond_atr: float = 0.05,
    expiry_bars: int = 3,
) -> Setup:
    """In regular hours a bar closes above the range of the 20 bars before it, which was at most
    `max_width_atr` of the ATR before it wide, on `min_surge` times the mean volume of 20 bars,
    after a bar that had not closed above its own; mirrored for shorts.

    20 bars of a plain random walk span about 4.5 ATR, so the range was a contraction. Many closes
    beyond a range are taken back, so the entry is a stop order `beyond_atr` above the bar's high,
    given up after `expiry_bars`. Without volume there is no signal.
    """

    def rule(side: Side) -> pl.Expr:
        top = side.seen("range_high20", "range_low20")
        bottom = side.seen("range_low20", "range_high20")
        is_fresh = (side.close <= top).shift(1)
        was_quiet = top - bottom <= max_width_atr * pl.col("atr14").shift(1)
        has_volume = pl.col("volume_ratio20") >= math.log(min_surge)
        return (side.close > top) & is_fresh & was_quiet & has_volume

    return setup_of_both_sides(
        "range_breakout",
        "a narrow range of 20 bars is left by a close on high volume, and price goes on",
        rule,
        {
            "max_width_atr": max_width_atr,
            "min_surge": min_surge,
            "beyond_atr": beyond_atr,
            "expiry_bars": expiry_bars,
        },
        entry_of_both_sides(
            "stop", lambda side: side.high + beyond_atr * pl.col("atr14"), expiry_bars
        ),
    )
