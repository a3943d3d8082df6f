"""When and where an entry fills."""

from dataclasses import replace

import pytest

from mlplatform.execution import OrderKind, Orders, Rules
from mlplatform_tests.execution.drawn import FREE, drawn, entries, order, played

LIMIT, STOP, STOP_LIMIT = OrderKind.LIMIT, OrderKind.STOP, OrderKind.STOP_LIMIT
THROUGH = replace(FREE, limit_through_ticks=1.0)
QUIET = "100 101 99 100"


def outcome(run: object) -> str:
    return run.outcomes()["outcome"][0]  # type: ignore[attr-defined]


def test_a_market_order_fills_at_the_next_open_never_on_its_own_bar() -> None:
    assert entries(played(drawn(QUIET, "100.5 101 99 100"), order(0, 1))) == [(1, 100.5)]


def test_an_order_of_the_last_bar_never_fills() -> None:
    run = played(drawn(QUIET), order(0, 1))
    assert entries(run) == []
    assert outcome(run) == "working"


@pytest.mark.parametrize(("low", "fills"), [(98.0, []), (97.75, [(1, 98.0)])])
def test_a_limit_needs_the_price_to_trade_through_it(low: float, fills: list) -> None:
    bars = drawn(QUIET, f"100 101 {low} 100")
    assert entries(played(bars, order(0, 1, kind=LIMIT, entry_limit=98.0), THROUGH)) == fills


def test_with_through_zero_a_limit_fills_on_touch() -> None:
    bars = drawn(QUIET, "100 101 98 100")
    assert entries(played(bars, order(0, 1, kind=LIMIT, entry_limit=98.0))) == [(1, 98.0)]


def test_a_limit_fills_at_a_better_open_without_being_traded_through() -> None:
    bars = drawn(QUIET, "97.75 101 97.75 100")
    assert entries(played(bars, order(0, 1, kind=LIMIT, entry_limit=98.0), THROUGH)) == [(1, 97.75)]


def test_an_open_at_the_limit_is_no_better_open() -> None:
    bars = drawn(QUIET, "98 101 98 100")
    assert entries(played(bars, order(0, 1, kind=LIMIT, entry_limit=98.0), THROUGH)) == []


def test_a_sell_limit_mirrors_a_buy_limit() -> None:
    bars = drawn(QUIET, "100 102.25 99 100")
    assert entries(played(bars, order(0, -1, kind=LIMIT, entry_limit=102.0), THROUGH)) == [(1, 102)]


def test_a_stop_entry_fills_at_its_price_when_reached() -> None:
    bars = drawn(QUIET, "100 102 99 100")
    assert entries(played(bars, order(0, 1, kind=STOP, entry_stop=102.0))) == [(1, 102.0)]
    assert entries(played(bars, order(0, 1, kind=STOP, entry_stop=102.25))) == []


def test_a_stop_entry_fills_at_a_gapping_open() -> None:
    bars = drawn(QUIET, "103 104 102.5 103")
    assert entries(played(bars, order(0, 1, kind=STOP, entry_stop=102.0))) == [(1, 103.0)]
    bars = drawn(QUIET, "96 98 95 97")
    assert entries(played(bars, order(0, -1, kind=STOP, entry_stop=97.0))) == [(1, 96.0)]


def test_a_stop_limit_that_triggers_inside_the_bar_fills_at_its_stop_if_that_is_better() -> None:
    bars = drawn(QUIET, "100 103 99 100")
    terms = {"kind": STOP_LIMIT, "entry_stop": 102.0}
    assert entries(played(bars, order(0, 1, entry_limit=102.5, **terms), THROUGH)) == [(1, 102.0)]


def test_a_stop_limit_below_its_trigger_waits_for_the_next_bar() -> None:
    """The low of the trigger bar may be older than the trigger."""
    bars = drawn(QUIET, "100 103 99 103", "103 103 100 101")
    terms = {"kind": STOP_LIMIT, "entry_stop": 102.0, "entry_limit": 101.0}
    assert entries(played(bars, order(0, 1, **terms))) == [(2, 101.0)]


