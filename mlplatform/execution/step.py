"""The one step: what one bar does to the account. Backtest and live trading call `advance`."""

from typing import Any, NamedTuple

import numpy as np

from mlplatform.execution.account_size import allowed, knows_account
from mlplatform.execution.coast import coast, due_bar
from mlplatform.execution.codes import FillPolicy, OrderKind, Outcome
from mlplatform.execution.compiled import entrance, inlined
from mlplatform.execution.fills import set_outcome
from mlplatform.execution.intake import Ask, admit, start, write_terms
from mlplatform.execution.limits import judge_session
from mlplatform.execution.memory import number as price_at
from mlplatform.execution.memory import put_number, whole
from mlplatform.execution.phases import mark, open_session, trade_close, trade_through
from mlplatform.execution.prices import bar_at

NEXT_OPEN = int(FillPolicy.NEXT_OPEN)
EXIT = int(OrderKind.EXIT)
IS_WORKING = int(Outcome.WORKING)


class Run(NamedTuple):
    """What the step works on: one record each."""

    state: Any
    rules: Any
    log: Any
    bars: Any
    finer: Any
    orders: Any


@inlined
def accept(run: Any, bar: Any, o: int, flags: int) -> None:
    """Take in row o of the orders, decided at the end of this bar."""
    orders = run.orders
    wish = Ask(
        run.state.first_order + o,
        whole(orders.kind, o),
        whole(orders.side, o),
        whole(orders.quantity, o),
        whole(orders.setup, o),
        whole(orders.oco_group, o),
    )
    contracts: Any = np.int64(wish.quantity)
    if knows_account(run.rules) and wish.kind != EXIT:
        stop_points = price_at(orders.stop_points, o) * run.rules.stop_scale
        contracts = np.int64(allowed(run, wish, stop_points))
    ask = Ask(wish.order, wish.kind, wish.side, contracts, wish.setup, wish.oco_group)
    outcome = admit(run, bar, ask, flags)
    set_outcome(run, ask.order, outcome)
    if outcome == IS_WORKING:
        slot = run.state.slots[run.state.free_slot]
        write_terms(slot, orders, o, run.rules)
        start(run, slot, bar, ask)


@inlined
def step(run: Any, i: int, number: int, first: int, last: int) -> None:
    """Row i of the bars, to the account bar `number`; then the orders first..last-1, which are
    decided at its end.
    """
    state, bars = run.state, run.bars
    bar, flags = bar_at(bars, i, number, False), whole(bars.flags, i)
    open_session(run, whole(bars.session_id, i))
    if state.active > 0:
        trade_through(run, i, bar)
        state.atr_points = price_at(bars.atr_points, i)
        trade_close(run, bar, flags)
    state.atr_points = price_at(bars.atr_points, i)
    for o in range(first, last):
        accept(run, bar, o, flags)
    if last > first and run.rules.policy != NEXT_OPEN:
        mark(run, bar)
        judge_session(run)
    if state.equity_usd > state.peak_usd:
        state.peak_usd = state.equity_usd
    elif state.peak_usd - state.equity_usd > state.drawdown_usd:
        state.drawdown_usd = state.peak_usd - state.equity_usd


@entrance
def advance(state: Any, rules: Any, log: Any, bars: Any, finer: Any, orders: Any) -> None:
    """Step over all rows of the bars, taking in the orders by their bar.

    A bar without orders, with nothing working and nothing open changes nothing: it has no step.
    Each argument has one row of its record: STATE, RULES, LOG, BARS, BARS, ORDERS.
    """
    run = Run(state[0], rules[0], log[0], bars[0], finer[0], orders[0])
    # A plain 0 would have its own type, and `step` be compiled for it as well.
    i = o = np.int64(0)
    while i < run.bars.size:
        i, o = coast(run, i, o)
        if i < run.bars.size:
            first, known_as = o, run.state.bar + i
            while due_bar(run.orders, o) == known_as:
                o += 1
            if o > first or run.state.active > 0:
                step(run, i, known_as, first, o)
            if i < run.log.max_marks:
                put_number(run.log.equity_usd, i, run.state.equity_usd)
            i += 1
    run.state.bar += run.bars.size
    run.state.first_order += o
