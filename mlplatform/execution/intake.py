"""Taking in an order: may it start, what does it close, which slot does it get."""

# mypy: disable-error-code="no-any-return"

from typing import Any, NamedTuple

import numpy as np

from mlplatform.execution.account_size import drawdown_frac
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
from mlplatform.execution.compiled import compiled, inlined
from mlplatform.execution.fills import enter, leave, release
from mlplatform.execution.memory import element, number, whole, whole_element
from mlplatform.execution.prices import close_price, rounded

NEXT_OPEN = int(FillPolicy.NEXT_OPEN)
MARKET, EXIT = int(OrderKind.MARKET), int(OrderKind.EXIT)
REVERSE, SIGNAL = int(Reason.REVERSE), int(Reason.SIGNAL)
SESSION_LAST, CONTRACT_LAST = int(BarFlag.SESSION_LAST), int(BarFlag.CONTRACT_LAST)
NO_ENTRY = int(BarFlag.NO_ENTRY)
IS_WORKING, EXITED = int(Outcome.WORKING), int(Outcome.EXITED)
NOTHING, CANCELLED_EXIT = int(Outcome.NOTHING_TO_EXIT), int(Outcome.CANCELLED_EXIT)
BUSY, AT_SESSION_END = int(Outcome.REFUSED_BUSY), int(Outcome.REFUSED_SESSION)
AT_ROLL, OUTSIDE_WINDOW = int(Outcome.REFUSED_ROLL), int(Outcome.REFUSED_WINDOW)
TRADES, SIZE = int(Outcome.REFUSED_TRADES), int(Outcome.REFUSED_SIZE)
HEAT, DRAWDOWN = int(Outcome.REFUSED_HEAT), int(Outcome.REFUSED_DRAWDOWN)
MARGIN, CAPACITY = int(Outcome.REFUSED_MARGIN), int(Outcome.REFUSED_CAPACITY)


class Ask(NamedTuple):
    """What decides whether an order may start."""

    order: int
    kind: int
    side: int
    quantity: int
    setup: int
    oco_group: int


@inlined
def is_partner(slot: Any, ask: Ask) -> bool:
    """Whether the slot holds a working order of the same OCO group."""
    return slot.status == WORKING and 0 <= ask.oco_group == slot.oco_group


@inlined
def occupancy(run: Any, ask: Ask) -> tuple[bool, bool, int, int]:
    """What stands in the way of an order.

    Gives whether it is blocked, whether it reverses, the contracts that stay, and the working
    entries of others.
    """
    rules = run.rules
    can_reverse = rules.reverse and ask.kind == MARKET
    contracts, entries, working = 0, 0, 0
    is_reversal = False
    for s in range(run.state.slot_count):
        slot = run.state.slots[s]
        if slot.status == EMPTY or slot.exit_reason:
            continue
        if is_partner(slot, ask):
            continue
        in_scope = not rules.per_setup or slot.setup == ask.setup
        if in_scope and can_reverse and slot.side != ask.side:
            is_reversal = True
            continue
        working += slot.status == WORKING
        contracts += slot.remaining if slot.status == OPEN else slot.quantity
        if in_scope:
            entries += 1
            if slot.side != ask.side or entries >= rules.max_entries:
                return True, False, 0, 0
    return False, is_reversal, contracts, working


@inlined
def refusal(run: Any, ask: Ask, flags: int, found: Any) -> int:
    """The outcome code that refuses the order; 0 where it may start."""
    account, rules = run.state, run.rules
    is_blocked, _, contracts, working = found
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
    return money_refusal(run, ask, contracts, working)


@inlined
def money_refusal(run: Any, ask: Ask, contracts: int, working: int) -> int:
    """What drawdown, heat, trades of the session, size and margin say; 0 where nothing."""
    account, rules = run.state, run.rules
    if rules.max_drawdown_frac > 0.0 and drawdown_frac(run) >= rules.max_drawdown_frac:
        return DRAWDOWN
    if ask.quantity < 1:
        return HEAT
    if rules.max_trades > 0 and account.session_entries + working >= rules.max_trades:
        return TRADES
    exposure = contracts + ask.quantity
    if rules.max_contracts > 0 and exposure > rules.max_contracts:
        return SIZE
    if rules.margin_usd > 0.0 and exposure * rules.margin_usd > account.equity_usd:
        return MARGIN
    return 0


