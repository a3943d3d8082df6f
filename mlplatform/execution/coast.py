"""The bars on which a lone trade rests: most bars of a backtest, and they decide nothing.

All that follows here is what the phases would do on such a bar: excursions, the mark, the refusal
of orders that find the place taken. It is found sooner, and it stops before the first bar on which
anything else could happen. A session that begins meanwhile starts its counters at the next step:
nothing reads them before.
"""

# mypy: disable-error-code="no-any-return"

from typing import Any

import numpy as np

from mlplatform.execution.codes import OPEN, BarFlag, OrderKind, Outcome
from mlplatform.execution.compiled import inlined
from mlplatform.execution.fills import set_outcome
from mlplatform.execution.memory import number, price, put_number, whole

CALENDAR = int(BarFlag.SESSION_LAST | BarFlag.CONTRACT_LAST)
EXIT, BUSY = int(OrderKind.EXIT), int(Outcome.REFUSED_BUSY)


@inlined
def due_bar(orders: Any, o: int) -> int:
    """The decision bar of order o; -1 after the last."""
    return whole(orders.bar, o) if o < orders.size else -1


@inlined
def lone_slot(run: Any) -> int:
    """The slot of the one open trade, if only its stop and its target can end it; else -1."""
    if run.state.active == 1 and run.rules.is_plain:
        for s in range(run.state.slot_count):
            slot = run.state.slots[s]
            if slot.status == OPEN and slot.is_plain and slot.exit_reason == 0:
                return s
    return -1


@inlined
def refuse_due(run: Any, o: int, known_as: int) -> int:
    """Refuse the orders decided on a bar; gives the next order, or -1 at one that exits."""
    while due_bar(run.orders, o) == known_as:
        if whole(run.orders.kind, o) == EXIT:
            return -1
        set_outcome(run, run.state.first_order + o, BUSY)
        o += 1
    return o


@inlined
def coast(run: Any, i: int, o: int) -> tuple[int, int]:
    """Pass over the bars from row i on which the lone trade rests; gives the next row and order."""
    s = lone_slot(run)
    if s < 0:
        return i, o
    state, bars, slot = run.state, run.bars, run.state.slots[s]
    side, entry, first = slot.side, slot.entry_price, i
    target = slot.target_price[slot.target] if slot.target < slot.targets else side * np.inf
    floor, ceiling = (slot.stop_price, target) if side > 0 else (target, slot.stop_price)
    lowest = highest = entry
    equity, peak, drawdown = state.equity_usd, state.peak_usd, state.drawdown_usd
    while i < bars.size:
        low, high = price(bars.low, i), price(bars.high, i)
        if low <= floor or high >= ceiling:
            break
        if whole(bars.flags, i) & CALENDAR:
            break
        following = refuse_due(run, o, state.bar + i)
        if following < 0:
            break
        o, lowest, highest = following, min(lowest, low), max(highest, high)
        points = side * (price(bars.close, i) - entry)
        equity = state.cash_usd + points * slot.remaining * run.rules.multiplier_usd
        peak = max(peak, equity)
        drawdown = max(drawdown, peak - equity)
        if i < run.log.max_marks:
            put_number(run.log.equity_usd, i, equity)
        i += 1
    if i > first:
        state.equity_usd, state.peak_usd, state.drawdown_usd = equity, peak, drawdown
        state.atr_points = number(bars.atr_points, i - 1)
        down, up = entry - lowest, highest - entry
        slot.mae_points = max(slot.mae_points, down if side > 0 else up)
        slot.mfe_points = max(slot.mfe_points, up if side > 0 else down)
    return i, o
