"""How a feature's arithmetic is written: a Polars expression, or a TA-Lib call."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from mlplatform.features.graph import Columns

Compute = Callable[[Columns], pl.Series]


def expression(expr: pl.Expr) -> Compute:
    """A compute function from an expression over the declared inputs."""

    def compute(columns: Columns) -> pl.Series:
        return pl.DataFrame(dict(columns)).select(expr).to_series()

    return compute


def indicator(function: str, *inputs: str, output: int | None = None, **params: float) -> Compute:
    """A compute function from a TA-Lib indicator; NaN warm-up becomes null.

    A segment shorter than the indicator's needs gives nulls. `output` picks one of several.
    """

    def compute(columns: Columns) -> pl.Series:
        import talib  # compiled library, slow to import

        arrays = [np.ascontiguousarray(columns[i].cast(pl.Float64).to_numpy()) for i in inputs]
        result: Any = getattr(talib, function)(*arrays, **params)
        return pl.Series(result if output is None else result[output])

    return compute


def per_atr(distance: pl.Expr) -> Compute:
    """A distance in points, in units of the current ATR 14."""
    return expression(distance / pl.when(pl.col("atr14") > 0).then(pl.col("atr14")))
