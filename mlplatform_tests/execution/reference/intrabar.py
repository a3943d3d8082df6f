"""Step 2: inside the bar, and section "Finer bars"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlplatform.execution import BarArrays, FillPolicy, Limits, OrderKind, Reason
from mlplatform_tests.execution.reference.bar import Bar, bars_of, timeframe_of
from mlplatform_tests.execution.reference.prices import (
    better,
    is_better,
    market_at_close,
    reaches_stop,
    rounded_in_favour,
    through_points,
    trades_at,
    worse,
)
from mlplatform_tests.execution.reference.ticket import INF, Ticket

if TYPE_CHECKING:
    from mlplatform_tests.execution.reference.engine import Engine


def trade_bar(engine: Engine, bar: Bar, finer: list[Bar]) -> None:
    """The bar as one, or where it is ambiguous the finer bars that make it up."""
    if is_ambiguous(engine, bar):
        engine.ambiguous_bars += 1
        if makes_up(bar, finer):
            engine.resolved_bars += 1
            trade_inside(engine, finer[0])
            for part in finer[1:]:
                engine.at_open(part)
                trade_inside(engine, part)
            return
    trade_inside(engine, bar)


def trade_inside(engine: Engine, bar: Bar) -> None:
    """Slot by slot: the entry, then the bracket."""
    for ticket in engine.tickets():
        if ticket.is_closed:
            continue
        if not ticket.is_open:
            enter_inside(engine, ticket, bar)
        if ticket.is_open:
            run_bracket(engine, ticket, bar)


def enter_inside(engine: Engine, ticket: Ticket, bar: Bar) -> None:
    """Step 2.1."""
    price = inside_entry_price(engine, ticket, bar)
    reached = reaches_stop(bar, ticket.side, ticket.order.entry_stop)
    if price is not None:
        engine.enter(ticket, bar, price, ticket.order.kind != OrderKind.STOP, "inside")
    elif ticket.order.kind == OrderKind.STOP_LIMIT and reached:
        ticket.triggered = True


def inside_entry_price(engine: Engine, ticket: Ticket, bar: Bar) -> float | None:
    """Where a working entry fills inside the bar; None where it does not."""
    order, side, rules = ticket.order, ticket.side, engine.rules
    if order.kind == OrderKind.STOP:
        if not reaches_stop(bar, side, order.entry_stop):
            return None
        if rules.fill_policy == FillPolicy.QUOTE_CLOSE:
            return worse(side, order.entry_stop, market_at_close(bar, side, rules.fill_policy))
        return order.entry_stop
    through = through_points(rules)
    limit = rounded_in_favour(order.entry_limit, side, rules.tick_points)
    if order.kind == OrderKind.LIMIT or ticket.triggered:
        return limit if trades_at(bar, side, limit - side * through) else None
    if reaches_stop(bar, side, order.entry_stop):
        stop = order.entry_stop
        if is_better(side, stop, limit) or (stop == limit and through == 0):
            return stop
    return None


def run_bracket(engine: Engine, ticket: Ticket, bar: Bar) -> None:
    """Steps 2.2 and 2.3, and the excursions."""
    side, entered_inside = ticket.side, ticket.inside_on is bar
    if side * (bar.adverse(side) - ticket.stop) <= 0:
        raw = stop_fill(engine, ticket, bar, entered_inside)
        engine.leave(ticket, bar, raw, ticket.stop_reason, "inside")
        return
    ticket.saw_adverse(bar.adverse(side))
    if entered_inside:
        ticket.saw_favourable(bar.close)
        return
    through = through_points(engine.rules)
    while ticket.targets and trades_at(bar, -side, ticket.targets[0][0] + side * through):
        level, contracts = ticket.targets.pop(0)
        price = better(-side, level, bar.open)
        engine.leave(ticket, bar, price, Reason.TARGET, "inside", contracts)
    if not ticket.is_closed:
        ticket.saw_favourable(bar.favourable(side))


def stop_fill(engine: Engine, ticket: Ticket, bar: Bar, entered_inside: bool) -> float:
    """The price of a stop before slippage."""
    side = -ticket.side
    if engine.rules.fill_policy == FillPolicy.QUOTE_CLOSE:
        other = market_at_close(bar, side, engine.rules.fill_policy)
    else:
        other = ticket.entry if entered_inside else bar.open
    return worse(side, ticket.stop, other)


def is_ambiguous(engine: Engine, bar: Bar) -> bool:
    """Whether the order of high and low inside the bar matters."""
    through = through_points(engine.rules)
    for ticket in engine.tickets():
        side = ticket.side
        if ticket.is_open:
            stop = side * (bar.adverse(side) - ticket.stop) <= 0
            target = ticket.targets[0][0] if ticket.targets else side * INF
            if stop and trades_at(bar, -side, target + side * through):
                return True
            continue
        price = inside_entry_price(engine, ticket, bar)
        if price is None:
            continue
        order = ticket.order
        base = order.entry_stop if order.kind == OrderKind.STOP else price
        if order.reference_price == order.reference_price:
            base = order.reference_price
        if side * (bar.adverse(side) - (base - side * order.stop_points)) <= 0:
            return True
        first = order.targets[0][0] if order.targets else INF
        if trades_at(bar, -side, base + side * first + side * through):
            return True
    return False


def makes_up(bar: Bar, finer: list[Bar]) -> bool:
    """Whether the finer bars give the bar's prices exactly."""
    if not finer:
        return False
    return (
        finer[0].open == bar.open
        and max(part.high for part in finer) == bar.high
        and min(part.low for part in finer) == bar.low
        and finer[-1].close == bar.close
    )


def parts_of(bars: list[Bar], arrays: BarArrays, finer: BarArrays | None) -> list[list[Bar]]:
    """The finer bars inside each bar; they keep their own volume and quotes."""
    if finer is None:
        return [[] for _ in bars]
    small = bars_of(finer, Limits())
    parts = []
    for bar in bars:
        end = bar.start_us + timeframe_of(arrays)
        inside = [part for part in small if bar.start_us <= part.start_us < end]
        parts.append([replace(part, index=bar.index) for part in inside])
    return parts
