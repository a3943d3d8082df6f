"""Law: nothing that comes later changes what has happened, and no fill is better than its bar."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.execution import BarArrays, FillPolicy, Orders, Rules, simulate
from mlplatform_tests.execution.worlds import worlds


@settings(max_examples=150)
@given(worlds(), st.data())
def test_poisoned_bars_change_nothing_before_them(
    world: tuple[BarArrays, Orders, Rules], data: st.DataObject
) -> None:
    bars, orders, rules = world
    cut = data.draw(st.integers(0, len(bars)))
    later = np.arange(len(bars)) >= cut
    prices = {
        name: np.where(later, getattr(bars, name) * 3 + 7, getattr(bars, name))
        for name in ("open", "high", "low", "close", "bid", "ask", "atr_points", "volume")
    }
    before, after = simulate(bars, orders, rules), simulate(replace(bars, **prices), orders, rules)
    assert before.equity_usd[:cut].tolist() == after.equity_usd[:cut].tolist()
    assert before.position[:cut].tolist() == after.position[:cut].tolist()
    known = [run.fill_records[run.fill_records["bar"] < cut].tolist() for run in (before, after)]
    assert known[0] == known[1]


@settings(max_examples=150)
@given(worlds())
def test_without_costs_every_fill_lies_within_its_bar(
    world: tuple[BarArrays, Orders, Rules],
) -> None:
    bars, orders, rules = world
    free = replace(
        rules,
        tick_points=None,
        slippage_ticks=0.0,
        spread_ticks=0.0,
        limit_through_ticks=0.0,
        slippage_atr_frac=0.0,
        impact_frac=0.0,
        fill_policy=min(rules.fill_policy, FillPolicy.SAME_CLOSE),
    )
    fills = simulate(bars, orders, free).fill_records
    assert (fills["price"] >= bars.low[fills["bar"]] - 1e-9).all()
    assert (fills["price"] <= bars.high[fills["bar"]] + 1e-9).all()


@settings(max_examples=100)
@given(worlds())
def test_costs_never_make_a_fill_better(world: tuple[BarArrays, Orders, Rules]) -> None:
    """The first fill of all depends on nothing before it, so it can be held against itself."""
    bars, orders, rules = world
    dear = replace(rules, tick_points=0.25, slippage_ticks=1.0, spread_ticks=1.0)
    cheap = replace(dear, slippage_ticks=0.0, spread_ticks=0.0)
    runs = [simulate(bars, orders, each).fill_records[:1] for each in (cheap, dear)]
    if all(len(run) for run in runs):
        paid = runs[1]["side"] * (runs[1]["price"] - runs[0]["price"])
        assert (paid >= -1e-9).all()
