"""Bracket orders as columns: one row per order, with everything that may happen to it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.domain.errors import InputError
from mlplatform.execution.codes import OrderKind

Column = NDArray[Any]
Values = Any
"""A number, a sequence or an array where orders are built; an array of its type afterwards."""


class OrderColumns(NamedTuple):
    """What the compiled step reads. A column has one row per order, or one row for all orders."""

    bar: Column
    side: Column
    quantity: Column
    kind: Column
    entry_limit: Column
    entry_stop: Column
    expiry_bars: Column
    reference_price: Column
    stop_points: Column
    target_points: Column
    target_quantity: Column
    breakeven_trigger_points: Column
    breakeven_offset_points: Column
    trail_points: Column
    trail_atr: Column
    trail_activation_points: Column
    time_exit_bars: Column
    oco_group: Column
    setup: Column


_TYPES: dict[str, Any] = dict.fromkeys(OrderColumns._fields, np.float64) | {
    "bar": np.int32,
    "side": np.int32,
    "quantity": np.int32,
    "kind": np.int32,
    "expiry_bars": np.int32,
    "target_quantity": np.int32,
    "time_exit_bars": np.int32,
    "oco_group": np.int32,
    "setup": np.int32,
}


@dataclass(frozen=True, eq=False)
class Orders:
    """Bracket orders; each column is an array of shape (n_orders,), or one value for all.

    An order is decided at the end of bar `bar` (an index into the bars). Distances are points
    from the entry fill, or from `reference_price` where that is a number; `inf` means none.
    `target_points` may have shape (n_orders, n_targets), at most four, nearest first, with
    `target_quantity` of the same shape; one target takes the whole quantity by default. What the
    targets leave runs on under the stop. `expiry_bars` counts bars after the decision bar, 0 is
    until the session ends; `time_exit_bars` counts bars held, 0 is never. Orders of one
    `oco_group` (0 or more, decided on the same bar) cancel each other at the first entry fill.
    `trail_points` or `trail_atr` (times the bars' `atr_points`) follow the best price, once the
    trade has been ahead by `trail_activation_points`.
    """

    bar: Column
    side: Column
    quantity: Values = 1
    kind: Values = OrderKind.MARKET
    entry_limit: Values = np.nan
    entry_stop: Values = np.nan
    expiry_bars: Values = 0
    reference_price: Values = np.nan
    stop_points: Values = np.inf
    target_points: Values = np.inf
    target_quantity: Values = None
    breakeven_trigger_points: Values = np.inf
    breakeven_offset_points: Values = 0.0
    trail_points: Values = np.inf
    trail_atr: Values = np.inf
    trail_activation_points: Values = 0.0
    time_exit_bars: Values = 0
    oco_group: Values = -1
    setup: Values = 0
    tag: Sequence[str] | pl.Series | None = None
    setup_names: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        if self.target_quantity is None:
            object.__setattr__(self, "target_quantity", _whole(self.quantity, self.target_points))
        for name, dtype in _TYPES.items():
            values = np.atleast_1d(np.asarray(getattr(self, name)))
            if values.dtype != dtype:
                values = _exact(name, values, dtype)
            if name.startswith("target_") and values.ndim == 1:
                values = values[:, None]
            if name != "bar" and len(values) not in (1, len(self)):
                raise InputError(
                    f"Orders: '{name}' has {len(values)} rows for {len(self)} orders: give one row "
                    "each, or one value for all."
                )
            object.__setattr__(self, name, np.ascontiguousarray(values))
        self._check_names()

    def _check_names(self) -> None:
        """A setup without a name, or a tag too many, would read beyond its list."""
        if self.tag is not None and len(self.tag) != len(self):
            raise InputError(f"Orders: {len(self.tag)} tags for {len(self)} orders.")
        if len(self.setup) and not 0 <= self.setup.min() <= self.setup.max() < len(
            self.setup_names
        ):
            wrong = (self.setup < 0) | (self.setup >= len(self.setup_names))
            row = int(np.argmax(wrong))
            raise InputError(f"Order row {row}: setup {self.setup[row]} has no name.")

    @classmethod
    def market(
        cls,
        bar: Values,
        side: Values,
        quantity: Values = 1,
        stop_points: Values = np.inf,
        target_points: Values = np.inf,
        tag: Sequence[str] | pl.Series | None = None,
        **columns: Any,
    ) -> "Orders":
        """Market entries with one stop and one target, distances from the fill in points."""
        return cls(
            np.atleast_1d(np.asarray(bar)),
            np.atleast_1d(np.asarray(side)),
            quantity,
            stop_points=stop_points,
            target_points=target_points,
            tag=tag,
            **columns,
        )

    @classmethod
    def exits(cls, bar: Values, **columns: Any) -> "Orders":
        """Orders that close what is open at market (in mode per_setup: what their setup holds)."""
        rows = np.atleast_1d(np.asarray(bar))
        return cls(rows, np.ones(len(rows), np.int32), kind=OrderKind.EXIT, **columns)

    @classmethod
    def none(cls) -> "Orders":
        """No orders."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int32))

    def __len__(self) -> int:
        return len(self.bar)

    def column(self, name: str) -> Column:
        """One column with one row per order."""
        values: Column = getattr(self, name)
        return np.broadcast_to(values, (len(self), *values.shape[1:]))

    def take(self, rows: Column) -> "Orders":
        """The orders of these row numbers, in that order."""
        picked = {
            name: values if len(values := getattr(self, name)) != len(self) else values[rows]
            for name in _TYPES
        }
        tag = None if self.tag is None else pl.Series(self.tag, dtype=pl.String).gather(rows)
        return Orders(**picked, tag=tag, setup_names=self.setup_names)

    @classmethod
    def concat(cls, parts: Sequence["Orders"]) -> "Orders":
        """All orders of the parts in time order; on one bar, in the order of the parts.

        The parts share their setup names; targets are padded with none.
        """
        width = max(part.column("target_points").shape[1] for part in parts)
        joined = {
            field.name: np.concatenate([_padded(part, field.name, width) for part in parts])
            for field in fields(cls)
            if field.name in _TYPES
        }
        tags = [tag for part in parts for tag in part.tags()]
        whole = cls(**joined, tag=tags, setup_names=max((p.setup_names for p in parts), key=len))
        return whole.take(np.argsort(whole.bar, kind="stable"))

    def tags(self) -> pl.Series:
        """One tag per order; the row number where none was given."""
        if self.tag is None:
            return pl.int_range(len(self), eager=True).cast(pl.String)
        return pl.Series(self.tag, dtype=pl.String)

    def columns(self) -> OrderColumns:
        """The arrays in the order that the compiled step expects."""
        return OrderColumns(*(getattr(self, name) for name in OrderColumns._fields))


def _whole(quantity: Values, target_points: Values) -> Column:
    """The whole quantity at the first target."""
    targets = np.asarray(target_points)
    first = np.atleast_1d(np.asarray(quantity))
    if targets.ndim < 2 or targets.shape[1] == 1:
        return first
    shares = np.zeros((len(first), targets.shape[1]), first.dtype)
    shares[:, 0] = first
    return shares


def _exact(name: str, values: Column, dtype: Any) -> Column:
    """Cast; whole-number columns keep NaN and fractions out."""
    if values.dtype.kind not in "iufb":
        raise InputError(f"Orders: '{name}' holds no numbers.")
    if np.issubdtype(dtype, np.integer):
        fits = np.isfinite(values) & (values == np.trunc(values))
        limits = np.iinfo(dtype)
        fits &= (values >= limits.min) & (values <= limits.max)
        if not fits.all():
            row = int(np.argmin(fits.reshape(len(values), -1).all(axis=1)))
            raise InputError(f"Orders: '{name}' of row {row} is no whole number: {values[row]}.")
    return values.astype(dtype)


def _padded(part: Orders, name: str, width: int) -> Column:
    values = part.column(name)
    if not name.startswith("target_"):
        return values
    empty = np.inf if name == "target_points" else 0
    filler = np.full((len(part), width - values.shape[1]), empty, values.dtype)
    return np.concatenate([values, filler], axis=1)
