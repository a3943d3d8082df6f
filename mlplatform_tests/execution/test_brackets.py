"""What becomes of an open position."""

from dataclasses import replace

import pytest

from mlplatform.execution import OrderKind
from mlplatform_tests.execution.drawn import FREE, drawn, entries, exits, order, played

THROUGH = replace(FREE, limit_through_ticks=1.0)
SIGNAL = "100 101 99 100"
FLAT = "100 100 100 100"


def test_a_stop_fills_at_its_price() -> None:
    run = played(drawn(SIGNAL, "100 101 97 98"), order(0, 1, stop_points=2.0))
    assert exits(run) == [(1, 98.0, 1, "stop")]


def test_a_stop_that_is_just_missed_does_not_fill() -> None:
    assert exits(played(drawn(SIGNAL, "100 101 98.25 98.5"), order(0, 1, stop_points=2.0))) == []


def test_a_stop_fills_at_the_open_where_the_bar_gaps_beyond_it() -> None:
    run = played(drawn(SIGNAL, FLAT, "95 96 94 95"), order(0, 1, stop_points=2.0))
    assert exits(run) == [(2, 95.0, 1, "stop")]
    run = played(drawn(SIGNAL, FLAT, "105 106 104 105"), order(0, -1, stop_points=2.0))
    assert exits(run) == [(2, 105.0, 1, "stop")]


def test_a_target_fills_at_its_price_or_a_better_open() -> None:
    terms = {"stop_points": 9.0, "target_points": 2.0}
    assert exits(played(drawn(SIGNAL, "100 102 99 101"), order(0, 1, **terms))) == [
        (1, 102.0, 1, "target")
    ]
    run = played(drawn(SIGNAL, FLAT, "103 104 102 103"), order(0, 1, **terms), THROUGH)
    assert exits(run) == [(2, 103.0, 1, "target")]


def test_a_target_needs_to_be_traded_through() -> None:
    terms = {"stop_points": 9.0, "target_points": 2.0}
    assert exits(played(drawn(SIGNAL, "100 102 99 101"), order(0, 1, **terms), THROUGH)) == []
    run = played(drawn(SIGNAL, "100 102.25 99 101"), order(0, 1, **terms), THROUGH)
    assert exits(run) == [(1, 102.0, 1, "target")]


@pytest.mark.parametrize("side", [1, -1])
def test_stop_before_target_within_one_bar(side: int) -> None:
    terms = {"stop_points": 2.0, "target_points": 2.0}
    run = played(drawn(SIGNAL, "100 103 97 100"), order(0, side, **terms))
    assert exits(run) == [(1, 100.0 - 2 * side, 1, "stop")]
    assert run.state["ambiguous_bars"] == 1


def test_a_target_at_the_open_comes_before_a_stop_later_in_the_bar() -> None:
    terms = {"stop_points": 2.0, "target_points": 2.0}
    run = played(drawn(SIGNAL, FLAT, "103 104 90 91"), order(0, 1, **terms))
    assert exits(run) == [(2, 103.0, 1, "target")]


def test_a_fill_at_the_open_is_judged_on_its_whole_bar() -> None:
    terms = {"stop_points": 5.0, "target_points": 2.0}
    run = played(drawn(SIGNAL, "100 102 99 101"), order(0, 1, **terms))
    assert exits(run) == [(1, 102.0, 1, "target")]


def test_a_fill_inside_the_bar_can_be_stopped_on_it_but_reaches_no_target() -> None:
    terms = {"kind": OrderKind.STOP, "entry_stop": 101.0, "stop_points": 2.0, "target_points": 2.0}
    run = played(drawn(SIGNAL, "100 105 99.5 104", "104 104 103 103"), order(0, 1, **terms))
    assert entries(run) == [(1, 101.0)]
    assert exits(run) == [(2, 104.0, 1, "target")]
    run = played(drawn(SIGNAL, "100 105 99 104"), order(0, 1, **terms))
    assert exits(run) == [(1, 99.0, 1, "stop")]


