"""How a feature's arithmetic is written: a Polars expression, or a TA-Lib call."""

from collections.abc import Callable
from typing import Any

import polars as pl

from mlplatform.features.arithmetic import Expression, Indicator, Pointwise

DAY = pl.col("session_date").set_sorted()
"""The trading day as a group: bars are in order, and groups in order are cheap."""


def expression(expr: pl.Expr) -> Expression:
    """A compute function from an expression over the declared inputs."""
    return Expression(expr)


def pointwise(function: Callable[..., Any], *inputs: str) -> Pointwise:
    """A compute function from arithmetic on the values of one row; see `Pointwise`."""
    return Pointwise(function(*map(pl.col, inputs)), function, inputs)


def indicator(function: str, *inputs: str, output: int | None = None, **params: float) -> Indicator:
    """A compute function from a TA-Lib indicator; see `Indicator`."""
    return Indicator(function, inputs, output, params)


def atr_units(distance: pl.Expr) -> pl.Expr:
    """A distance in points, in units of the current ATR 14; null where that is zero."""
    # No question whether it is zero: the engine gives null for what is no finite number.
    return distance / pl.col("atr14")


def per_atr(distance: pl.Expr) -> Expression:
    """A compute function of a distance in points, in units of the current ATR 14."""
    return expression(atr_units(distance))


def gap_per_atr(above: str, below: str) -> Pointwise:
    """A compute function: one price above another, in units of the current ATR 14."""
    return pointwise(lambda a, b, atr: (a - b) / atr, above, below, "atr14")


def points_per_atr(points: str) -> Pointwise:
    """A compute function: a number of points, in units of the current ATR 14."""
    return pointwise(lambda distance, atr: distance / atr, points, "atr14")
