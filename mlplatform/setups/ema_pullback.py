"""EMA pullback: in a trend, price comes back to its fast average and turns."""

import polars as pl

from mlplatform.setups.setup import Setup


def ema_pullback(min_spread_atr: float = 0.25) -> Setup:
    """In an up-trend (EMA 20 above EMA 50 by `min_spread_atr`) in regular hours, a bar dips to
    the EMA 20 and closes back above it, after a bar that held above it; mirrored for shorts.
    """
    high, low, close = pl.col("high"), pl.col("low"), pl.col("close")
    ema, spread = pl.col("ema20"), pl.col("ema_spread_atr")
    held_above = (low > ema).shift(1)
    held_below = (high < ema).shift(1)
    return Setup(
        "ema_pullback",
        "a trend's dip to the EMA 20 that closes back on the trend's side",
        (pl.col("session") == "rth")
        & (spread > min_spread_atr)
        & held_above
        & (low <= ema)
        & (close > ema),
        (pl.col("session") == "rth")
        & (spread < -min_spread_atr)
        & held_below
        & (high >= ema)
        & (close < ema),
        {"min_spread_atr": min_spread_atr},
    )
