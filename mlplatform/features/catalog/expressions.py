"""How a feature's arithmetic is written: a Polars expression, or a TA-Lib call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from mlplatform.features.graph import Columns

Compute = Callable[[Columns], pl.Series]

DAY = pl.col("session_date").set_sorted()
"""The trading day as a group: bars are in order, and groups in order are cheap."""


@dataclass(frozen=True)
class Expression:
    """A compute function that is one expression over the declared inputs."""

    expr: pl.Expr

    def __call__(self, columns: Columns) -> pl.Series:
        """The expression over these columns."""
        return pl.DataFrame(dict(columns)).select(self.expr).to_series()


@dataclass(frozen=True)
class Indicator:
    """A compute function that is one call of TA-Lib; NaN warm-up becomes null.

    A segment shorter than the indicator's needs gives nulls. `output` picks one of several.
    """

    function: str
    inputs: tuple[str, ...]
    output: int | None = None
    params: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, columns: Columns) -> pl.Series:
        """The indicator of these columns, null while it warms up."""
        import talib  # compiled library, slow to import

        arrays = [np.ascontiguousarray(columns[i].cast(pl.Float64).to_numpy()) for i in self.inputs]
        result: Any = getattr(talib, self.function)(*arrays, **self.params)
        column = pl.Series(result if self.output is None else result[self.output])
        return column.fill_nan(None)


def expression(expr: pl.Expr) -> Expression:
    """A compute function from an expression over the declared inputs."""
    return Expression(expr)


def indicator(function: str, *inputs: str, output: int | None = None, **params: float) -> Indicator:
    """A compute function from a TA-Lib indicator; see `Indicator`."""
    return Indicator(function, inputs, output, params)


def ratio(above: pl.Expr, below: pl.Expr) -> pl.Expr:
    """A quotient that is null where what divides is not above zero."""
    return above / pl.when(below > 0).then(below)


def atr_units(distance: pl.Expr) -> pl.Expr:
    """A distance in points, in units of the current ATR 14; null where that is zero."""
    return ratio(distance, pl.col("atr14"))


def per_atr(distance: pl.Expr) -> Expression:
    """A compute function of a distance in points, in units of the current ATR 14."""
    return expression(atr_units(distance))
