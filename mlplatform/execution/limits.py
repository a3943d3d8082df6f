"""What may start: occupancy, session, windows, loss limits, size, margin."""

# mypy: disable-error-code="no-any-return"

from typing import Any

import numpy as np

from mlplatform.execution.codes import (
    EMPTY,
    OPEN,
    WORKING,
    BarFlag,
    FillPolicy,
    OrderKind,
    Outcome,
    Reason,
)
from mlplatform.execution.compiled import compiled
from mlplatform.execution.fills import enter, leave, release, set_outcome
from mlplatform.execution.prices import close_price, optional, rounded

NEXT_OPEN = int(FillPolicy.NEXT_OPEN)
MARKET, EXIT = int(OrderKind.MARKET), int(OrderKind.EXIT)
REVERSE, SIGNAL = int(Reason.REVERSE), int(Reason.SIGNAL)
SESSION_LAST, CONTRACT_LAST = int(BarFlag.SESSION_LAST), int(BarFlag.CONTRACT_LAST)
NO_ENTRY = int(BarFlag.NO_ENTRY)
IS_WORKING, EXITED, NOTHING = (
    int(Outcome.WORKING),
    int(Outcome.EXITED),
    int(Outcome.NOTHING_TO_EXIT),
)
CANCELLED_EXPIRY, CANCELLED_SESSION = int(Outcome.CANCELLED_EXPIRY), int(Outcome.CANCELLED_SESSION)
CANCELLED_ROLL, CANCELLED_WINDOW = int(Outcome.CANCELLED_ROLL), int(Outcome.CANCELLED_WINDOW)
CANCELLED_LIMIT, CANCELLED_EXIT = int(Outcome.CANCELLED_LIMIT), int(Outcome.CANCELLED_EXIT)
BUSY, AT_SESSION_END = int(Outcome.REFUSED_BUSY), int(Outcome.REFUSED_SESSION)
AT_ROLL, OUTSIDE_WINDOW = int(Outcome.REFUSED_ROLL), int(Outcome.REFUSED_WINDOW)
DAILY_LOSS, LOSSES = int(Outcome.REFUSED_DAILY_LOSS), int(Outcome.REFUSED_LOSSES)
TRADES, SIZE = int(Outcome.REFUSED_TRADES), int(Outcome.REFUSED_SIZE)
MARGIN, CAPACITY = int(Outcome.REFUSED_MARGIN), int(Outcome.REFUSED_CAPACITY)


@compiled
def judge_session(run: Any) -> None:
    """Stop the session at the loss limits; judged on the mark at each bar's close."""
    account, rules = run.account[0], run.rules[0]
    lost = account.session_start_usd - account.equity_usd
    if rules.max_daily_loss_usd > 0.0 and lost >= rules.max_daily_loss_usd:
        account.halted = DAILY_LOSS
    elif (
        account.halted == 0 and rules.max_losses > 0 and account.session_losses >= rules.max_losses
    ):
        account.halted = LOSSES


@compiled
def cancel_working(run: Any, slot: Any, bar: Any, flags: int) -> None:
    """Cancel an entry that may not stay for the next bar."""
    outcome = 0
    if flags & SESSION_LAST and run.rules[0].flatten:
        outcome = CANCELLED_SESSION
    elif flags & CONTRACT_LAST:
        outcome = CANCELLED_ROLL
    elif run.account[0].halted:
        outcome = CANCELLED_LIMIT
    elif flags & NO_ENTRY:
        outcome = CANCELLED_WINDOW
    elif slot.expiry_bars > 0 and bar.number - slot.decision_bar >= slot.expiry_bars:
        outcome = CANCELLED_EXPIRY
    if outcome:
        release(run, slot, outcome)


@compiled
def occupancy(run: Any, orders: Any, o: int) -> tuple[bool, bool, int, int, int]:
    """What stands in the way of an order.

    Gives whether it is blocked, whether it reverses, the contracts that stay, the working
    entries of others, and a free slot (-1: none).
    """
    rules = run.rules[0]
    side, setup = int(optional(orders.side, o)), optional(orders.setup, o)
    group = optional(orders.oco_group, o)
    can_reverse = rules.reverse and optional(orders.kind, o) == MARKET
    contracts, entries, working, free = 0, 0, 0, -1
    is_blocked, is_reversal = False, False
    for s in range(run.slots.size):
        slot = run.slots[s]
        if slot.status == EMPTY:
            free = s if free < 0 else free
            continue
        if slot.exit_reason or (slot.status == WORKING and 0 <= group == slot.oco_group):
            continue
        in_scope = not rules.per_setup or slot.setup == setup
        if in_scope and can_reverse and slot.side != side:
            is_reversal = True
            continue
        working += slot.status == WORKING
        contracts += slot.remaining if slot.status == OPEN else slot.quantity
        if in_scope:
            entries += 1
            is_blocked |= slot.side != side or entries >= rules.max_entries
    return is_blocked, is_reversal, contracts, working, free