def test_several_targets_take_their_contracts_and_the_stop_takes_the_rest() -> None:
    terms = {
        "stop_points": 3.0,
        "target_points": [[1.0, 2.0, 9.0]],
        "target_quantity": [[2, 1, 1]],
    }
    bars = drawn(SIGNAL, "100 101 99 101", "101 102 100 102", "102 102 96 97")
    run = played(bars, order(0, 1, 5, **terms))
    assert exits(run) == [
        (1, 101.0, 2, "target"),
        (2, 102.0, 1, "target"),
        (3, 97.0, 2, "stop"),
    ]
    trade = run.trades().row(0, named=True)
    assert trade["exit_price"] == pytest.approx((2 * 101 + 102 + 2 * 97) / 5)
    assert trade["net_usd"] == 2 * 1 + 2 - 2 * 3
    assert trade["exit_reason"] == "stop"


def test_one_bar_can_reach_several_targets() -> None:
    terms = {"target_points": [[1.0, 2.0]], "target_quantity": [[1, 1]], "stop_points": 5.0}
    run = played(drawn(SIGNAL, "100 103 99 103"), order(0, 1, 2, **terms))
    assert exits(run) == [(1, 101.0, 1, "target"), (1, 102.0, 1, "target")]


def test_break_even_moves_the_stop_from_the_next_bar_on() -> None:
    terms = {
        "stop_points": 5.0,
        "breakeven_trigger_points": 2.0,
        "breakeven_offset_points": 0.25,
    }
    bars = drawn(SIGNAL, "100 102 98 101", "101 101 100 100")
    assert exits(played(bars, order(0, 1, **terms))) == [(2, 100.25, 1, "breakeven")]
    bars = drawn(SIGNAL, "100 101.75 98 101", "101 101 100 100")
    assert exits(played(bars, order(0, 1, **terms))) == []


def test_a_trail_follows_the_best_price_and_never_back() -> None:
    terms = {"stop_points": 5.0, "trail_points": 2.0, "trail_activation_points": 1.0}
    bars = drawn(SIGNAL, "100 103 100 102", "102 102.5 101.25 102", "102 102 100.5 101")
    assert exits(played(bars, order(0, 1, **terms))) == [(3, 101.0, 1, "trail")]
    bars = drawn(SIGNAL, "100 100 97 98", "98 98.75 98 98", "98 100 98 99")
    assert exits(played(bars, order(0, -1, **terms))) == [(3, 99.0, 1, "trail")]


def test_a_trail_waits_for_its_activation() -> None:
    terms = {"stop_points": 5.0, "trail_points": 1.0, "trail_activation_points": 2.0}
    bars = drawn(SIGNAL, "100 101.75 100 101", "101 101 99 99")
    assert exits(played(bars, order(0, 1, **terms))) == []


def test_a_trail_without_activation_holds_from_the_fill_on() -> None:
    run = played(drawn(SIGNAL, "100 100 98 98"), order(0, 1, trail_points=2.0))
    assert exits(run) == [(1, 98.0, 1, "trail")]


def test_a_trail_in_atr_uses_the_atr_known_at_the_close() -> None:
    bars = drawn(
        SIGNAL, "100 104 100 103", "103 103 100 101", atr_points=[9.0, 1.5, 0.1], sessions=(0, 0, 0)
    )
    terms = {"stop_points": 5.0, "trail_atr": 2.0, "trail_activation_points": 1.0}
    assert exits(played(bars, order(0, 1, **terms))) == [(2, 101.0, 1, "trail")]


def test_a_time_exit_leaves_at_the_close_of_its_last_bar() -> None:
    bars = drawn(SIGNAL, "100 101 99 100", "100 101 99 100.5", "100 101 99 100")
    run = played(bars, order(0, 1, stop_points=5.0, time_exit_bars=2))
    assert exits(run) == [(2, 100.5, 1, "time")]
    assert run.trades()["bars_held"][0] == 2


def test_the_session_ends_flat_at_the_close_of_its_last_bar() -> None:
    bars = drawn(SIGNAL, SIGNAL, "100 101 99 100.5", SIGNAL, sessions=(1, 1, 1, 2))
    run = played(bars, order(0, 1, stop_points=5.0))
    assert exits(run) == [(2, 100.5, 1, "session")]
    held = played(bars, order(0, 1, stop_points=5.0), replace(FREE, flatten_at_session_end=False))
    assert exits(held) == []


