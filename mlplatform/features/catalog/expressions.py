"""How a feature's arithmetic is written: a Polars expression, or a TA-Lib call."""

import polars as pl

from mlplatform.features.arithmetic import Expression, Indicator

DAY = pl.col("session_date").set_sorted()
"""The trading day as a group: bars are in order, and groups in order are cheap."""


def expression(expr: pl.Expr) -> Expression:
    """A compute function from an expression over the declared inputs."""
    return Expression(expr)


def indicator(function: str, *inputs: str, output: int | None = None, **params: float) -> Indicator:
    """A compute function from a TA-Lib indicator; see `Indicator`."""
    return Indicator(function, inputs, output, params)


def ratio(above: pl.Expr, below: pl.Expr) -> pl.Expr:
    """A quotient that is no finite number where what divides is not above zero.

    The engine gives null there; as part of a formula that asks for null take `ratio_or_null`.
    """
    # What divides is written once: live features cost what planning their expressions costs.
    return above / below.clip(lower_bound=0.0)


def ratio_or_null(above: pl.Expr, below: pl.Expr) -> pl.Expr:
    """A quotient that is null where what divides is not above zero."""
    return above / pl.when(below > 0).then(below)


def atr_units(distance: pl.Expr) -> pl.Expr:
    """A distance in points, in units of the current ATR 14; null where that is zero."""
    # No question whether it is zero: the engine gives null for what is no finite number.
    return distance / pl.col("atr14")


def per_atr(distance: pl.Expr) -> Expression:
    """A compute function of a distance in points, in units of the current ATR 14."""
    return expression(atr_units(distance))
