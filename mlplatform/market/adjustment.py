"""Continuous prices as a view: the gaps of the rolls taken out, the oldest contract unchanged."""

from typing import Literal

import polars as pl

_PRICES = ("open", "high", "low", "close")


def adjusted(
    bars: pl.DataFrame, rolls: pl.DataFrame, how: Literal["difference", "ratio"]
) -> pl.DataFrame:
    """Front-month bars whose prices continue those of the oldest contract; the rest unchanged.

    `bars` are sorted by ts; `rolls` is the roll table of their whole span, periods one below the
    other. With "difference" the gaps of all rolls so far are subtracted (points keep their size),
    with "ratio" prices are divided by their product (returns keep theirs). Anchored at the oldest
    contract: a later roll changes no earlier row. Adjusted prices are no prices at which one could
    have traded; levels and fills use the unadjusted ones.
    """
    gaps = rolls.drop_nulls("previous").sort("session_date")
    if how == "difference":
        so_far, adjust = pl.col("gap_points").cum_sum(), pl.col(_PRICES) - pl.col("gap")
    else:
        so_far, adjust = pl.col("gap_ratio").cum_prod(), pl.col(_PRICES) / pl.col("gap")
    steps = gaps.select("session_date", gap=so_far)
    none_yet = 0.0 if how == "difference" else 1.0
    return (
        bars.join_asof(steps, on="session_date", strategy="backward")
        .with_columns(pl.col("gap").fill_null(none_yet))
        .with_columns(adjust)
        .drop("gap")
    )
