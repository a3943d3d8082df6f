"""What may start: modes, limits, windows."""

from dataclasses import replace

import numpy as np
import pytest

from mlplatform.domain.errors import InputError
from mlplatform.execution import BarArrays, Limits, OrderKind, Orders, PositionMode, Rules
from mlplatform_tests.execution.drawn import FREE, drawn, entries, exits, order, played

FLAT = "100 101 99 100"
WIDE = {"stop_points": 50.0}


def flat(n: int, **columns: object) -> BarArrays:
    return drawn(*[FLAT] * n, **columns)


def outcomes(bars: BarArrays, orders: Orders, rules: Rules = FREE) -> list[str]:
    return played(bars, orders, rules).outcomes()["outcome"].to_list()


def limited(**limits: object) -> Rules:
    return replace(FREE, limits=Limits(**limits))  # type: ignore[arg-type]


def test_one_position_at_a_time() -> None:
    orders = Orders([0, 1, 2], [1, 1, -1], **WIDE)
    assert outcomes(flat(5), orders) == ["filled", "refused_busy", "refused_busy"]


def test_a_working_entry_keeps_others_out_as_well() -> None:
    orders = Orders([0, 1], [1, 1], kind=[OrderKind.LIMIT, OrderKind.MARKET], entry_limit=90.0)
    assert outcomes(flat(4), orders) == ["working", "refused_busy"]


def test_a_trade_may_start_on_the_bar_that_closed_the_one_before() -> None:
    bars = drawn(FLAT, "100 101 97 98", FLAT)
    orders = Orders([0, 1], [1, 1], stop_points=2.0)
    assert outcomes(bars, orders) == ["filled", "filled"]


def test_per_setup_lets_each_setup_hold_one() -> None:
    rules = replace(FREE, mode=PositionMode.PER_SETUP)
    orders = Orders([0, 0, 1], [1, -1, 1], setup=[0, 1, 0], setup_names=("a", "b"), **WIDE)
    assert outcomes(flat(4), orders, rules) == ["filled", "filled", "refused_busy"]


def test_scaling_in_is_off_unless_asked_for() -> None:
    orders = Orders([0, 1, 2], [1, 1, 1], **WIDE)
    rules = replace(FREE, max_entries=2)
    assert outcomes(flat(5), orders, rules) == ["filled", "filled", "refused_busy"]
    assert played(flat(5), orders, rules).position.tolist() == [0, 1, 2, 2, 2]


def test_an_opposite_signal_reverses_at_the_next_open_if_asked_to() -> None:
    bars = drawn(FLAT, FLAT, FLAT, "100.5 101 99 100")
    orders = Orders([0, 2], [1, -1], **WIDE)
    assert outcomes(bars, orders) == ["filled", "refused_busy"]
    run = played(bars, orders, replace(FREE, reverse=True))
    assert exits(run) == [(3, 100.5, 1, "reverse")]
    assert entries(run) == [(1, 100.0), (3, 100.5)]
    assert run.position.tolist() == [0, 1, 1, -1]


def test_a_refused_reversal_changes_nothing() -> None:
    rules = replace(limited(max_contracts=1), reverse=True)
    orders = Orders([0, 1], [1, -1], [1, 2], **WIDE)
    assert outcomes(flat(4), orders, rules) == ["filled", "refused_size"]
    assert played(flat(4), orders, rules).position.tolist() == [0, 1, 1, 1]


def test_an_exit_order_leaves_at_the_next_open() -> None:
    bars = drawn(FLAT, FLAT, "100.5 101 99 100")
    orders = Orders.concat([order(0, 1, **WIDE), Orders.exits([1]), Orders.exits([2])])
    run = played(bars, orders)
    assert exits(run) == [(2, 100.5, 1, "signal")]
    assert run.outcomes()["outcome"].to_list() == ["filled", "exited", "nothing_to_exit"]


