"""The fill policy is a value of the run."""

from dataclasses import replace

import pytest

from mlplatform.domain.errors import InputError
from mlplatform.execution import FillPolicy, Orders
from mlplatform_tests.execution.drawn import FREE, drawn, entries, exits, order, played

SAME = replace(FREE, fill_policy=FillPolicy.SAME_CLOSE)
QUOTE = replace(FREE, fill_policy=FillPolicy.QUOTE_CLOSE)
SIGNAL = "100 101 99 100.5"
QUOTES = {"bid": [100.25, 99.0, 98.0], "ask": [100.75, 99.5, 98.5]}


def test_same_close_fills_on_the_deciding_bar_and_judges_from_the_next() -> None:
    run = played(drawn(SIGNAL, "100 101 98.5 99"), order(0, 1, stop_points=2.0), SAME)
    assert entries(run) == [(0, 100.5)]
    assert exits(run) == [(1, 98.5, 1, "stop")]


def test_same_close_holds_its_first_bar_after_the_entry() -> None:
    run = played(drawn(SIGNAL, SIGNAL, SIGNAL), order(0, 1, time_exit_bars=1), SAME)
    assert exits(run) == [(1, 100.5, 1, "time")]


def test_same_close_reverses_and_exits_at_once() -> None:
    bars = drawn(SIGNAL, "100 101 99 100", "100 102 99 101")
    run = played(bars, Orders([0, 1], [1, -1]), replace(SAME, reverse=True))
    assert exits(run) == [(1, 100.0, 1, "reverse")]
    assert run.position.tolist() == [1, -1, -1]
    run = played(bars, Orders.concat([order(0, 1), Orders.exits([1])]), SAME)
    assert exits(run) == [(1, 100.0, 1, "signal")]


def test_quote_close_buys_at_the_ask_sells_at_the_bid_and_marks_at_the_mid() -> None:
    bars = drawn(SIGNAL, "99 100 98 99", "98 99 97 98", **QUOTES)
    run = played(bars, Orders.concat([order(0, 1), Orders.exits([2])]), QUOTE)
    assert entries(run) == [(0, 100.75)]
    assert exits(run) == [(2, 98.0, 1, "signal")]
    assert run.equity_usd.tolist() == [1000 - 0.25, 1000 + 99.25 - 100.75, 1000 - 2.75]
    assert run.trades()["slippage_usd"][0] == 0.5


def test_quote_close_fills_a_stop_at_the_quote_where_that_is_worse() -> None:
    bars = drawn(SIGNAL, "99 100 98 99", "98 99 97 98", **QUOTES)
    run = played(bars, order(0, 1, stop_points=1.0), QUOTE)
    assert exits(run) == [(1, 99.0, 1, "stop")]
    run = played(bars, order(0, 1, stop_points=2.25), QUOTE)
    assert exits(run) == [(1, 98.5, 1, "stop")]


def test_quote_close_needs_quotes() -> None:
    with pytest.raises(InputError, match="bid and ask"):
        played(drawn(SIGNAL), order(0, 1), QUOTE)
    gone = drawn(SIGNAL, SIGNAL, bid=[99.0, float("nan")], ask=[101.0, 100.0])
    with pytest.raises(InputError, match="row 1 has no bid"):
        played(gone, order(0, 1), QUOTE)
