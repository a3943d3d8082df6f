"""Figures as report.json holds them: rounded, and null with a reason where there is none."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite

import numpy as np

from mlplatform.metrics.undefined import Metric, Undefined

SIGNIFICANT_DIGITS = 10
"""Figures are rounded to so many digits, so that the last bits of a sum do not show."""


def number(figure: Metric) -> float | int | None:
    """The figure, or None where there is none. Raises ValueError for NaN and infinity."""
    if isinstance(figure, Undefined):
        return None
    if isinstance(figure, int):
        return figure
    if not isfinite(figure):
        raise ValueError("a figure is neither finite nor undefined")
    return float(f"{figure:.{SIGNIFICANT_DIGITS}g}") + 0.0  # + 0.0 turns -0.0 into 0.0


def numbers(figures: Mapping[str, Metric] | Iterable[tuple[str, Metric]]) -> dict[str, object]:
    """Figures by name, and under `reasons` why those that are null do not exist."""
    items = list(figures.items() if isinstance(figures, Mapping) else figures)
    told: dict[str, object] = {name: number(figure) for name, figure in items}
    reasons = {name: figure.reason for name, figure in items if isinstance(figure, Undefined)}
    return told | {"reasons": reasons}


def told(value: object, leave_out: frozenset[str] = frozenset()) -> object:
    """A value of ours in JSON types: dataclasses and mappings as objects, tuples as lists.

    Where a member does not exist it is null, and `reasons` beside it says why. Fields named in
    `leave_out` and arrays are left out: they are drawn, not read.
    """
    if is_dataclass(value) and not isinstance(value, type | Undefined):
        return told({f.name: getattr(value, f.name) for f in fields(value)}, leave_out)
    if isinstance(value, Mapping):
        members = {
            str(name): inner
            for name, inner in value.items()
            if name not in leave_out and not isinstance(inner, np.ndarray)
        }
        reasons = {n: inner.reason for n, inner in members.items() if isinstance(inner, Undefined)}
        whole = {name: told(inner, leave_out) for name, inner in members.items()}
        return whole | ({"reasons": reasons} if reasons else {})
    if isinstance(value, tuple | list):
        return [told(inner, leave_out) for inner in value]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Undefined):
        return number(value)
    raise TypeError(f"a report cannot hold a {type(value).__name__}")
