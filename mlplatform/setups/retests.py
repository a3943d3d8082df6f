"""Price leaves a level, and is back at it for the first time."""

import polars as pl


def is_first_return(close_beyond: pl.Expr, deepest: pl.Expr, near: float, away: float) -> pl.Expr:
    """Whether this bar is the first back at a level since price was last away from it, and holds.

    `close_beyond` and `deepest` are how far close and adverse extreme lie beyond the level, in one
    unit with `near` and `away`. A return counts once: price must leave by `away` again.
    """
    # +1 where price is away, -1 where it came back to the level: the last of them before this bar.
    event = pl.when(close_beyond > away).then(1).when(deepest <= near).then(-1)
    was_away = event.shift(1).forward_fill() == 1
    return was_away & (deepest <= near) & (close_beyond > 0)