def test_the_scheduled_end_of_the_session_is_known_without_the_next_bar() -> None:
    bars = drawn(SIGNAL, "100 101 99 100.5", session_end=[120_000_000, 120_000_000])
    assert exits(played(bars, order(0, 1, stop_points=5.0))) == [(1, 100.5, 1, "session")]


def test_no_trade_crosses_a_roll_even_if_sessions_are_crossed() -> None:
    bars = drawn(SIGNAL, "100 101 99 100.5", "150 151 149 150", contract_id=[1, 1, 2])
    run = played(bars, order(0, 1, stop_points=5.0), replace(FREE, flatten_at_session_end=False))
    assert exits(run) == [(1, 100.5, 1, "roll")]


def test_a_trade_that_rests_ends_at_the_roll_as_well() -> None:
    bars = drawn(SIGNAL, SIGNAL, SIGNAL, "100 101 99 100.5", SIGNAL, contract_id=[1, 1, 1, 1, 2])
    run = played(bars, order(0, 1, stop_points=5.0), replace(FREE, flatten_at_session_end=False))
    assert exits(run) == [(3, 100.5, 1, "roll")]


def test_a_stop_within_the_bar_comes_before_an_exit_at_its_close() -> None:
    run = played(drawn(SIGNAL, "100 101 97 100"), order(0, 1, stop_points=2.0, time_exit_bars=1))
    assert exits(run) == [(1, 98.0, 1, "stop")]


def test_levels_can_hang_on_a_reference_price() -> None:
    terms = {"reference_price": 100.0, "stop_points": 2.0, "target_points": 4.0}
    run = played(drawn(SIGNAL, "101 101 100 101", "101 104 100 104"), order(0, 1, **terms))
    assert entries(run) == [(1, 101.0)]
    assert exits(run) == [(2, 104.0, 1, "target")]
    gapped = played(drawn(SIGNAL, "97 99 97 98"), order(0, 1, **terms))
    assert exits(gapped) == [(1, 97.0, 1, "stop")]


def test_excursions_are_measured_from_the_entry_until_the_exit() -> None:
    terms = {"stop_points": 9.0, "target_points": 4.0}
    bars = drawn(SIGNAL, "100 101 97 100", "100 109 99 108")
    trade = played(bars, order(0, 1, **terms)).trades().row(0, named=True)
    assert (trade["mae_points"], trade["mfe_points"]) == (3.0, 4.0)
    bars = drawn(SIGNAL, "100 101 97 100", "100 109 90 108")
    trade = played(bars, order(0, 1, **terms)).trades().row(0, named=True)
    assert (trade["mae_points"], trade["mfe_points"]) == (9.0, 1.0)


def test_the_high_of_the_bar_of_an_inside_entry_is_no_excursion() -> None:
    terms = {"kind": OrderKind.LIMIT, "entry_limit": 99.0, "stop_points": 5.0, "time_exit_bars": 2}
    bars = drawn(SIGNAL, "100 104 98 100", "100 100 100 100")
    trade = played(bars, order(0, 1, **terms)).trades().row(0, named=True)
    assert (trade["mae_points"], trade["mfe_points"]) == (1.0, 1.0)


def test_an_open_at_the_target_is_not_beyond_it() -> None:
    terms = {"stop_points": 9.0, "target_points": 2.0}
    run = played(drawn(SIGNAL, FLAT, "102 102 101 101"), order(0, 1, **terms), THROUGH)
    assert exits(run) == []


def test_a_trail_starts_exactly_at_its_activation() -> None:
    terms = {"stop_points": 9.0, "trail_points": 1.0, "trail_activation_points": 2.0}
    run = played(drawn(SIGNAL, "100 102 100 102", "102 102 100 100"), order(0, 1, **terms))
    assert exits(run) == [(2, 101.0, 1, "trail")]


def test_a_stop_never_moves_away_from_the_market() -> None:
    terms = {"stop_points": 1.0, "breakeven_trigger_points": 2.0, "breakeven_offset_points": -5.0}
    run = played(drawn(SIGNAL, "100 102 99.5 100", "100 100 96 96"), order(0, 1, **terms))
    assert exits(run) == [(2, 99.0, 1, "stop")]
