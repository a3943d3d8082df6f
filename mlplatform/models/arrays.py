"""The array types of the room, and the checks at its door."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlplatform.models.errors import NotTrainable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Features (n, F) and target (n,), row by row; a missing feature is NaN."""

    x: FloatArray
    y: FloatArray

    def take(self, index: npt.NDArray[Any]) -> "Rows":
        """These rows only."""
        return Rows(self.x[index], self.y[index])


@dataclass(frozen=True)
class Columns:
    """Which of the given feature columns a model reads, and why it leaves the others out."""

    names: tuple[str, ...]
    kept: tuple[int, ...]
    dropped: tuple[tuple[str, str], ...]

    def select(self, x: FloatArray) -> FloatArray:
        """The kept columns of x (n, F), contiguous; ValueError for another shape or infinities."""
        x = as_matrix(x, len(self.names))
        if not self.dropped:
            return x
        return np.ascontiguousarray(x[:, self.kept])


def as_matrix(x: FloatArray, width: int) -> FloatArray:
    """x as a contiguous float64 matrix of that width, without infinities."""
    x = np.ascontiguousarray(x, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != width:
        raise ValueError(f"features must be (n, {width}), not {x.shape}")
    if np.isinf(x).any():
        raise ValueError("features hold infinite values")
    return x


def usable_columns(x: FloatArray, names: Sequence[str]) -> Columns:
    """Leave out columns that are all null or constant on these training rows.

    Raises NotTrainable where none is left, ValueError where names and columns do not match.
    """
    if len(set(names)) != len(names):
        raise ValueError("feature names repeat")
    x = as_matrix(x, len(names))
    kept: list[int] = []
    dropped: list[tuple[str, str]] = []
    for column, name in enumerate(names):
        known = x[~np.isnan(x[:, column]), column]
        if not len(known):
            dropped.append((name, "all null"))
        elif len(known) == len(x) and known.min() == known.max():
            dropped.append((name, "constant"))
        else:
            kept.append(column)
    if not kept:
        raise NotTrainable(f"all {len(names)} features are constant or null on the training rows")
    return Columns(tuple(names), tuple(kept), tuple(dropped))


def require_rows(rows: int, least: int, what: str) -> None:
    """Raise NotTrainable where there are fewer rows than that."""
    if rows < least:
        raise NotTrainable(f"{rows} {what}, at least {least} are needed")


def require_classes(is_win: npt.NDArray[Any], least: int, where: str) -> None:
    """Raise NotTrainable where winners, or losers, of 0/1 outcomes are fewer than that."""
    wins = int(is_win.sum())
    for count, what in ((wins, "winners"), (len(is_win) - wins, "losers")):
        require_rows(count, least, f"{what} among the {where}")


def evenly(index: IntArray, most: int) -> IntArray:
    """At most so many of these row numbers, spread evenly over them, in order."""
    if len(index) <= most:
        return index
    return index[np.linspace(0, len(index) - 1, most).round().astype(np.int64)]
