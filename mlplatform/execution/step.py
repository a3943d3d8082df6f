"""The one step: what one bar does to the account. Backtest and live trading call `advance`."""

# mypy: disable-error-code="no-any-return"

from typing import Any

from mlplatform.execution.brackets import (
    leave_at_close,
    leave_at_open,
    leave_inside,
    reaches_target,
    touches_bracket_stop,
)
from mlplatform.execution.codes import OPEN, WORKING, FillPolicy
from mlplatform.execution.compiled import compiled
from mlplatform.execution.entries import (
    enter_at_open,
    enter_inside,
    touches_stop,
    trades_through,
)
from mlplatform.execution.limits import accept, cancel_working, judge_session
from mlplatform.execution.prices import bar_at, mark_price, optional, reach

NEXT_OPEN = int(FillPolicy.NEXT_OPEN)


@compiled
def open_session(run: Any, session_id: int) -> None:
    """Start the session's counters anew where a new trading day begins."""
    account = run.account[0]
    if account.session_id != session_id:
        account.session_id = session_id
        account.session_entries = account.session_losses = account.halted = 0
        account.session_start_usd = account.equity_usd


@compiled
def trade_open(run: Any, bar: Any) -> None:
    """What happens at the open: exits first, then entries."""
    slots = run.slots
    for s in range(slots.size):
        if slots[s].status == OPEN:
            leave_at_open(run, slots[s], bar)
    for s in range(slots.size):
        if slots[s].status == WORKING:
            enter_at_open(run, slots[s], bar)


@compiled
def trade_inside(run: Any, bar: Any) -> None:
    """What happens between open and close, slot by slot: entry, then stop before target."""
    slots = run.slots
    for s in range(slots.size):
        if slots[s].status == WORKING:
            enter_inside(run, slots[s], bar)
        if slots[s].status == OPEN:
            leave_inside(run, slots[s], bar)


@compiled
def trade_close(run: Any, bar: Any, flags: int) -> None:
    """Exits at the close, the mark, the session's limits, and entries that may not stay."""
    slots = run.slots
    for s in range(slots.size):
        if slots[s].status == OPEN:
            leave_at_close(run, slots[s], bar, flags)
    mark(run, bar)
    judge_session(run)
    for s in range(slots.size):
        if slots[s].status == WORKING:
            cancel_working(run, slots[s], bar, flags)


@compiled
def is_ambiguous(run: Any, bar: Any) -> bool:
    """Whether the bar alone does not tell what came first for some slot."""
    for s in range(run.slots.size):
        slot = run.slots[s]
        if slot.status == OPEN:
            if touches_bracket_stop(slot, bar) and reaches_target(run, slot, bar):
                return True
        elif slot.status == WORKING and enters_unclearly(run, slot, bar):
            return True
    return False


@compiled
def enters_unclearly(run: Any, slot: Any, bar: Any) -> bool:
    """Whether an entry may fill inside this bar while its stop or target is in reach as well."""
    side = slot.side
    if slot.kind == 1 or slot.triggered:
        price, fills = slot.entry_limit, trades_through(run, slot, bar)
    else:
        price, fills = slot.entry_stop, touches_stop(slot, bar)
    if not fills:
        return False
    if slot.reference_price == slot.reference_price:
        price = slot.reference_price
    if side * (reach(bar, -side) - (price - side * slot.stop_points)) <= 0.0:
        return True
    return slot.targets > 0 and side * (reach(bar, side) - price) >= slot.target_points[0]


@compiled
def trade_through(run: Any, bar: Any, finer: Any, first: int, last: int) -> None:
    """The bar from open to close; on its finer bars where it is ambiguous and they exist."""
    account = run.account[0]
    trade_open(run, bar)
    if is_ambiguous(run, bar):
        account.ambiguous_bars += 1
        if last > first:
            account.resolved_bars += 1
            trade_inside(run, bar_at(finer, first, bar.number))
            for i in range(first + 1, last):
                part = bar_at(finer, i, bar.number)
                trade_open(run, part)
                trade_inside(run, part)
            return
    trade_inside(run, bar)


@compiled
def mark(run: Any, bar: Any) -> None:
    """Mark the account at the close."""
    account, rules = run.account[0], run.rules[0]
    equity = account.cash_usd
    if account.position != 0 or account.active > 0:
        price = mark_price(bar, rules.policy)
        for s in range(run.slots.size):
            slot = run.slots[s]
            if slot.status == OPEN:
                points = slot.side * (price - slot.entry_price)
                equity += points * slot.remaining * rules.multiplier_usd
    account.equity_usd = equity


@compiled
def step(run: Any, bars: Any, i: int, orders: Any, first: int, last: int, finer: Any) -> None:
    """Bar i of the columns, then the orders first..last-1, which are decided at its end."""
    account = run.account[0]
    bar = bar_at(bars, i, account.bar)
    flags = bars.flags[i]
    open_session(run, optional(bars.session_id, i))
    if account.active > 0:
        has_finer = bars.finer_span.size > 1
        begin = bars.finer_span[2 * i] if has_finer else 0
        end = bars.finer_span[2 * i + 1] if has_finer else 0
        trade_through(run, bar, finer, begin, end)
        account.atr_points = optional(bars.atr_points, i)
        trade_close(run, bar, flags)
    account.atr_points = optional(bars.atr_points, i)
    for o in range(first, last):
        accept(run, bar, orders, o, flags)
    if last > first and run.rules[0].policy != NEXT_OPEN:
        mark(run, bar)
        judge_session(run)
    account.peak_usd = max(account.peak_usd, account.equity_usd)
    account.drawdown_usd = max(account.drawdown_usd, account.peak_usd - account.equity_usd)
    if i < run.equity_usd.size:
        run.equity_usd[i] = account.equity_usd
        run.position[i] = account.position
    account.bar += 1


@compiled
def advance(run: Any, bars: Any, finer: Any, orders: Any, order: int) -> int:
    """Step over all bars of the columns; orders from row `order` on, by their bar index.

    Gives the first row that was not reached.
    """
    account, n_orders = run.account[0], orders.bar.size
    for i in range(bars.open.size):
        last = order
        while last < n_orders and orders.bar[last] == account.bar:
            last += 1
        step(run, bars, i, orders, order, last, finer)
        order = last
    return order
