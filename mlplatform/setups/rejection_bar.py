"""Rejection bar: a known level is tried, and left behind as a long wick."""

import polars as pl

from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import Side, entry_of_both_sides, setup_of_both_sides

LEVELS = (
    ("previous_low", "previous_high"),
    ("previous_rth_low", "previous_rth_high"),
    ("previous_week_low", "previous_week_high"),
    ("swing_low", "swing_high"),
)
"""Where others wait: support, and its mirror image."""


def rejection_bar(
    min_wick_frac: float = 0.6,
    min_range_atr: float = 0.75,
    near_atr: float = 0.125,
    retrace_frac: float = 0.25,
    expiry_bars: int = 3,
) -> Setup:
    """In regular hours a bar of at least `min_range_atr` reaches within `near_atr` of, or through,
    the low of the previous day, its regular session or the previous week, or the last confirmed
    swing low, keeps its body above it, and has a lower wick of at least `min_wick_frac` of its
    range; mirrored for shorts.

    After such a bar the close is far from the level that protects the trade. The entry is a limit
    order `retrace_frac` of the range below the close, given up after `expiry_bars`: who cannot
    have the better price leaves the trade.
    """

    def rule(side: Side) -> pl.Expr:
        width, body = side.high - side.low, pl.min_horizontal(side.open, side.close)
        reach = side.low - near_atr * pl.col("atr14")
        levels = [side.seen(*names) for names in LEVELS]
        at_level = pl.any_horizontal((reach <= level) & (body > level) for level in levels)
        has_wick = body - side.low >= min_wick_frac * width
        return at_level & has_wick & (width >= min_range_atr * pl.col("atr14"))

    return setup_of_both_sides(
        "rejection_bar",
        "a long wick at the high or low of the previous day, session, week or swing",
        rule,
        {
            "min_wick_frac": min_wick_frac,
            "min_range_atr": min_range_atr,
            "near_atr": near_atr,
            "retrace_frac": retrace_frac,
            "expiry_bars": expiry_bars,
        },
        entry_of_both_sides(
            "limit",
            lambda side: side.close - retrace_frac * (side.high - side.low),
            expiry_bars,
        ),
    )
