"""What a bar does to an open position: stop, targets, break-even, trail, exits at the close."""

# mypy: disable-error-code="no-any-return"

from typing import Any

from mlplatform.execution.codes import BarFlag, FillPolicy, Reason
from mlplatform.execution.compiled import compiled, inlined
from mlplatform.execution.fills import leave, tighten
from mlplatform.execution.prices import close_price, reach, worse

QUOTE_CLOSE = int(FillPolicy.QUOTE_CLOSE)
BREAKEVEN, TRAIL, TARGET = int(Reason.BREAKEVEN), int(Reason.TRAIL), int(Reason.TARGET)
TIME, SESSION, ROLL = int(Reason.TIME), int(Reason.SESSION), int(Reason.ROLL)
SESSION_LAST, CONTRACT_LAST = int(BarFlag.SESSION_LAST), int(BarFlag.CONTRACT_LAST)


@compiled
def leave_at_open(run: Any, slot: Any, bar: Any) -> None:
    """Market exits that are due, a stop that gaps, targets that gap."""
    side = slot.side
    if slot.exit_reason:
        leave(run, slot, bar, slot.remaining, bar.open, False, slot.exit_reason)
    elif side * (bar.open - slot.stop_price) <= 0.0 and run.rules.policy != QUOTE_CLOSE:
        leave(run, slot, bar, slot.remaining, bar.open, False, slot.stop_reason)
    else:
        while slot.remaining > 0 and slot.target < slot.targets:
            if side * (bar.open - slot.target_price[slot.target]) <= 0.0:
                return
            take_target(run, slot, bar, bar.open)


@compiled
def take_target(run: Any, slot: Any, bar: Any, raw: float) -> None:
    """Exit the next target's contracts."""
    quantity = min(slot.target_quantity[slot.target], slot.remaining)
    slot.target += 1
    if quantity > 0:
        leave(run, slot, bar, quantity, raw, True, TARGET)


@inlined
def touches_bracket_stop(slot: Any, bar: Any) -> bool:
    """Whether the bar reaches the position's stop."""
    return slot.side * (reach(bar, -slot.side) - slot.stop_price) <= 0.0


@inlined
def reaches_target(run: Any, slot: Any, bar: Any) -> bool:
    """Whether the bar trades through the next target by the needed distance."""
    if slot.target >= slot.targets:
        return False
    needed = slot.target_price[slot.target] + slot.side * run.rules.through_points
    return slot.side * (reach(bar, slot.side) - needed) >= 0.0


@compiled
def leave_inside(run: Any, slot: Any, bar: Any) -> None:
    """Stop before target; after an entry inside this bar the stop alone can have been hit."""
    side, policy = slot.side, run.rules.policy
    if touches_bracket_stop(slot, bar):
        first = slot.entry_price if slot.entered_inside else bar.open
        if policy == QUOTE_CLOSE:
            first = close_price(run, bar, -side)
        raw = worse(slot.stop_price, first, -side)
        leave(run, slot, bar, slot.remaining, raw, False, slot.stop_reason)
        return
    adverse = side * (slot.entry_price - reach(bar, -side))
    slot.mae_points = max(slot.mae_points, adverse)
    if slot.entered_inside:
        slot.entered_inside = 0
        slot.mfe_points = max(slot.mfe_points, side * (bar.close - slot.entry_price))
        return
    while slot.remaining > 0 and reaches_target(run, slot, bar):
        level = slot.target_price[slot.target]
        take_target(run, slot, bar, worse(level, bar.open, side))
    if slot.remaining > 0:
        ahead = side * (reach(bar, side) - slot.entry_price)
        slot.mfe_points = max(slot.mfe_points, ahead)


@compiled
def leave_at_close(run: Any, slot: Any, bar: Any, flags: int) -> None:
    """Session end, roll and time exit fill at the close; else the stop moves for the next bar."""
    rules = run.rules
    held = bar.number - slot.first_held_bar + 1
    reason = 0
    if flags & SESSION_LAST and rules.flatten:
        reason = SESSION
    elif flags & CONTRACT_LAST:
        reason = ROLL
    elif slot.time_exit_bars > 0 and held >= slot.time_exit_bars:
        reason = TIME
    if reason:
        raw = close_price(run, bar, -slot.side)
        leave(run, slot, bar, slot.remaining, raw, False, reason)
    elif slot.is_managed:
        move_stop(run, slot)


@compiled
def move_stop(run: Any, slot: Any) -> None:
    """Break-even and trail, from the best price so far."""
    side, entry, ahead = slot.side, slot.entry_price, slot.mfe_points
    if ahead >= slot.breakeven_trigger_points:
        tighten(slot, entry + side * slot.breakeven_offset_points, BREAKEVEN)
    if ahead >= slot.trail_activation_points:
        distance = min(slot.trail_points, slot.trail_atr * run.state.atr_points)
        tighten(slot, entry + side * (ahead - distance), TRAIL)
