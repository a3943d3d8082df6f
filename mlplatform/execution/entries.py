"""When a working entry fills: at the bar's open, or inside the bar."""

# mypy: disable-error-code="no-any-return"

from typing import Any

from mlplatform.execution.codes import FillPolicy, OrderKind
from mlplatform.execution.compiled import compiled, inlined
from mlplatform.execution.fills import enter
from mlplatform.execution.prices import close_price, reach, worse

QUOTE_CLOSE = int(FillPolicy.QUOTE_CLOSE)
MARKET, LIMIT, STOP = int(OrderKind.MARKET), int(OrderKind.LIMIT), int(OrderKind.STOP)
STOP_LIMIT = int(OrderKind.STOP_LIMIT)


@compiled
def enter_at_open(run: Any, slot: Any, bar: Any) -> None:
    """A market order, a limit that opens better, a stop that opens at or beyond its price."""
    side, kind = slot.side, slot.kind
    if kind == MARKET:
        enter(run, slot, bar, bar.open, False)
        return
    beyond = side * (bar.open - slot.entry_stop) >= 0.0
    if kind == STOP:
        if beyond and run.rules.policy != QUOTE_CLOSE:
            enter(run, slot, bar, bar.open, False)
        return
    if kind == STOP_LIMIT and beyond:
        slot.triggered = 1
    if (kind == LIMIT or slot.triggered) and side * (slot.entry_limit - bar.open) > 0.0:
        enter(run, slot, bar, bar.open, True)


@compiled
def touches_stop(slot: Any, bar: Any) -> bool:
    """Whether the bar reaches the entry's stop price."""
    return slot.side * (reach(bar, slot.side) - slot.entry_stop) >= 0.0


@compiled
def trades_through(run: Any, slot: Any, bar: Any) -> bool:
    """Whether the bar trades through the entry's limit price by the needed distance."""
    needed = slot.entry_limit - slot.side * run.rules.through_points
    return slot.side * (reach(bar, -slot.side) - needed) <= 0.0


@inlined
def fills_when_triggered(run: Any, slot: Any) -> bool:
    """Whether a stop-limit fills at its stop price, the moment that it is reached."""
    room = slot.side * (slot.entry_limit - slot.entry_stop)
    return room > 0.0 or (room == 0.0 and run.rules.through_points == 0.0)


@compiled
def enter_inside(run: Any, slot: Any, bar: Any) -> None:
    """A limit that trades through, a stop that is reached; the rest of the bar is unknown."""
    side, kind, policy = slot.side, slot.kind, run.rules.policy
    if kind == LIMIT or slot.triggered:
        if trades_through(run, slot, bar):
            slot.entered_inside = 1
            enter(run, slot, bar, slot.entry_limit, True)
    elif touches_stop(slot, bar):
        if kind == STOP:
            raw = slot.entry_stop
            if policy == QUOTE_CLOSE:
                raw = worse(raw, close_price(run, bar, side), side)
            slot.entered_inside = 1
            enter(run, slot, bar, raw, False)
            return
        slot.triggered = 1
        if fills_when_triggered(run, slot):
            slot.entered_inside = 1
            enter(run, slot, bar, slot.entry_stop, True)
