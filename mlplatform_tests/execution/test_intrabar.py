"""Finer bars tell what came first inside a bar."""

import numpy as np
import pytest
from hypothesis import given, settings

from mlplatform.domain.errors import InputError
from mlplatform.execution import BarArrays, OrderKind, Orders, Rules, compare_intrabar, simulate
from mlplatform_tests.execution.drawn import FREE, drawn, exits, order
from mlplatform_tests.execution.worlds import bar_arrays, doubled, order_lists

SIGNAL = "100 101 99 100"
BOTH = "100 103 97 101"
MINUTE_US = 60_000_000


def finer(*bars: str) -> BarArrays:
    """Bars of 30 seconds; the first two make up minute 0."""
    arrays = drawn(*bars)
    ts = np.arange(len(bars), dtype=np.int64) * (MINUTE_US // 2)
    return BarArrays(
        ts, arrays.open, arrays.high, arrays.low, arrays.close, timeframe_us=MINUTE_US // 2
    )


UP_FIRST = finer(SIGNAL, "100 101 99 100", "100 103 99.5 100", "100 101 97 101")
DOWN_FIRST = finer(SIGNAL, "100 101 99 100", "100 101 97 100", "100 103 99 101")
BRACKET = {"stop_points": 2.0, "target_points": 2.0}


def test_a_both_hit_bar_is_resolved_on_its_finer_bars() -> None:
    bars = drawn(SIGNAL, BOTH)
    assert exits(simulate(bars, order(0, 1, **BRACKET), FREE, finer=UP_FIRST)) == [
        (1, 102.0, 1, "target")
    ]
    assert exits(simulate(bars, order(0, 1, **BRACKET), FREE, finer=DOWN_FIRST)) == [
        (1, 98.0, 1, "stop")
    ]


def test_a_clear_bar_is_not_looked_into() -> None:
    bars = drawn(SIGNAL, "100 103 99 101")
    inside = finer(SIGNAL, "100 101 99 100", "100 103 99.5 100", "100 101 99 101")
    run = simulate(bars, order(0, 1, **BRACKET), FREE, finer=inside)
    assert exits(run) == [(1, 102.0, 1, "target")]
    assert run.state["ambiguous_bars"] == run.state["resolved_bars"] == 0


def test_the_target_after_an_inside_entry_is_found_on_finer_bars() -> None:
    terms = {"kind": OrderKind.STOP, "entry_stop": 101.0, **BRACKET}
    bars = drawn(SIGNAL, "100 104 99.5 103")
    inside = finer(SIGNAL, "100 101 99 100", "100 101 99.5 101", "101 104 101 103")
    assert exits(simulate(bars, order(0, 1, **terms), FREE)) == []
    assert exits(simulate(bars, order(0, 1, **terms), FREE, finer=inside)) == [
        (1, 103.0, 1, "target")
    ]


def test_finer_bars_that_do_not_make_up_the_bar_are_left_aside() -> None:
    bars = drawn(SIGNAL, BOTH)
    other = finer(SIGNAL, "100 101 99 100", "100 103 99.5 100", "100 101 97.25 101")
    run = simulate(bars, order(0, 1, **BRACKET), FREE, finer=other)
    assert exits(run) == [(1, 98.0, 1, "stop")]
    assert (run.state["ambiguous_bars"], run.state["resolved_bars"]) == (1, 0)


def test_the_comparison_says_what_pessimism_costs() -> None:
    found = compare_intrabar(drawn(SIGNAL, BOTH), UP_FIRST, order(0, 1, **BRACKET), FREE)
    assert (found.ambiguous_bars, found.resolved_bars, found.unresolved_bars) == (1, 1, 0)
    assert (found.pessimistic_net_usd, found.resolved_net_usd) == (-2.0, 2.0)
    assert found.pessimism_usd == 4.0


def test_finer_bars_must_be_finer() -> None:
    bars = drawn(SIGNAL, BOTH)
    with pytest.raises(InputError, match="shorter timeframe"):
        simulate(bars, order(0, 1), FREE, finer=bars)


@settings(max_examples=100)
@given(bar_arrays().flatmap(lambda b: order_lists(b).map(lambda o: (b, o))))
def test_finer_bars_are_looked_at_on_ambiguous_bars_alone(
    world: tuple[BarArrays, Orders],
) -> None:
    bars, orders = world
    rules = Rules(multiplier_usd=1.0)
    alone = simulate(bars, orders, rules)
    run = simulate(bars, orders, rules, finer=doubled(bars))
    assert run.state["resolved_bars"] == run.state["ambiguous_bars"]
    if alone.state["ambiguous_bars"] == 0:
        assert run.fill_records.tolist() == alone.fill_records.tolist()
        assert run.equity_usd.tolist() == alone.equity_usd.tolist()
