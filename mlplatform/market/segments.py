"""Where history breaks: rolls from one contract to the next."""

import polars as pl


def contract_segment() -> pl.Expr:
    """A number that rises by one at each contract change; no bar difference may cross it."""
    changed = pl.col("contract") != pl.col("contract").shift(1)
    return changed.fill_null(value=False).cum_sum().cast(pl.Int32).alias("segment")
