"""Opening-range-breakout retest: the range breaks, its edge is tested again and holds."""

import polars as pl

from mlplatform.setups.setup import Setup


def orb_retest(near_atr: float = 0.25, away_atr: float = 0.5) -> Setup:
    """After the first 30 regular minutes a close leaves their range by `away_atr`; later a bar
    comes back within `near_atr` of the broken edge and closes beyond it; mirrored for shorts.

    A retest counts once: price must leave by `away_atr` again before the next.
    """
    close, atr = pl.col("close"), pl.col("atr14")
    top, bottom = pl.col("opening_range_high"), pl.col("opening_range_low")
    above = _retest((close - top) / atr, (pl.col("low") - top) / atr, near_atr, away_atr)
    below = _retest((bottom - close) / atr, (bottom - pl.col("high")) / atr, near_atr, away_atr)
    return Setup(
        "orb_retest",
        "the broken edge of the opening range is tested again and holds",
        (pl.col("session") == "rth") & above,
        (pl.col("session") == "rth") & below,
        {"near_atr": near_atr, "away_atr": away_atr},
    )


def _retest(close_beyond: pl.Expr, deepest: pl.Expr, near_atr: float, away_atr: float) -> pl.Expr:
    """Whether this bar is the first back at the edge since price was last away from it."""
    # +1 where price is away, -1 where it came back to the edge: the last of them before this bar.
    event = pl.when(close_beyond > away_atr).then(1).when(deepest <= near_atr).then(-1)
    was_away = event.shift(1).forward_fill() == 1
    return was_away & (deepest <= near_atr) & (close_beyond > 0)
