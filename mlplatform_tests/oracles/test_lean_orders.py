"""Three published LEAN algorithms, to the cent, with the fill policy quote_close.

Source: QuantConnect LEAN, Algorithm.CSharp, the algorithms named in each test (Apache-2.0).
"""

from dataclasses import replace

import numpy as np
import pytest

from mlplatform.execution import BarArrays, Orders, PositionMode, Rules, Simulation, simulate
from mlplatform_tests.oracles.lean import lean_rules, minutes_ending, needs_lean, quote_bars

ES = lean_rules(50.0, 2.15, 0.25)
GC = lean_rules(100.0, 2.47, 0.1)
CENT = 0.005
CONTRACTS = ("first", "second", "third", "fourth", "fifth")


def in_and_out(bars: BarArrays, rules: Rules) -> Simulation:
    """Buy one when flat, else sell it, at each regular minute."""
    at = minutes_ending(bars, "09:30", "17:00")
    assert len(at) == 3 * 450
    orders = Orders.concat([Orders.market(at[::2], 1), Orders.exits(at[1::2])])
    return simulate(bars, orders, rules, 0.0)


@needs_lean
def test_the_basic_template_for_futures_comes_out_to_the_cent() -> None:
    """BasicTemplateFuturesAlgorithm: 2,700 orders, fees 6,237.00, end equity 955,700.50.

    The gold contract is the first that expires more than 90 days later: February 2014.
    """
    days = ["20131008", "20131009", "20131010"]
    runs = [
        in_and_out(quote_bars("cme", "es", "201403", days), ES),
        in_and_out(quote_bars("comex", "gc", "201402", days), GC),
    ]
    assert sum(len(run.fill_records) for run in runs) == 2700
    fees = sum(run.fill_records["commission_usd"].sum() for run in runs)
    assert fees == pytest.approx(6237.00, abs=CENT)
    assert 1_000_000 + sum(run.equity_usd[-1] for run in runs) == pytest.approx(
        955_700.50, abs=CENT
    )


@needs_lean
def test_the_daily_settlement_of_a_long_position_comes_out_to_the_cent() -> None:
    """FuturesDailySettlementLongRegressionAlgorithm: the cash after each of the four days.

    One contract is held at 1600 from the start; it costs no fee, so the fee is in the capital.
    Each contract is a setup of its own, so that one can leave while others stay.
    """
    days = ["20131007", "20131008", "20131009", "20131010"]
    bars = quote_bars("cme", "es", "201312", days)
    at = minutes_ending(bars, "09:30", "17:00").reshape(4, 450)
    held = at[0, 0] - 1
    quotes = {name: getattr(bars, name).copy() for name in ("bid", "ask")}
    for values in quotes.values():
        values[held] = 1600.0
    bars = replace(bars, **quotes)
    orders = Orders.concat(
        [
            entry(held, 1, 0),
            entry(at[0, 0], 1, 1),
            entry(at[0, 1], 1, 2),
            leave(at[1, 0], 0),
            leave(at[2, 0], 1),
            leave(at[2, 0], 2),
            entry(at[2, 0], -1, 3),
            entry(at[3, 0], -1, 4),
            leave(at[3, 1], 3),
            leave(at[3, 1], 4),
        ]
    )
    rules = replace(ES, mode=PositionMode.PER_SETUP)
    run = simulate(bars, orders, rules, 100_000 + 2.15)
    cash = run.equity_usd[at[:, -1]]
    expected = [103_264.45, 101_231.05, 101_962.10, 100_905.65]
    assert cash.tolist() == pytest.approx(expected, abs=CENT)
    fees = run.fill_records["commission_usd"].sum() - 2.15
    assert fees == pytest.approx(19.35, abs=CENT)


@needs_lean
def test_a_marketable_stop_after_hours_is_judged_on_the_next_bar() -> None:
    """FutureStopMarketOrderOnExtendedHoursRegressionAlgorithm: 10 orders, end equity 99,891.00.

    The stop lies a tenth above the market: `reference_price` puts it there.
    """
    days = ["20131006", "20131007", "20131008", "20131009", "20131010", "20131011"]
    bars = quote_bars("cme", "es", "201312", days)
    at = minutes_ending(bars, "18:59", "19:00")[:5]
    stop = np.round(bars.close[at] * 1.1 * 4) / 4
    orders = Orders.market(at, 1, stop_points=1.0, reference_price=stop + 1.0)
    run = simulate(bars, orders, ES, 100_000.0)
    assert len(run.fill_records) == 10
    assert (run.trade_records["exit_bar"] == at + 1).all()
    assert set(run.trades()["exit_reason"]) == {"stop"}
    assert run.equity_usd[-1] == pytest.approx(99_891.00, abs=CENT)


def entry(bar: int, side: int, setup: int) -> Orders:
    """One contract of a setup."""
    return Orders.market([bar], [side], setup=[setup], setup_names=CONTRACTS)


def leave(bar: int, setup: int) -> Orders:
    """That contract leaves."""
    return Orders.exits([bar], setup=[setup], setup_names=CONTRACTS)
