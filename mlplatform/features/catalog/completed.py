"""What is known of whole trading days or weeks: only of those that are over."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import polars as pl

from mlplatform.features.arithmetic import Columns, Gatherable, Together
from mlplatform.features.catalog.expressions import DAY

WEEK = (pl.col("session_date").to_physical() + 3) // 7
"""The calendar week of the trading day, Monday first (1970-01-01 was a Thursday)."""


@dataclass(frozen=True)
class Completed(Gatherable):
    """A compute function: an expression over a table of days (or weeks), as of the one before.

    `of_group` are the table's columns, `value` is an expression over that table. Every bar gets the
    value of the last group before its own; null in the first one. All values of one kind of group
    share one table.
    """

    stands_still: ClassVar[bool] = True
    group: pl.Expr
    of_group: Mapping[str, pl.Expr]
    value: pl.Expr

    @property
    def key(self) -> Hashable:
        """Days with days, weeks with weeks."""
        return (Completed, self.group.meta.serialize())

    @classmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """One table with the columns of all members, each distinct one once."""
        distinct = {expr.meta.serialize(): expr for m in members for expr in m.of_group.values()}
        name_of = {text: f"={number}" for number, text in enumerate(distinct)}
        of_group = [expr.alias(name_of[text]) for text, expr in distinct.items()]
        group = members[0].group.set_sorted()

        def compute(columns: Columns) -> list[pl.Series]:
            bars = pl.DataFrame(dict(columns)).with_columns(group=group)
            if bars.is_empty():
                return [pl.Series([], dtype=pl.Float64) for _ in members]
            table = bars.group_by("group", maintain_order=True).agg(of_group)
            row = bars["group"].rle_id()
            return [m._of_table(table, name_of).gather(row) for m in members]

        return compute

    def moment(self, bar: Mapping[str, Any]) -> Hashable:
        """The trading day: what is known of those before stays as it is."""
        return (bar["session_date"],)

    def _of_table(self, table: pl.DataFrame, name_of: Mapping[bytes, str]) -> pl.Series:
        """The value of the group before each of the table."""
        own = {name: table[name_of[expr.meta.serialize()]] for name, expr in self.of_group.items()}
        return pl.DataFrame(own).select(self.value.shift(1)).to_series()


def of_days(value: pl.Expr, **of_day: pl.Expr) -> Completed:
    """A value of the trading days before this one."""
    return Completed(DAY, of_day, value)


def of_weeks(value: pl.Expr, **of_week: pl.Expr) -> Completed:
    """A value of the calendar weeks before this one."""
    return Completed(WEEK, of_week, value)


def extreme(what: str, of: pl.Expr | None = None) -> pl.Expr:
    """A group's open, high, low or close; only of bars for which `of` holds, where it is given."""
    price = pl.col(what) if of is None else pl.when(of).then(what)
    of_prices = {
        "open": price.drop_nulls().first(),
        "high": price.max(),
        "low": price.min(),
        "close": price.drop_nulls().last(),
    }
    return of_prices[what]