def test_an_exit_order_cancels_a_working_entry() -> None:
    waiting = order(0, 1, kind=OrderKind.LIMIT, entry_limit=90.0)
    orders = Orders.concat([waiting, Orders.exits([1])])
    assert outcomes(flat(3), orders) == ["cancelled_exit", "exited"]


def test_the_position_stays_within_its_maximum() -> None:
    rules = replace(limited(max_contracts=3), max_entries=5)
    orders = Orders([0, 1, 1], [1, 1, 1], [2, 2, 1], **WIDE)
    assert outcomes(flat(4), orders, rules) == ["filled", "refused_size", "filled"]


def test_margin_must_cover_every_contract() -> None:
    orders = Orders([0, 2], [1, 1], [3, 2], time_exit_bars=1, **WIDE)
    assert outcomes(flat(4), orders, limited(margin_usd=400.0)) == ["refused_margin", "filled"]


def test_the_daily_loss_stops_trading_until_the_next_session() -> None:
    bars = drawn(FLAT, "100 101 90 91", FLAT, FLAT, FLAT, sessions=(1, 1, 1, 2, 2))
    orders = Orders([0, 2, 3], [1, 1, 1], stop_points=5.0, time_exit_bars=1)
    rules = replace(limited(max_daily_loss_usd=5.0), flatten_at_session_end=False)
    assert outcomes(bars, orders, rules) == ["filled", "refused_daily_loss", "filled"]
    rules = replace(limited(max_daily_loss_usd=5.25), flatten_at_session_end=False)
    assert outcomes(bars, orders, rules) == ["filled", "filled", "filled"]


def test_the_daily_loss_counts_what_is_open_and_cancels_what_works() -> None:
    bars = drawn(FLAT, "100 101 94 94", "94 95 88 95")
    rules = replace(limited(max_daily_loss_usd=5.0), mode=PositionMode.PER_SETUP)
    orders = Orders(
        [0, 0],
        [1, 1],
        kind=[OrderKind.MARKET, OrderKind.LIMIT],
        entry_limit=90.0,
        setup=[0, 1],
        setup_names=("a", "b"),
        **WIDE,
    )
    assert outcomes(bars, orders, rules) == ["filled", "cancelled_limit"]


def test_losing_trades_stop_the_session() -> None:
    bars = drawn(FLAT, "100 101 97 98", FLAT, "100 101 97 98", FLAT, FLAT, sessions=(1,) * 6)
    orders = Orders([0, 2, 4], [1, 1, 1], stop_points=2.0)
    rules = limited(max_losses_per_session=2)
    assert outcomes(bars, orders, rules) == ["filled", "filled", "refused_losses"]
    bars = replace(bars, session_id=np.array([1, 1, 1, 2, 2, 2], np.int32))
    rules = replace(limited(max_losses_per_session=1), flatten_at_session_end=False)
    assert outcomes(bars, orders, rules)[:2] == ["filled", "refused_losses"]
    assert outcomes(bars, Orders([0, 3], [1, 1], stop_points=2.0), rules) == ["filled", "filled"]


def test_a_session_has_so_many_trades_at_most() -> None:
    orders = Orders([0, 2, 4, 5], [1] * 4, time_exit_bars=1, **WIDE)
    bars = flat(8, sessions=(1, 1, 1, 1, 1, 2, 2, 2))
    rules = replace(limited(max_trades_per_session=1), flatten_at_session_end=False)
    got = outcomes(bars, orders, rules)
    assert got == ["filled", "refused_trades", "refused_trades", "filled"]


def test_nothing_is_decided_on_the_last_bar_of_a_session_that_ends_flat() -> None:
    bars = flat(4, sessions=(1, 1, 2, 2))
    assert outcomes(bars, order(1, 1)) == ["refused_session"]
    kept = replace(FREE, flatten_at_session_end=False)
    assert outcomes(bars, order(1, 1), kept) == ["filled"]
    assert outcomes(flat(4, contract_id=[1, 1, 2, 2]), order(1, 1), kept) == ["refused_roll"]


