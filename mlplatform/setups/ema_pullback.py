"""EMA pullback: in a trend, price comes back to its fast average and turns."""

import polars as pl

from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import Side, setup_of_both_sides


def ema_pullback(min_spread_atr: float = 0.25) -> Setup:
    """In an up-trend (EMA 20 above EMA 50 by `min_spread_atr`) in regular hours, a bar dips to
    the EMA 20 and closes back above it, after a bar that held above it; mirrored for shorts.
    """

    def rule(side: Side) -> pl.Expr:
        ema = side.seen("ema20")
        held_above = (side.low > ema).shift(1)
        in_trend = side.seen("ema_spread_atr") > min_spread_atr
        return in_trend & held_above & (side.low <= ema) & (side.close > ema)

    return setup_of_both_sides(
        "ema_pullback",
        "a trend's dip to the EMA 20 that closes back on the trend's side",
        rule,
        {"min_spread_atr": min_spread_atr},
    )
