"""The plain case: market entries with one stop and one target."""

import subprocess
import sys

import numpy as np
import pytest

from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.tables import EQUITY, FILLS, TRADES
from mlplatform.execution import BarArrays, Orders, Rules, simulate

FREE = Rules(multiplier_usd=5.0)


def bars_of(rows: list[tuple[float, float, float, float]]) -> BarArrays:
    prices = np.array(rows, np.float64).T
    return BarArrays(np.arange(len(rows)) * 60_000_000, *prices)


def test_importing_the_room_does_not_import_numba() -> None:
    code = (
        "import sys, mlplatform.execution as x; x.Orders, x.Rules; sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_market_order_fills_at_the_next_open_and_leaves_at_its_target() -> None:
    bars = bars_of([(100, 101, 99, 100), (101, 102, 100, 101), (101, 104.5, 101, 104)])
    run = simulate(bars, Orders.market([0], [1], 2, 4.0, 3.0, tag=["a"]), FREE, 1000.0)
    trade = run.trades().row(0, named=True)
    assert (trade["entry_price"], trade["exit_price"]) == (101.0, 104.0)
    assert (trade["exit_reason"], trade["candidate_id"]) == ("target", "a")
    assert trade["net_usd"] == 3.0 * 2 * 5.0
    assert trade["r"] == 0.75
    assert run.equity()["equity_usd"].to_list() == [1000.0, 1000.0, 1030.0]


def test_stop_before_target_where_one_bar_holds_both() -> None:
    bars = bars_of([(100, 101, 99, 100), (101, 110, 90, 101)])
    trade = simulate(bars, Orders.market([0], [1], 1, 4.0, 3.0), FREE).trades().row(0, named=True)
    assert (trade["exit_price"], trade["exit_reason"]) == (97.0, "stop")


def test_costs_come_from_the_instrument() -> None:
    bars = bars_of([(100, 101, 99, 100), (101, 102, 100, 101), (100, 101, 90, 95)])
    rules = Rules.for_instrument(instrument_of("MES"))
    trade = simulate(bars, Orders.market([0], [1], 3, 4.0, 9.0), rules).trades().row(0, named=True)
    assert (trade["entry_price"], trade["exit_price"]) == (101.25, 97.0)
    assert trade["commission_usd"] == pytest.approx(6 * 0.62)
    assert trade["slippage_usd"] == pytest.approx(2 * 0.25 * 3 * 5)
    assert trade["net_usd"] == pytest.approx(-4.25 * 15 - 6 * 0.62)


def test_the_tables_are_as_declared() -> None:
    run = simulate(bars_of([(1, 1, 1, 1)]), Orders.none(), FREE)
    assert run.trades().schema == TRADES.schema
    assert run.fills().schema == FILLS.schema
    assert run.equity().schema == EQUITY.schema


def test_bad_orders_and_bars_are_refused_by_row() -> None:
    bars = bars_of([(100, 101, 99, 100)] * 3)
    with pytest.raises(InputError, match="row 1 is decided on a bar outside the data"):
        simulate(bars, Orders.market([0, 3], [1, 1], 1, 4.0, 3.0), FREE)
    with pytest.raises(InputError, match="row 0 has its stop on the wrong side"):
        simulate(bars, Orders.market([0], [1], 1, -4.0, 3.0), FREE)
    with pytest.raises(InputError, match="row 0 needs a quantity"):
        simulate(bars, Orders.market([0], [1], -1, 4.0, 3.0), FREE)
    with pytest.raises(InputError, match="tick of 0"):
        Rules(tick_points=0.0)
    with pytest.raises(InputError, match="row 1 repeats"):
        BarArrays(np.zeros(2, np.int64), *np.ones((4, 2)))
