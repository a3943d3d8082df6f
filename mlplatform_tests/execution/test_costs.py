"""Commission, spread, slippage, and the money that follows."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from mlplatform.execution import BarArrays, Orders, Rules
from mlplatform.execution.codes import OPEN
from mlplatform_tests.execution.drawn import FREE, drawn, entries, exits, order, played
from mlplatform_tests.execution.worlds import worlds

SIGNAL = "100 101 99 100"


def test_slippage_and_half_the_spread_are_paid_by_market_and_stop_fills() -> None:
    rules = replace(FREE, slippage_ticks=1.0, spread_ticks=2.0)
    run = played(drawn(SIGNAL, "100 101 97 98"), order(0, 1, stop_points=2.0), rules)
    assert entries(run) == [(1, 100.5)]
    assert exits(run) == [(1, 98.0, 1, "stop")]


def test_a_limit_fill_pays_no_slippage() -> None:
    rules = replace(FREE, slippage_ticks=4.0)
    run = played(
        drawn(SIGNAL, "100 103 100 103"), order(0, 1, stop_points=9.0, target_points=2.0), rules
    )
    assert exits(run) == [(1, 103.0, 1, "target")]
    assert run.trades()["slippage_usd"][0] == 1.0


def test_commission_is_paid_per_contract_at_each_fill() -> None:
    rules = replace(FREE, commission_usd=0.5, multiplier_usd=2.0)
    run = played(drawn(SIGNAL, "100 101 97 98"), order(0, 1, 3, stop_points=2.0), rules)
    trade = run.trades().row(0, named=True)
    assert run.fills()["commission_usd"].to_list() == [1.5, 1.5]
    assert (trade["gross_usd"], trade["commission_usd"], trade["net_usd"]) == (-12.0, 3.0, -15.0)
    assert trade["r"] == -15.0 / 12.0


def test_slippage_in_atr_uses_the_atr_of_the_bar_before() -> None:
    rules = Rules(tick_points=None, limit_through_ticks=0.0, slippage_atr_frac=0.1)
    bars = drawn(SIGNAL, SIGNAL, "100 101 97 98", atr_points=[2.0, 4.0, 99.0])
    run = played(bars, order(0, 1, stop_points=2.0), rules)
    assert entries(run) == [(1, 100.2)]
    assert exits(run) == [(2, pytest.approx(98.2 - 0.4), 1, "stop")]


def test_slippage_in_atr_follows_the_atr_while_the_trade_rests() -> None:
    rules = Rules(tick_points=None, limit_through_ticks=0.0, slippage_atr_frac=0.1)
    bars = drawn(SIGNAL, SIGNAL, SIGNAL, "100 101 97 98", atr_points=[2.0, 9.0, 4.0, 99.0])
    run = played(bars, order(0, 1, stop_points=2.0), rules)
    assert exits(run) == [(3, pytest.approx(98.2 - 0.4), 1, "stop")]


def test_the_drawdown_is_the_deepest_fall_of_the_marks_resting_bars_included() -> None:
    bars = drawn(SIGNAL, SIGNAL, "100 104 100 103", "103 103 94 95", "95 99 95 99")
    run = played(bars, order(0, 1, stop_points=9.0))
    assert run.equity_usd.tolist() == [1000.0, 1000.0, 1003.0, 995.0, 999.0]
    assert run.state["drawdown_usd"] == 8.0


def test_slippage_grows_with_the_square_of_the_share_of_volume_up_to_its_cap() -> None:
    rules = Rules(tick_points=None, limit_through_ticks=0.0, impact_frac=0.1, impact_share_cap=0.5)
    bars = drawn(SIGNAL, SIGNAL, volume=[1.0, 10.0])
    assert entries(played(bars, order(0, 1, 2), rules)) == [(1, 100 + 0.1 * 100 * 0.2**2)]
    assert entries(played(bars, order(0, 1, 9), rules)) == [(1, 100 + 0.1 * 100 * 0.5**2)]


def test_without_volume_the_impact_is_that_of_the_cap() -> None:
    rules = Rules(tick_points=None, limit_through_ticks=0.0, impact_frac=0.1, impact_share_cap=0.5)
    for volume in ([1.0, float("nan")], [1.0, 0.0]):
        run = played(drawn(SIGNAL, SIGNAL, volume=volume), order(0, 1), rules)
        assert entries(run) == [(1, 102.5)]


@settings(max_examples=200)
@given(worlds())
def test_money_is_conserved_to_the_cent(world: tuple[BarArrays, Orders, Rules]) -> None:
    """Equity change = what the fills paid - costs + what is open, at its mark."""
    bars, orders, rules = world
    run = played(bars, orders, rules)
    fills = run.fill_records
    paid = -(fills["side"] * fills["quantity"] * fills["price"]).sum() * rules.multiplier_usd
    mark = bars.close[-1]
    if rules.fill_policy.name == "QUOTE_CLOSE":
        mark = (bars.bid[-1] + bars.ask[-1]) / 2
    open_value = run.position[-1] * mark * rules.multiplier_usd
    change = run.equity_usd[-1] - 1000.0
    assert change == pytest.approx(paid - fills["commission_usd"].sum() + open_value, abs=0.005)
    slots = run.state["slots"]
    held = slots[slots["status"] == OPEN]
    unrealised = (
        held["side"] * (mark - held["entry_price"]) * held["remaining"] * rules.multiplier_usd
        + held["gross_usd"]
        - held["commission_usd"]
    ).sum()
    net = run.trade_records["net_usd"].sum()
    assert change == pytest.approx(net + unrealised, abs=0.005)


@settings(max_examples=200)
@given(worlds())
def test_every_trade_adds_up(world: tuple[BarArrays, Orders, Rules]) -> None:
    bars, orders, rules = world
    run = played(bars, orders, rules)
    for trade in run.trade_records:
        fills = run.fill_records[run.fill_records["order"] == trade["order"]]
        entry, leaving = fills[0], fills[1:]
        assert entry["quantity"] == leaving["quantity"].sum() == trade["quantity"]
        assert (leaving["side"] == -entry["side"]).all()
        assert trade["decision_bar"] <= trade["entry_bar"] <= trade["exit_bar"]
        assert trade["entry_bar"] > trade["decision_bar"] or rules.fill_policy != 0
        ahead = trade["mfe_points"], trade["mae_points"]
        assert min(ahead) >= 0.0
        assert trade["net_usd"] == pytest.approx(trade["gross_usd"] - trade["commission_usd"])
        assert trade["slippage_usd"] >= -1e-9
        low = bars.low[trade["entry_bar"] : trade["exit_bar"] + 1].min()
        high = bars.high[trade["entry_bar"] : trade["exit_bar"] + 1].max()
        if rules.fill_policy != 2:
            reach = trade["side"] * (trade["entry_price"] - (low if trade["side"] > 0 else high))
            assert trade["mae_points"] <= max(reach, 0.0) + 1e-9


def test_a_price_on_a_grid_that_floats_cannot_hold_stays_where_it_is() -> None:
    """100.3 / 0.1 is a little above 1003 in floating point."""
    rules = Rules(tick_points=0.1, limit_through_ticks=0.0)
    run = played(drawn(SIGNAL, "100.3 101 99 100"), order(0, 1), rules)
    assert entries(run) == [(1, pytest.approx(100.3, abs=1e-9))]
    run = played(drawn(SIGNAL, "100.7 101 99 100"), order(0, -1), rules)
    assert entries(run) == [(1, pytest.approx(100.7, abs=1e-9))]
