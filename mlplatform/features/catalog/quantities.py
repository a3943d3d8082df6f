"""What arithmetic on one row may use beside operators: of columns in a batch, of a number in live.

Null is NaN among numbers, and a condition on it does not hold. Each of these gives on a number what
Polars gives on a column that holds it; so a formula is written once.
"""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

_MINUTE = timedelta(minutes=1)


def ratio(above: Any, below: Any) -> Any:
    """A quotient that is no finite number where what divides is not above zero.

    The engine gives null there; as part of a formula that asks for null take `ratio_or_null`.
    """
    # What divides is written once: live features cost what planning their expressions costs.
    return above / below.clip(0.0)


def ratio_or_null(above: Any, below: Any) -> Any:
    """A quotient that is null where what divides is not above zero."""
    return above / given(below > 0, below)


def place_between(value: Any, low: Any, high: Any) -> Any:
    """Where a value lies: -1 at the low, +1 at the high; no finite number where they are equal."""
    return ratio(2 * value - high - low, high - low)


def given(condition: Any, value: Any) -> Any:
    """The value where the condition holds, else null."""
    if isinstance(condition, pl.Expr):
        return pl.when(condition).then(value)
    return value if condition else np.nan


def is_known(value: Any) -> Any:
    """Whether the value is not null."""
    return value.is_not_null() if isinstance(value, pl.Expr) else not np.isnan(value)


def known_or(value: Any, other: Any) -> Any:
    """The value, or another where it is null."""
    if isinstance(value, pl.Expr):
        return value.fill_null(other)
    return other if np.isnan(value) else value


def is_above(value: Any, limit: Any) -> Any:
    """1 where the value is above the limit, else 0; null where either is."""
    above = value > limit
    if isinstance(above, pl.Expr):
        return above.cast(pl.Float64)
    return np.nan if np.isnan(value + limit) else float(above)


def sign(value: Any) -> Any:
    """-1, 0 or +1."""
    return value.sign() if isinstance(value, pl.Expr) else np.sign(value)


def root(value: Any) -> Any:
    """The square root."""
    return value.sqrt() if isinstance(value, pl.Expr) else np.sqrt(value)


def largest(*values: Any) -> Any:
    """The largest of those that are known."""
    return pl.max_horizontal(values) if isinstance(values[0], pl.Expr) else np.fmax.reduce(values)


def smallest(*values: Any) -> Any:
    """The smallest of those that are known."""
    return pl.min_horizontal(values) if isinstance(values[0], pl.Expr) else np.fmin.reduce(values)


def whole_minutes(start: Any, end: Any) -> Any:
    """Whole minutes from one moment to another."""
    span = end - start
    return span.dt.total_minutes() if isinstance(span, pl.Expr) else int(span / _MINUTE)