def test_working_entries_end_with_the_session_and_with_the_contract() -> None:
    waiting = order(0, 1, kind=OrderKind.LIMIT, entry_limit=90.0)
    assert outcomes(flat(4, sessions=(1, 1, 2, 2)), waiting) == ["cancelled_session"]
    kept = replace(FREE, flatten_at_session_end=False)
    assert outcomes(flat(4, contract_id=[1, 1, 2, 2]), waiting, kept) == ["cancelled_roll"]


def test_entries_near_the_end_of_the_session_are_refused() -> None:
    bars = flat(6, sessions=(1, 1, 1, 1, 2, 2))
    rules = limited(no_entry_bars=2)
    assert outcomes(bars, order(1, 1), rules) == ["filled"]
    assert outcomes(bars, order(2, 1), rules) == ["refused_window"]
    ends = [240_000_000] * 4 + [10**12] * 2
    bars = flat(6, sessions=(1, 1, 1, 1, 2, 2), session_end=ends)
    rules = limited(no_entry_minutes=2)
    assert outcomes(bars, order(1, 1), rules) == ["filled"]
    assert outcomes(bars, order(2, 1), rules) == ["refused_window"]


def test_windows_are_in_chicago_time_at_the_end_of_the_bar() -> None:
    """2025-07-01 13:30 UTC is 08:30 in Chicago."""
    bars = flat(4)
    start = 1_751_376_480_000_000  # 13:28 UTC: the bars end 08:29, 08:30, 08:31, 08:32
    bars = replace(bars, ts=bars.ts + start)
    rules = limited(windows=(("08:30", "08:31"),))
    assert [outcomes(bars, order(i, 1), rules)[0] for i in range(3)] == [
        "refused_window",
        "filled",
        "refused_window",
    ]
    overnight = limited(windows=(("17:00", "08:30"),))
    assert outcomes(bars, order(0, 1), overnight) == ["filled"]
    assert outcomes(bars, order(1, 1), overnight) == ["refused_window"]


def test_a_working_entry_does_not_outlast_its_window() -> None:
    waiting = order(0, 1, kind=OrderKind.LIMIT, entry_limit=90.0)
    bars = flat(5, sessions=(1,) * 5)
    bars = replace(bars, session_id=np.array([1, 1, 1, 1, 2], np.int32))
    assert outcomes(bars, waiting, limited(no_entry_bars=3)) == ["cancelled_window"]


def test_windows_must_be_times() -> None:
    with pytest.raises(InputError, match="no exchange time"):
        played(flat(2), order(0, 1), limited(windows=(("8.30", "9"),)))


def test_a_trade_that_breaks_even_is_no_loss() -> None:
    orders = Orders([0, 2], [1, 1], time_exit_bars=1, **WIDE)
    assert outcomes(flat(5), orders, limited(max_losses_per_session=1)) == ["filled", "filled"]


def test_margin_that_the_equity_just_covers_is_enough() -> None:
    assert outcomes(flat(3), order(0, 1, 2), limited(margin_usd=500.0)) == ["filled"]
    assert outcomes(flat(3), order(0, 1, 2), limited(margin_usd=500.25)) == ["refused_margin"]


def test_a_loss_that_was_only_marked_stops_the_session_as_well() -> None:
    bars = drawn(FLAT, FLAT, "100 100 94 94", "94 103 94 103", FLAT, FLAT)
    orders = Orders([0, 4], [1, 1], stop_points=9.0, target_points=3.0)
    run = played(bars, orders, limited(max_daily_loss_usd=5.0))
    assert exits(run) == [(3, 103.0, 1, "target")]
    assert run.outcomes()["outcome"].to_list() == ["filled", "refused_daily_loss"]


def test_an_exit_order_spares_no_entry_of_its_own_group() -> None:
    waiting = order(0, 1, kind=OrderKind.LIMIT, entry_limit=90.0, oco_group=3)
    orders = Orders.concat([waiting, Orders.exits([0], oco_group=3)])
    assert outcomes(flat(3), orders) == ["cancelled_exit", "exited"]


