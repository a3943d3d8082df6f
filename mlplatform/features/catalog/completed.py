"""What is known of whole trading days or weeks: only of those that are over."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from mlplatform.features.catalog.expressions import DAY
from mlplatform.features.graph import Columns

WEEK = (pl.col("session_date").to_physical() + 3) // 7
"""The calendar week of the trading day, Monday first (1970-01-01 was a Thursday)."""


@dataclass(frozen=True)
class Completed:
    """A compute function: an expression over a table of days (or weeks), as of the one before.

    `of_group` are the table's columns, `value` is an expression over that table. Every bar gets the
    value of the last group before its own; null in the first one.
    """

    group: pl.Expr
    of_group: Mapping[str, pl.Expr]
    value: pl.Expr

    def __call__(self, columns: Columns) -> pl.Series:
        """The value of the completed group before each bar's own."""
        bars = pl.DataFrame(dict(columns)).with_columns(group=self.group.set_sorted())
        if bars.is_empty():
            return pl.Series([], dtype=pl.Float64)
        table = bars.group_by("group", maintain_order=True).agg(**self.of_group)
        return table.select(self.value.shift(1)).to_series().gather(bars["group"].rle_id())


def of_days(value: pl.Expr, **of_day: pl.Expr) -> Completed:
    """A value of the trading days before this one."""
    return Completed(DAY, of_day, value)


def of_weeks(value: pl.Expr, **of_week: pl.Expr) -> Completed:
    """A value of the calendar weeks before this one."""
    return Completed(WEEK, of_week, value)


def extreme(what: str, of: pl.Expr | None = None) -> pl.Expr:
    """A group's high, low or close; only of the bars for which `of` holds, where it is given."""
    price = pl.col(what) if of is None else pl.when(of).then(what)
    if what == "close":
        return price.drop_nulls().last()
    return price.max() if what == "high" else price.min()
