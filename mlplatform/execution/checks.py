"""What orders must fulfil before anything is simulated; every refusal names the row."""

import numpy as np

from mlplatform.domain.errors import InputError
from mlplatform.execution.bars import BarArrays
from mlplatform.execution.codes import MAX_TARGETS, FillPolicy, OrderKind
from mlplatform.execution.orders import Column, Orders
from mlplatform.execution.rules import Rules


def check_run(
    bars: BarArrays, orders: Orders, rules: Rules, finer: BarArrays | None = None
) -> None:
    """Raise InputError that names the first order that cannot be simulated on these bars."""
    if not len(bars):
        raise InputError("There are no bars to simulate on.")
    if rules.fill_policy is FillPolicy.QUOTE_CLOSE:
        _check_quotes(bars)
        if finer is not None:
            _check_quotes(finer)
    if len(orders):
        _check_terms(orders)
        if orders.bar.min() < 0 or orders.bar.max() >= len(bars):
            outside = (orders.bar < 0) | (orders.bar >= len(bars))
            _refuse(outside, "is decided on a bar outside the data", orders.bar)
        if rules.slippage_atr_frac > 0:
            check_atr(bars, int(orders.bar.min()))
        needs_atr = np.isfinite(orders.column("trail_atr"))
        if needs_atr.any():
            known = np.zeros(len(bars), bool)
            if bars.atr_points is not None:
                known = np.isfinite(bars.atr_points)
            _refuse(needs_atr & ~known[orders.bar], "needs atr_points of its decision bar")


def check_atr(bars: BarArrays, first: int) -> None:
    """Raise InputError where a bar from `first` on has no ATR, which the slippage needs."""
    known = np.zeros(len(bars), bool) if bars.atr_points is None else np.isfinite(bars.atr_points)
    if not known[first:].all():
        row = first + int(np.argmin(known[first:]))
        raise InputError(f"Bars: row {row} has no atr_points, which slippage_atr_frac needs.")


def _check_quotes(bars: BarArrays) -> None:
    if bars.bid is None or bars.ask is None:
        raise InputError("The fill policy quote_close needs bars with bid and ask.")
    good = np.isfinite(bars.bid) & np.isfinite(bars.ask)  # real quotes do cross at times
    if not good.all():
        raise InputError(f"Bars: row {int(np.argmin(good))} has no bid or no ask.")


def _check_terms(orders: Orders) -> None:
    kind, side = orders.kind, orders.side
    _refuse((kind < min(OrderKind)) | (kind > max(OrderKind)), "has an unknown kind", kind)
    enters = kind != OrderKind.EXIT
    _refuse(enters & (side * side != 1), "needs a side of +1 or -1, not", side)
    _refuse(enters & (orders.quantity < 1), "needs a quantity of 1 or more, not", orders.quantity)
    for name in ("expiry_bars", "time_exit_bars"):
        values = getattr(orders, name)
        _refuse(enters & (values < 0), f"has a negative {name}:", values)
    for name in ("stop_points", "trail_points", "trail_atr"):
        values = getattr(orders, name)
        if values.min() > 0:  # the quick way; NaN is not above 0
            continue
        says = f"needs a positive {name}, not"
        if name == "stop_points":
            says = "has its stop on the wrong side of the entry: stop_points must be positive, not"
        _refuse(enters & ~(values > 0), says, values)
    _check_management(orders, enters)
    _check_targets(orders, enters)
    needs_limit = (kind == OrderKind.LIMIT) | (kind == OrderKind.STOP_LIMIT)
    needs_stop = (kind == OrderKind.STOP) | (kind == OrderKind.STOP_LIMIT)
    _refuse(needs_limit & ~np.isfinite(orders.entry_limit), "lacks a finite entry_limit")
    _refuse(needs_stop & ~np.isfinite(orders.entry_stop), "lacks a finite entry_stop")
    if not np.isnan(orders.reference_price).all():
        entry = np.asarray(np.where(needs_limit, orders.entry_limit, orders.entry_stop))
        _check_reference(orders, entry)
    _check_groups(orders)


def _check_management(orders: Orders, enters: Column) -> None:
    trigger, offset = orders.breakeven_trigger_points, orders.breakeven_offset_points
    _refuse(enters & ~(trigger >= 0), "has a breakeven_trigger_points below zero:", trigger)
    _refuse(enters & ~np.isfinite(offset), "has no finite breakeven_offset_points:", offset)
    start = orders.trail_activation_points
    _refuse(enters & ~(start >= 0), "has a trail_activation_points below zero:", start)


def _check_targets(orders: Orders, enters: Column) -> None:
    points, shares = orders.target_points, orders.target_quantity
    if points.shape[1] > MAX_TARGETS:
        raise InputError(f"Orders have {points.shape[1]} targets; {MAX_TARGETS} is the most.")
    if points.shape[1] != shares.shape[1]:
        raise InputError("Orders: target_points and target_quantity differ in their targets.")
    if points.shape[1] == 1 and points.min() > 0 and len(shares) == 1 == len(orders.quantity):
        points = points[:1]
    positive = points[:, 0] > 0
    for k in range(1, points.shape[1]):
        positive &= points[:, k] >= points[:, k - 1]
    _refuse(enters & ~positive, "needs positive target_points, nearest first, not", points)
    fits = (shares.min(axis=1) >= 0) & (shares.sum(axis=1) <= orders.quantity)
    _refuse(enters & ~fits, "has a target_quantity beyond its quantity, or below zero:", shares)


def _check_reference(orders: Orders, entry: Column) -> None:
    reference = orders.reference_price
    _refuse(np.isinf(reference), "has an infinite reference_price")
    distance = orders.side * (entry - reference)
    wrong = distance <= -orders.stop_points
    _refuse(wrong, "has its stop on the wrong side of the entry: reference_price", reference)
    nearest = orders.target_points[:, 0]
    _refuse(distance >= nearest, "has its target on the wrong side of the entry", nearest)


def _check_groups(orders: Orders) -> None:
    if (orders.oco_group < 0).all():
        return
    rows = np.flatnonzero(orders.column("oco_group") >= 0)
    groups = orders.column("oco_group")[rows]
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    other = orders.bar[rows] != orders.bar[rows][first[index]]
    if other.any():
        raise InputError(
            f"Order row {rows[np.argmax(other)]}: its oco_group is decided on several bars."
        )


def _refuse(wrong: Column, says: str, values: Column | None = None) -> None:
    """Raise for the first row that is wrong; columns of one row speak for all (row 0)."""
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    shown = ""
    if values is not None:
        shown = f" {values[row if len(values) > 1 else 0]}"
    raise InputError(f"Order row {row} {says}{shown}.")