def contracts(bars: BarArrays, orders: Orders, rules: Rules) -> list[int]:
    """Of every entry fill, on 1,000 dollars."""
    fills = played(bars, orders, rules).fills()
    return fills.filter(fills["reason"] == "entry")["contracts"].to_list()


def test_an_order_has_as_many_contracts_as_the_heat_leaves_and_none_is_refused() -> None:
    """6 % of 1,000 dollars are 60: three contracts of 20 points."""
    one = Orders([0], [1], 5, stop_points=20.0)
    assert contracts(flat(3), one, limited(max_heat_frac=0.06)) == [3]
    assert contracts(flat(3), one, limited(max_heat_frac=0.5)) == [5]
    assert contracts(flat(3), one, limited()) == [5]
    assert outcomes(flat(3), one, limited(max_heat_frac=0.0199)) == ["refused_heat"]
    naked = Orders([0], [1], 5)
    assert outcomes(flat(3), naked, limited(max_heat_frac=0.9)) == ["refused_heat"]


def test_heat_counts_what_other_open_and_working_trades_can_lose() -> None:
    rules = replace(limited(max_heat_frac=0.06), mode=PositionMode.PER_SETUP)
    two = Orders([0, 1], [1, -1], [2, 5], setup=[0, 1], setup_names=("a", "b"), stop_points=20.0)
    assert contracts(flat(4), two, rules) == [2, 1]
    resting = replace(two, kind=[OrderKind.LIMIT, OrderKind.MARKET], entry_limit=[90.0, np.nan])
    assert contracts(flat(4), resting, rules) == [1]


def test_a_stop_moved_beyond_the_entry_risks_nothing() -> None:
    bars = drawn(FLAT, "100 111 100 110", *["110 111 109 110"] * 3)
    rules = replace(limited(max_heat_frac=0.06), mode=PositionMode.PER_SETUP)
    two = Orders(
        [0, 2],
        [1, 1],
        [3, 3],
        setup=[0, 1],
        setup_names=("a", "b"),
        stop_points=20.0,
        breakeven_trigger_points=[5.0, np.inf],
        breakeven_offset_points=0.0,
    )
    assert contracts(bars, two, rules) == [3, 3]


FALLEN = (FLAT, "100 101 94 94", *["94 95 93 94"] * 3)
"""Ten contracts bought at 100 lose 60 of 1,000 dollars at a stop of 6 points."""


@pytest.mark.parametrize(
    ("ends", "expected"), [(0.0, 8), (0.10, 5), (0.07, 2), (0.06, 1), (0.05, 1), (0.5, 7)]
)
def test_contracts_shrink_with_the_drawdown_to_one(ends: float, expected: int) -> None:
    """At a fall of 6 %, scaled from 4 % on: at 10 % four sixths are left, of 8 five."""
    orders = Orders([0, 2], [1, 1], [10, 8], stop_points=6.0)
    limits = limited(drawdown_starts_frac=0.04 if ends else 0.0, drawdown_ends_frac=ends)
    assert contracts(drawn(*FALLEN), orders, limits) == [10, expected]


def test_from_the_greatest_drawdown_on_nothing_is_entered() -> None:
    orders = Orders([0, 2], [1, 1], [10, 8], stop_points=6.0)
    assert outcomes(drawn(*FALLEN), orders, limited(max_drawdown_frac=0.06))[1] == (
        "refused_drawdown"
    )
    assert outcomes(drawn(*FALLEN), orders, limited(max_drawdown_frac=0.0601))[1] == "filled"


def test_scaling_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InputError, match="must lie below"):
        Limits(drawdown_starts_frac=0.1, drawdown_ends_frac=0.1)


def test_an_exit_needs_no_heat() -> None:
    orders = Orders.concat([Orders([0], [1], stop_points=50.0), Orders.exits([1])])
    assert outcomes(flat(4), orders, limited(max_heat_frac=0.06)) == ["filled", "exited"]
