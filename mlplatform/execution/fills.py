"""What a fill does to the account and to its slot."""

from typing import Any

import numpy as np

from mlplatform.execution.codes import EMPTY, OPEN, WORKING, FillPolicy, Outcome, Reason
from mlplatform.execution.compiled import compiled, inlined
from mlplatform.execution.memory import fill_at, put_whole, trade_at
from mlplatform.execution.prices import mark_price, rounded, slippage_points

QUOTE_CLOSE = int(FillPolicy.QUOTE_CLOSE)
ENTRY, STOP, TRAIL = int(Reason.ENTRY), int(Reason.STOP), int(Reason.TRAIL)
FILLED, CANCELLED_OCO = int(Outcome.FILLED), int(Outcome.CANCELLED_OCO)


@inlined
def set_outcome(run: Any, order: int, code: int) -> None:
    """Note what became of an order."""
    if order < run.log.max_outcomes:
        put_whole(run.log.outcome, order, code)


@compiled
def release(run: Any, slot: Any, outcome: int) -> None:
    """Empty the slot of a working order that will not fill."""
    slot.status = EMPTY
    run.state.active -= 1
    set_outcome(run, slot.order, outcome)


@compiled
def tighten(slot: Any, price: float, reason: int) -> None:
    """Move the stop towards the market, never away from it."""
    if slot.side * (price - slot.stop_price) > 0.0:
        slot.stop_price = price
        slot.stop_reason = reason


@compiled
def enter(run: Any, slot: Any, bar: Any, raw: float, is_limit: bool) -> None:
    """Fill the slot's entry at price `raw` before costs, and hang its bracket on the fill."""
    account, rules, side = run.state, run.rules, slot.side
    slip = 0.0 if is_limit else slippage_points(run, bar, raw, slot.quantity)
    price = rounded(raw + side * slip, side, rules.tick_points)
    base = price if np.isnan(slot.reference_price) else slot.reference_price
    slot.status = OPEN
    slot.entry_price = price
    slot.entry_bar = bar.number
    slot.first_held_bar = bar.number
    slot.remaining = slot.quantity
    slot.stop_price = base - side * slot.stop_points
    slot.stop_reason = STOP
    for k in range(slot.targets):
        slot.target_price[k] = base + side * slot.target_points[k]
    if slot.is_managed and slot.trail_activation_points <= 0.0:
        distance = min(slot.trail_points, slot.trail_atr * account.atr_points)
        tighten(slot, price - side * distance, TRAIL)
    log_fill(run, slot, bar, side, slot.quantity, price, ENTRY)
    add_slippage(run, slot, bar, side * slot.quantity, price, raw, is_limit)
    account.position += side * slot.quantity
    account.session_entries += 1
    set_outcome(run, slot.order, FILLED)
    if slot.oco_group >= 0:
        cancel_siblings(run, slot)


@compiled
def cancel_siblings(run: Any, filled: Any) -> None:
    """Cancel the working orders of the same OCO group."""
    for s in range(run.state.slot_count):
        slot = run.state.slots[s]
        if slot.status == WORKING and slot.oco_group == filled.oco_group:
            release(run, slot, CANCELLED_OCO)


@compiled
def add_slippage(
    run: Any, slot: Any, bar: Any, signed: int, price: float, raw: float, is_limit: bool
) -> None:
    """Add what the fill lost against the price before costs (the mid, where quotes are crossed)."""
    rules = run.rules
    fair = raw
    if rules.policy == QUOTE_CLOSE and not is_limit:
        fair = mark_price(run, bar)
    slot.slippage_usd += signed * (price - fair) * rules.multiplier_usd


@compiled
def log_fill(
    run: Any, slot: Any, bar: Any, side: int, quantity: int, price: float, reason: int
) -> None:
    """Charge the commission and write the fill down."""
    account = run.state
    commission = run.rules.commission_usd * quantity
    slot.commission_usd += commission
    account.cash_usd -= commission
    account.fills += 1
    log = run.log
    if log.n_fills >= log.max_fills:
        return
    fill = fill_at(log.fills, log.n_fills)
    log.n_fills += 1
    fill.order = slot.order
    fill.bar = bar.number
    fill.price = price
    fill.commission_usd = commission
    fill.side = side
    fill.quantity = quantity
    fill.reason = reason


@compiled
def leave(
    run: Any, slot: Any, bar: Any, quantity: int, raw: float, is_limit: bool, reason: int
) -> None:
    """Exit `quantity` contracts at price `raw` before costs; closes the trade with the last."""
    account, rules, side = run.state, run.rules, slot.side
    slip = 0.0 if is_limit else slippage_points(run, bar, raw, quantity)
    price = rounded(raw - side * slip, -side, rules.tick_points)
    gross = side * (price - slot.entry_price) * quantity * rules.multiplier_usd
    ahead = side * (raw - slot.entry_price)
    slot.mae_points = max(slot.mae_points, -ahead)
    slot.mfe_points = max(slot.mfe_points, ahead)
    slot.gross_usd += gross
    slot.exit_notional += price * quantity
    slot.remaining -= quantity
    account.cash_usd += gross
    account.position -= side * quantity
    log_fill(run, slot, bar, -side, quantity, price, reason)
    add_slippage(run, slot, bar, -side * quantity, price, raw, is_limit)
    if slot.remaining == 0:
        close_trade(run, slot, bar, reason)


@compiled
def close_trade(run: Any, slot: Any, bar: Any, reason: int) -> None:
    """Count the finished trade, write it down, empty its slot."""
    account, rules = run.state, run.rules
    net = slot.gross_usd - slot.commission_usd
    account.trades += 1
    account.net_usd += net
    account.net_points += net / (rules.multiplier_usd * slot.quantity)
    if net > 0.0:
        account.wins += 1
        account.profit_usd += net
    else:
        account.loss_usd -= net
    if net < 0.0:
        account.session_losses += 1
    log = run.log
    if log.n_trades < log.max_trades:
        trade = trade_at(log.trades, log.n_trades)
        write_trade(trade, slot, bar.number, net, rules.multiplier_usd)
        trade.reason = reason
        log.n_trades += 1
    slot.status = EMPTY
    account.active -= 1


@compiled
def write_trade(trade: Any, slot: Any, exit_bar: int, net: float, multiplier_usd: float) -> None:
    """Copy a finished slot into the trade log."""
    trade.order = slot.order
    trade.decision_bar = slot.decision_bar
    trade.entry_bar = slot.entry_bar
    trade.exit_bar = exit_bar
    trade.entry_price = slot.entry_price
    trade.exit_price = slot.exit_notional / slot.quantity
    trade.stop_points = slot.stop_points
    trade.target_points = slot.target_points[0] if slot.targets > 0 else np.inf
    trade.gross_usd = slot.gross_usd
    trade.commission_usd = slot.commission_usd
    trade.slippage_usd = slot.slippage_usd
    trade.net_usd = net
    trade.r = net / (slot.stop_points * slot.quantity * multiplier_usd)
    trade.mae_points = slot.mae_points
    trade.mfe_points = slot.mfe_points
    trade.side = slot.side
    trade.quantity = slot.quantity
    trade.setup = slot.setup
