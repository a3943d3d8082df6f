"""Mean reversion: an exaggeration outside of a strong trend is taken back."""

import polars as pl

from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import Side, setup_of_both_sides


def mean_reversion(rsi_extreme: float = 20.0, max_adx: float = 25.0) -> Setup:
    """A bar closes below the lower Bollinger band (20, 2) with an RSI 14 at least `rsi_extreme`
    below its middle; the next one, in regular hours, closes back inside and still below the
    bands' middle, where the ADX 14 is below `max_adx`; mirrored for shorts.

    Without a strong trend, what left the bands returns to their middle; with one it walks along
    them, and the bounce is none.
    """

    def rule(side: Side) -> pl.Expr:
        lower = side.seen("bollinger_lower20", "bollinger_upper20")
        upper = side.seen("bollinger_upper20", "bollinger_lower20")
        extreme = (side.close < lower) & (side.seen("rsi14") <= -rsi_extreme)
        inside = (side.close >= lower) & (2 * side.close < lower + upper)
        return extreme.shift(1) & inside & (pl.col("adx14") < max_adx)

    return setup_of_both_sides(
        "mean_reversion",
        "a close beyond the Bollinger bands at an RSI extreme is taken back, without a trend",
        rule,
        {"rsi_extreme": rsi_extreme, "max_adx": max_adx},
    )
