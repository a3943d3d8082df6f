"""Step 4: the orders that are decided at the end of a bar, one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlplatform.execution import OrderKind, Outcome, PositionMode, Reason
from mlplatform_tests.execution.reference.bar import Bar
from mlplatform_tests.execution.reference.prices import market_at_close
from mlplatform_tests.execution.reference.ticket import Order, Ticket

if TYPE_CHECKING:
    from mlplatform_tests.execution.reference.engine import Engine


def decide(engine: Engine, order: Order, bar: Bar) -> None:
    """Refuse an order, or let it work."""
    if order.kind == OrderKind.EXIT:
        exit_all(engine, order, bar)
        return
    counted = [
        ticket
        for ticket in engine.tickets()
        if ticket.leaving is None and not is_partner(ticket, order)
    ]
    turned: list[Ticket] = []
    if engine.rules.reverse and order.kind == OrderKind.MARKET:
        turned = [t for t in counted if in_scope(engine, t, order) and t.side != order.side]
    counted = [ticket for ticket in counted if ticket not in turned]
    order = replace(order, quantity=affordable(engine, order, counted))
    why = refusal(engine, order, bar, counted)
    if why is not None:
        engine.outcomes[order.row] = why
        return
    for ticket in turned:
        send_away(engine, ticket, bar, Reason.REVERSE)
    ticket = Ticket(order)
    engine.outcomes[order.row] = Outcome.WORKING
    engine.place(ticket)
    if order.kind == OrderKind.MARKET and engine.fills_at_close:
        raw = market_at_close(bar, order.side, engine.rules.fill_policy)
        engine.enter(ticket, bar, raw, False, "close")


def affordable(engine: Engine, order: Order, counted: list[Ticket]) -> int:
    """As many contracts as drawdown and heat leave, counted up one by one."""
    rules, limits, account = engine.rules, engine.rules.limits, engine.account
    wanted = order.quantity
    if limits.drawdown_ends_frac:
        starts, ends = limits.drawdown_starts_frac, limits.drawdown_ends_frac
        if account.fallen >= ends:
            share = 0.0
        elif account.fallen <= starts:
            share = 1.0
        else:
            share = (ends - account.fallen) / (ends - starts)
        wanted = max([n for n in range(order.quantity + 1) if n <= order.quantity * share + 1e-9])
        wanted = max(wanted, 1)
    if not limits.max_heat_frac:
        return wanted
    risked = sum(at_risk(ticket) for ticket in counted) * rules.multiplier_usd
    budget = limits.max_heat_frac * account.equity
    one = order.stop_points * rules.multiplier_usd
    fitting = [
        n for n in range(1, wanted + 1) if budget > risked and risked + (n - 1e-9) * one <= budget
    ]
    return max(fitting, default=0)


def at_risk(ticket: Ticket) -> float:
    """Points times contracts that are lost at its stop."""
    if ticket.is_open:
        return ticket.remaining * max(0.0, ticket.side * (ticket.entry - ticket.stop))
    return ticket.order.quantity * ticket.order.stop_points


def is_partner(ticket: Ticket, order: Order) -> bool:
    """Whether it is a working order of the same OCO group."""
    same_group = order.oco_group >= 0 and ticket.order.oco_group == order.oco_group
    return same_group and not ticket.is_open


def in_scope(engine: Engine, ticket: Ticket, order: Order) -> bool:
    """All slots, or those of the order's setup."""
    if engine.rules.mode == PositionMode.ONE_POSITION:
        return True
    return ticket.order.setup == order.setup


def exit_all(engine: Engine, order: Order, bar: Bar) -> None:
    """An EXIT order: never refused."""
    found = [
        ticket
        for ticket in engine.tickets()
        if in_scope(engine, ticket, order) and ticket.leaving is None
    ]
    for ticket in found:
        send_away(engine, ticket, bar, Reason.SIGNAL)
    engine.outcomes[order.row] = Outcome.EXITED if found else Outcome.NOTHING_TO_EXIT


def send_away(engine: Engine, ticket: Ticket, bar: Bar, reason: Reason) -> None:
    """Working: cancelled. Open: out at once under the close policies, else at the next open."""
    if not ticket.is_open:
        engine.cancel(ticket, Outcome.CANCELLED_EXIT)
    elif engine.fills_at_close:
        raw = market_at_close(bar, -ticket.side, engine.rules.fill_policy)
        engine.leave(ticket, bar, raw, reason, "close")
    else:
        ticket.leaving = reason


def refusal(engine: Engine, order: Order, bar: Bar, counted: list[Ticket]) -> Outcome | None:
    """The first of the reasons of step 4 that holds."""
    rules, account = engine.rules, engine.account
    scope = [ticket for ticket in counted if in_scope(engine, ticket, order)]
    if any(ticket.side != order.side for ticket in scope) or len(scope) >= rules.max_entries:
        return Outcome.REFUSED_BUSY
    if bar.last_of_session and rules.flatten_at_session_end:
        return Outcome.REFUSED_SESSION
    if bar.last_of_contract:
        return Outcome.REFUSED_ROLL
    if bar.no_entry:
        return Outcome.REFUSED_WINDOW
    if account.stopped_by is not None:
        return account.stopped_by
    return money_refusal(engine, order, counted)


def money_refusal(engine: Engine, order: Order, counted: list[Ticket]) -> Outcome | None:
    """Those of them that count contracts, trades and dollars."""
    limits, account = engine.rules.limits, engine.account
    if limits.max_drawdown_frac and account.fallen >= limits.max_drawdown_frac:
        return Outcome.REFUSED_DRAWDOWN
    if order.quantity < 1:
        return Outcome.REFUSED_HEAT
    entered = account.entries + sum(1 for ticket in counted if not ticket.is_open)
    if limits.max_trades_per_session and entered >= limits.max_trades_per_session:
        return Outcome.REFUSED_TRADES
    contracts = sum(ticket.contracts for ticket in counted) + order.quantity
    if limits.max_contracts and contracts > limits.max_contracts:
        return Outcome.REFUSED_SIZE
    if limits.margin_usd and contracts * limits.margin_usd > account.equity:
        return Outcome.REFUSED_MARGIN
    return None
