"""The phases of a bar: open, inside, close."""

# mypy: disable-error-code="no-any-return"

from typing import Any

from mlplatform.execution.brackets import (
    leave_at_close,
    leave_at_open,
    leave_inside,
    reaches_target,
    touches_bracket_stop,
)
from mlplatform.execution.codes import OPEN, WORKING, OrderKind
from mlplatform.execution.compiled import compiled, inlined
from mlplatform.execution.entries import (
    enter_at_open,
    enter_inside,
    fills_when_triggered,
    touches_stop,
    trades_through,
)
from mlplatform.execution.limits import cancel_working, judge_session
from mlplatform.execution.memory import whole
from mlplatform.execution.prices import bar_at, mark_price, reach

LIMIT, STOP_LIMIT = int(OrderKind.LIMIT), int(OrderKind.STOP_LIMIT)


@inlined
def open_session(run: Any, session_id: int) -> None:
    """Start the session's counters anew where a new trading day begins."""
    account = run.state
    if account.session_id != session_id:
        account.session_id = session_id
        account.session_entries = account.session_losses = account.halted = 0
        account.session_start_usd = account.equity_usd


@compiled
def trade_open(run: Any, bar: Any) -> None:
    """What happens at the open: exits first, then entries."""
    slots = run.state.slots
    for s in range(run.state.slot_count):
        if slots[s].status == OPEN:
            leave_at_open(run, slots[s], bar)
    for s in range(run.state.slot_count):
        if slots[s].status == WORKING:
            enter_at_open(run, slots[s], bar)


@compiled
def trade_inside(run: Any, bar: Any) -> None:
    """What happens between open and close, slot by slot: entry, then stop before target."""
    slots = run.state.slots
    for s in range(run.state.slot_count):
        if slots[s].status == WORKING:
            enter_inside(run, slots[s], bar)
        if slots[s].status == OPEN:
            leave_inside(run, slots[s], bar)


@compiled
def trade_close(run: Any, bar: Any, flags: int) -> None:
    """Exits at the close, the mark, the session's limits, and entries that may not stay."""
    slots = run.state.slots
    for s in range(run.state.slot_count):
        if slots[s].status == OPEN:
            leave_at_close(run, slots[s], bar, flags)
    mark(run, bar)
    judge_session(run)
    for s in range(run.state.slot_count):
        if slots[s].status == WORKING:
            cancel_working(run, slots[s], bar, flags)


@compiled
def is_ambiguous(run: Any, bar: Any) -> bool:
    """Whether the bar alone does not tell what came first for some slot."""
    for s in range(run.state.slot_count):
        slot = run.state.slots[s]
        if slot.status == OPEN:
            if touches_bracket_stop(slot, bar) and reaches_target(run, slot, bar):
                return True
        elif slot.status == WORKING and enters_unclearly(run, slot, bar):
            return True
    return False


@compiled
def enters_unclearly(run: Any, slot: Any, bar: Any) -> bool:
    """Whether an entry would fill inside this bar while its stop or target is in reach as well."""
    side, through = slot.side, run.rules.through_points
    if slot.kind == LIMIT or slot.triggered:
        price, fills = slot.entry_limit, trades_through(run, slot, bar)
    else:
        price, fills = slot.entry_stop, touches_stop(slot, bar)
        if slot.kind == STOP_LIMIT:
            fills = fills and fills_when_triggered(run, slot)
    if not fills:
        return False
    if slot.reference_price == slot.reference_price:
        price = slot.reference_price
    if side * (reach(bar, -side) - (price - side * slot.stop_points)) <= 0.0:
        return True
    needed = price + side * slot.target_points[0] + side * through
    return slot.targets > 0 and side * (reach(bar, side) - needed) >= 0.0


@inlined
def mark(run: Any, bar: Any) -> None:
    """Mark the account at the close."""
    account, rules = run.state, run.rules
    equity = account.cash_usd
    if account.position != 0 or account.active > 0:
        price = mark_price(run, bar)
        for s in range(run.state.slot_count):
            slot = run.state.slots[s]
            if slot.status == OPEN:
                points = slot.side * (price - slot.entry_price)
                equity += points * slot.remaining * rules.multiplier_usd
    account.equity_usd = equity


@compiled
def trade_through(run: Any, i: int, bar: Any) -> None:
    """The bar from open to close; on its finer bars where it is ambiguous and they exist."""
    state, bars = run.state, run.bars
    trade_open(run, bar)
    first = last = 0
    if is_ambiguous(run, bar):
        state.ambiguous_bars += 1
        if bars.has_finer:
            first, last = whole(bars.finer_begin, i), whole(bars.finer_end, i)
    if last <= first:
        trade_inside(run, bar)
        return
    state.resolved_bars += 1
    trade_inside(run, bar_at(run.finer, first, bar.number, True))
    for k in range(first + 1, last):
        part = bar_at(run.finer, k, bar.number, True)
        trade_open(run, part)
        trade_inside(run, part)
