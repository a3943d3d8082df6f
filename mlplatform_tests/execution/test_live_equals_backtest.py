"""Law: backtest and live cannot drift apart."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from mlplatform.domain.errors import InputError
from mlplatform.execution import BarArrays, FillPolicy, LiveSimulator, Orders, Rules, simulate
from mlplatform.execution.windows import bar_flags
from mlplatform_tests.execution.worlds import doubled, worlds


def assert_same(world: tuple[BarArrays, Orders, Rules], finer: BarArrays | None = None) -> None:
    """Both callers of the step agree on every fill, trade, mark and outcome, exactly."""
    bars, orders, rules = world
    whole = simulate(bars, orders, rules, 2000.0, finer)
    live = LiveSimulator(rules, 2000.0, slots=32)
    flags = bar_flags(bars, rules.limits)
    fills, trades, outcomes = [], [], {}
    for i in range(len(bars)):
        rows = np.flatnonzero(orders.bar == i)
        mine = orders.take(rows) if len(rows) else None
        inside = None if finer is None else finer.rows(2 * i, 2 * i + 2)
        step = live.advance(bars.rows(i, i + 1), mine, int(flags[i]), inside)
        fills, trades = fills + step.fills.tolist(), trades + step.trades.tolist()
        outcomes |= step.outcomes
        assert step.equity_usd == whole.equity_usd[i]
        assert step.position == whole.position[i]
        if i % 7 == 0:
            live = LiveSimulator.resume(rules, live.save())
    assert fills == whole.fill_records.tolist()
    assert trades == whole.trade_records.tolist()
    assert [outcomes[o] for o in range(len(orders))] == whole.outcome_codes.tolist()


@settings(max_examples=150)
@given(worlds())
def test_live_equals_the_backtest_bit_for_bit(world: tuple[BarArrays, Orders, Rules]) -> None:
    assert_same(world)


@settings(max_examples=50)
@given(worlds())
def test_live_equals_the_backtest_on_finer_bars_as_well(
    world: tuple[BarArrays, Orders, Rules],
) -> None:
    bars, orders, rules = world
    policy = min(rules.fill_policy, FillPolicy.SAME_CLOSE)
    assert_same((bars, orders, replace(rules, fill_policy=policy)), doubled(bars))


def test_a_live_bar_must_be_later_than_the_one_before() -> None:
    one = np.ones(1)
    bar = BarArrays(np.zeros(1, np.int64), one, one, one, one)
    live = LiveSimulator(Rules())
    live.advance(bar)
    with pytest.raises(InputError, match="not later"):
        live.advance(bar)


def test_a_saved_state_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="bytes"):
        LiveSimulator.resume(Rules(), b"abc")
