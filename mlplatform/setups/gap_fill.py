"""Gap fill: the regular session opens away from the last one's close, and turns back to it."""

import polars as pl

from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import IS_RTH, Side, setup_of_both_sides


def gap_fill(
    min_gap_frac: float = 0.1, max_gap_frac: float = 0.6, window_minutes: int = 90
) -> Setup:
    """Regular hours open below the previous regular close by `min_gap_frac` to `max_gap_frac` of
    the previous day's range; within `window_minutes` of the open, after a regular bar that closed
    at or below the opening price, the day's first bar closes above it again, and no regular bar
    has reached the previous close yet; mirrored for shorts.

    A small gap without news is filled more often than not; a very large one has a reason.
    """

    def rule(side: Side) -> pl.Expr:
        start, goal = side.seen("rth_open"), side.seen("previous_rth_close")
        gap_frac = (goal - start) / (pl.col("previous_high") - pl.col("previous_low"))
        turns = IS_RTH & (side.close > start) & (IS_RTH & (side.close <= start)).shift(1)
        is_first = turns.fill_null(value=False).cum_sum() == 1
        is_open = pl.when(IS_RTH).then(side.high).cum_max() < goal
        is_early = pl.col("minutes_since_rth_open") < window_minutes
        fits = (gap_frac >= min_gap_frac) & (gap_frac <= max_gap_frac)
        return turns & is_first & is_open & is_early & fits

    return setup_of_both_sides(
        "gap_fill",
        "an open away from the previous regular close, when price turns back towards it",
        rule,
        {
            "min_gap_frac": min_gap_frac,
            "max_gap_frac": max_gap_frac,
            "window_minutes": window_minutes,
        },
    )
