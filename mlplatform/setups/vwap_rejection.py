"""VWAP rejection: price comes back to the session's average price and is turned away."""

import polars as pl

from mlplatform.setups.retests import is_first_return
from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import Side, setup_of_both_sides


def vwap_rejection(
    near_atr: float = 0.125, away_atr: float = 1.0, min_close_frac: float = 0.5
) -> Setup:
    """A close above the session's VWAP by `away_atr`; later a bar in regular hours comes back
    within `near_atr` of it, closes above it, and leaves more than `min_close_frac` of its range
    below its close; mirrored for shorts.

    The session's buyers are on average in profit and defend their price. A return counts once.
    Without volume there is no VWAP and no signal.
    """

    def rule(side: Side) -> pl.Expr:
        vwap, atr = side.seen("session_vwap"), pl.col("atr14")
        beyond, deepest = (side.close - vwap) / atr, (side.low - vwap) / atr
        turned = side.close - side.low > min_close_frac * (side.high - side.low)
        return is_first_return(beyond, deepest, near_atr, away_atr) & turned

    return setup_of_both_sides(
        "vwap_rejection",
        "a return to the session's VWAP that is turned away on the side it came from",
        rule,
        {"near_atr": near_atr, "away_atr": away_atr, "min_close_frac": min_close_frac},
    )