def test_a_stop_limit_that_gaps_over_its_limit_waits_at_the_limit() -> None:
    bars = drawn(QUIET, "105 106 104 105", "105 105 102 103")
    terms = {"kind": STOP_LIMIT, "entry_stop": 102.0, "entry_limit": 103.0}
    assert entries(played(bars, order(0, 1, **terms))) == [(2, 103.0)]
    bars = drawn(QUIET, "102.5 106 102 105")
    assert entries(played(bars, order(0, 1, **terms))) == [(1, 102.5)]


def test_an_unfilled_entry_expires_after_its_bars() -> None:
    bars = drawn(QUIET, QUIET, QUIET, "100 101 97 98")
    terms = {"kind": LIMIT, "entry_limit": 98.0}
    run = played(bars, order(0, 1, expiry_bars=2, **terms))
    assert entries(run) == []
    assert outcome(run) == "cancelled_expiry"
    assert entries(played(bars, order(0, 1, expiry_bars=3, **terms))) == [(3, 98.0)]


def test_one_entry_of_an_oco_pair_cancels_the_other() -> None:
    bars = drawn(QUIET, "100 102 99 101", "101 101 97 98")
    pair = Orders(
        [0, 0], [1, -1], kind=STOP, entry_stop=[102.0, 98.0], oco_group=5, stop_points=50.0
    )
    run = played(bars, pair)
    assert entries(run) == [(1, 102.0)]
    assert run.outcomes()["outcome"].to_list() == ["filled", "cancelled_oco"]


def test_of_an_oco_pair_the_fill_at_the_open_comes_first() -> None:
    bars = drawn(QUIET, "97 103 96 101")
    pair = Orders([0, 0], [1, -1], kind=STOP, entry_stop=[102.0, 98.0], oco_group=5)
    assert entries(played(bars, pair)) == [(1, 97.0)]


def test_a_limit_entry_off_the_grid_is_never_exceeded() -> None:
    bars = drawn(QUIET, "100 101 97 100")
    assert entries(played(bars, order(0, 1, kind=LIMIT, entry_limit=98.1))) == [(1, 98.0)]
    bars = drawn(QUIET, "100 103 99 100")
    assert entries(played(bars, order(0, -1, kind=LIMIT, entry_limit=102.1))) == [(1, 102.25)]


def test_market_and_stop_fills_round_to_the_tick_against_you() -> None:
    bars = drawn("100 101 99 100", "100.1 102.9 99 100")
    assert entries(played(bars, order(0, 1))) == [(1, 100.25)]
    assert entries(played(bars, order(0, -1))) == [(1, 100.0)]
    assert entries(played(bars, order(0, 1, kind=STOP, entry_stop=102.6))) == [(1, 102.75)]


def test_without_a_tick_nothing_is_rounded() -> None:
    free = Rules(tick_points=None, limit_through_ticks=0.0)
    assert entries(played(drawn(QUIET, "100.1 101 99 100"), order(0, 1), free)) == [(1, 100.1)]


def test_a_stop_entry_at_its_price_at_the_open_has_the_whole_bar_before_it() -> None:
    bars = drawn(QUIET, "102 104 101 103")
    terms = {"kind": STOP, "entry_stop": 102.0, "stop_points": 5.0, "target_points": 2.0}
    run = played(bars, order(0, 1, **terms))
    assert run.trades()["exit_reason"].to_list() == ["target"]


def test_a_stop_limit_whose_prices_are_one_fills_on_touch_only_if_a_touch_fills_limits() -> None:
    bars = drawn(QUIET, "100 103 99 103", "103 103 102.5 103")
    terms = {"kind": STOP_LIMIT, "entry_stop": 102.0, "entry_limit": 102.0}
    assert entries(played(bars, order(0, 1, **terms))) == [(1, 102.0)]
    assert entries(played(bars, order(0, 1, **terms), THROUGH)) == []