@compiled
def refusal(run: Any, orders: Any, o: int, flags: int, found: Any) -> int:
    """The outcome code that refuses the order; 0 where it may start."""
    account, rules = run.account[0], run.rules[0]
    is_blocked, _, contracts, working, _ = found
    if is_blocked:
        return BUSY
    if flags & SESSION_LAST and rules.flatten:
        return AT_SESSION_END
    if flags & CONTRACT_LAST:
        return AT_ROLL
    if flags & NO_ENTRY:
        return OUTSIDE_WINDOW
    if account.halted:
        return account.halted
    if rules.max_trades > 0 and account.session_entries + working >= rules.max_trades:
        return TRADES
    exposure = contracts + optional(orders.quantity, o)
    if rules.max_contracts > 0 and exposure > rules.max_contracts:
        return SIZE
    if rules.margin_usd > 0.0 and exposure * rules.margin_usd > account.equity_usd:
        return MARGIN
    return 0


@compiled
def close_opposite(run: Any, bar: Any, side: int, setup: int, reason: int) -> int:
    """Close what is open on the other side (side 0: on both), cancel what is working there.

    Gives the number of slots that this concerned.
    """
    rules, concerned = run.rules[0], 0
    for s in range(run.slots.size):
        slot = run.slots[s]
        if slot.status == EMPTY or slot.exit_reason or slot.side == side:
            continue
        if rules.per_setup and slot.setup != setup:
            continue
        concerned += 1
        if slot.status == WORKING:
            release(run, slot, CANCELLED_EXIT)
        elif rules.policy == NEXT_OPEN:
            slot.exit_reason = reason
        else:
            raw = close_price(bar, -slot.side, rules.policy)
            leave(run, slot, bar, slot.remaining, raw, False, reason)
    return concerned


@compiled
def accept(run: Any, bar: Any, orders: Any, o: int, flags: int) -> None:
    """Take in order o, decided at the end of this bar."""
    number = run.account[0].order_offset + o
    kind, setup = optional(orders.kind, o), optional(orders.setup, o)
    if kind == EXIT:
        concerned = close_opposite(run, bar, 0, setup, SIGNAL)
        set_outcome(run, number, EXITED if concerned else NOTHING)
        return
    found = occupancy(run, orders, o)
    refused = refusal(run, orders, o, flags, found)
    if refused:
        set_outcome(run, number, refused)
        return
    if found[1]:
        close_opposite(run, bar, int(optional(orders.side, o)), setup, REVERSE)
    free = found[4] if found[4] >= 0 else occupancy(run, orders, o)[4]
    if free < 0:
        set_outcome(run, number, CAPACITY)
        return
    fill_slot(run, run.slots[free], bar, orders, o)
    if kind == MARKET and run.rules[0].policy != NEXT_OPEN:
        slot = run.slots[free]
        enter(run, slot, bar, close_price(bar, slot.side, run.rules[0].policy), False)
        slot.first_held_bar = bar.number + 1


@compiled
def fill_slot(run: Any, slot: Any, bar: Any, orders: Any, o: int) -> None:
    """Write a new working order over an empty slot."""
    account, rules = run.account[0], run.rules[0]
    side = int(optional(orders.side, o))
    slot.status = WORKING
    slot.side = side
    slot.order = account.order_offset + o
    slot.decision_bar = bar.number
    slot.kind = optional(orders.kind, o)
    slot.quantity = optional(orders.quantity, o)
    slot.remaining = 0
    slot.setup = optional(orders.setup, o)
    slot.oco_group = optional(orders.oco_group, o)
    slot.expiry_bars = optional(orders.expiry_bars, o)
    slot.time_exit_bars = optional(orders.time_exit_bars, o)
    slot.entry_stop = optional(orders.entry_stop, o)
    slot.entry_limit = rounded(optional(orders.entry_limit, o), -side, rules.tick_points)
    slot.reference_price = optional(orders.reference_price, o)
    slot.stop_points = optional(orders.stop_points, o) * rules.stop_scale
    fill_targets(slot, orders, o, rules.target_scale)
    fill_management(slot, orders, o, rules.trail_scale)
    slot.triggered = slot.entered_inside = slot.exit_reason = slot.target = 0
    slot.mae_points = slot.mfe_points = slot.exit_notional = 0.0
    slot.gross_usd = slot.commission_usd = slot.slippage_usd = 0.0
    account.active += 1
    set_outcome(run, slot.order, IS_WORKING)


@compiled
def fill_targets(slot: Any, orders: Any, o: int, scale: float) -> None:
    """Copy the targets up to the first that is none."""
    points = orders.target_points[o if orders.target_points.shape[0] > 1 else 0]
    quantity = orders.target_quantity[o if orders.target_quantity.shape[0] > 1 else 0]
    slot.targets = 0
    for k in range(min(points.size, quantity.size)):
        if points[k] == np.inf:
            break
        slot.target_points[k] = points[k] * scale
        slot.target_quantity[k] = quantity[k]
        slot.targets = k + 1


@compiled
def fill_management(slot: Any, orders: Any, o: int, trail_scale: float) -> None:
    """Copy break-even and trail."""
    slot.breakeven_trigger_points = optional(orders.breakeven_trigger_points, o)
    slot.breakeven_offset_points = optional(orders.breakeven_offset_points, o)
    slot.trail_points = optional(orders.trail_points, o) * trail_scale
    slot.trail_atr = optional(orders.trail_atr, o) * trail_scale
    slot.trail_activation_points = optional(orders.trail_activation_points, o)
    nearest = min(slot.breakeven_trigger_points, slot.trail_points, slot.trail_atr)
    slot.is_managed = nearest < np.inf