@compiled
def close_opposite(run: Any, bar: Any, ask: Ask, side: int, reason: int) -> int:
    """Close what is open on the other side (side 0: on both), cancel what is working there.

    A reversal leaves its own group to the group. Gives the number of slots that this concerned.
    """
    rules, concerned = run.rules, 0
    for s in range(run.state.slot_count):
        slot = run.state.slots[s]
        if slot.status == EMPTY or slot.exit_reason or slot.side == side:
            continue
        if rules.per_setup and slot.setup != ask.setup:
            continue
        if side != 0 and is_partner(slot, ask):
            continue
        concerned += 1
        if slot.status == WORKING:
            release(run, slot, CANCELLED_EXIT)
        elif rules.policy == NEXT_OPEN:
            slot.exit_reason = reason
        else:
            raw = close_price(run, bar, -slot.side)
            leave(run, slot, bar, slot.remaining, raw, False, reason)
    return concerned


@compiled
def free_slot(run: Any) -> int:
    """The lowest slot that is empty; -1 where none is."""
    for s in range(run.state.slot_count):
        if run.state.slots[s].status == EMPTY:
            return s
    return -1


@inlined
def admit(run: Any, bar: Any, ask: Ask, flags: int) -> int:
    """The outcome of an order decided at the end of this bar; WORKING names a `free_slot`."""
    if ask.kind == EXIT:
        return EXITED if close_opposite(run, bar, ask, 0, SIGNAL) else NOTHING
    found = occupancy(run, ask)
    refused = refusal(run, ask, flags, found)
    if refused:
        return refused
    if found[1]:
        close_opposite(run, bar, ask, ask.side, REVERSE)
    free = free_slot(run)
    if free < 0:
        return CAPACITY
    run.state.free_slot = free
    return IS_WORKING


@compiled
def write_terms(slot: Any, orders: Any, o: int, rules: Any) -> None:
    """Copy the terms of order o into its slot."""
    slot.expiry_bars = whole(orders.expiry_bars, o)
    slot.time_exit_bars = whole(orders.time_exit_bars, o)
    slot.entry_stop = number(orders.entry_stop, o)
    limit = number(orders.entry_limit, o)
    slot.entry_limit = rounded(limit, -whole(orders.side, o), rules.tick_points)
    slot.reference_price = number(orders.reference_price, o)
    slot.stop_points = number(orders.stop_points, o) * rules.stop_scale
    slot.breakeven_trigger_points = number(orders.breakeven_trigger_points, o)
    slot.breakeven_offset_points = number(orders.breakeven_offset_points, o)
    slot.trail_points = number(orders.trail_points, o) * rules.trail_scale
    slot.trail_atr = number(orders.trail_atr, o) * rules.trail_scale
    slot.trail_activation_points = number(orders.trail_activation_points, o)
    slot.targets = 0
    for k in range(orders.targets):
        points = element(orders.target_points, o, k)
        if points == np.inf:
            break
        slot.target_points[k] = points * rules.target_scale
        slot.target_quantity[k] = whole_element(orders.target_quantity, o, k)
        slot.targets = k + 1


@compiled
def start(run: Any, slot: Any, bar: Any, ask: Ask) -> None:
    """Begin the order whose terms are in the slot; close policies fill a market order at once."""
    policy = run.rules.policy
    slot.status = WORKING
    slot.order = ask.order
    slot.kind = ask.kind
    slot.side = ask.side
    slot.quantity = ask.quantity
    slot.setup = ask.setup
    slot.oco_group = ask.oco_group
    slot.decision_bar = bar.number
    slot.remaining = slot.triggered = slot.entered_inside = slot.exit_reason = slot.target = 0
    slot.mae_points = slot.mfe_points = slot.exit_notional = 0.0
    slot.gross_usd = slot.commission_usd = slot.slippage_usd = 0.0
    nearest = min(slot.breakeven_trigger_points, slot.trail_points, slot.trail_atr)
    slot.is_managed = nearest < np.inf
    slot.is_plain = not slot.is_managed and slot.time_exit_bars == 0
    run.state.active += 1
    if ask.kind == MARKET and policy != NEXT_OPEN:
        enter(run, slot, bar, close_price(run, bar, slot.side), False)
        slot.first_held_bar = bar.number + 1
