"""Opening-range-breakout retest: the range breaks, its edge is tested again and holds."""

import polars as pl

from mlplatform.setups.retests import is_first_return
from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import Side, setup_of_both_sides


def orb_retest(near_atr: float = 0.25, away_atr: float = 0.5) -> Setup:
    """After the first 30 regular minutes a close leaves their range by `away_atr`; later a bar
    comes back within `near_atr` of the broken edge and closes beyond it; mirrored for shorts.

    A retest counts once: price must leave by `away_atr` again before the next.
    """

    def rule(side: Side) -> pl.Expr:
        edge, atr = side.seen("opening_range_high", "opening_range_low"), pl.col("atr14")
        beyond, deepest = (side.close - edge) / atr, (side.low - edge) / atr
        return is_first_return(beyond, deepest, near_atr, away_atr)

    return setup_of_both_sides(
        "orb_retest",
        "the broken edge of the opening range is tested again and holds",
        rule,
        {"near_atr": near_atr, "away_atr": away_atr},
    )
