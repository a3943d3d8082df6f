"""Trend continuation: a strong trend rests for some quiet bars and goes on."""

import polars as pl

from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import Side, setup_of_both_sides

_PEAK_BARS, _REST_BARS = 10, 3
"""The trend's last high is looked for in the longer span before the signal bar, its rest in the
shorter."""


def trend_continuation(min_depth_atr: float = 0.5, max_depth_atr: float = 2.0) -> Setup:
    """In a strong up-trend (trend regime +1) price came back from the highest high of 10 bars to a
    low of the last 3 by `min_depth_atr` to `max_depth_atr`, above the EMA 20 and on less than mean
    volume; in regular hours a bar then closes above the high of the bar before, which had not done
    so itself; mirrored for shorts.

    Who is late in a strong trend buys small dips; that volume dries up says that nobody sells.
    Without volume there is no signal.
    """

    def rule(side: Side) -> pl.Expr:
        peak = side.high.rolling_max(_PEAK_BARS, min_samples=_REST_BARS + 1).shift(1)
        depth = peak - side.low.rolling_min(_REST_BARS).shift(1)
        atr = pl.col("atr14")
        is_shallow = (depth >= min_depth_atr * atr) & (depth <= max_depth_atr * atr)
        held = (side.low - side.seen("ema20")).rolling_min(_REST_BARS).shift(1) > 0
        is_quiet = pl.col("volume_ratio20").rolling_mean(_REST_BARS).shift(1) < 0
        resumes = side.close > side.high.shift(1)
        is_strong = side.seen("trend_regime") == 1
        rested = (side.high.shift(1) < peak) & ~resumes.shift(1)
        return is_strong & is_shallow & held & is_quiet & rested & resumes

    return setup_of_both_sides(
        "trend_continuation",
        "a strong trend's shallow rest on low volume that ends in the trend's direction",
        rule,
        {"min_depth_atr": min_depth_atr, "max_depth_atr": max_depth_atr},
    )
