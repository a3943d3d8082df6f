"""Figures of the list of trades against hand-made ones."""

import numpy as np
import pytest

from mlplatform.metrics import trades
from mlplatform.metrics.undefined import Undefined

NET = np.array([100.0, -50.0, 0.0, 60.0, -30.0, -20.0])
HOUR_US = 3_600_000_000


def test_a_scratch_is_a_trade_but_no_win_and_no_loss() -> None:
    assert trades.win_rate(NET) == pytest.approx(2 / 6)
    assert trades.average_win_usd(NET) == pytest.approx(80.0)
    assert trades.average_loss_usd(NET) == pytest.approx(100 / 3)


def test_profit_factor_is_won_over_lost() -> None:
    assert trades.profit_factor(NET) == pytest.approx(1.6)


def test_payoff_ratio_is_average_win_over_average_loss() -> None:
    assert trades.payoff_ratio(NET) == pytest.approx(2.4)


def test_expectancy_is_the_mean_over_all_trades() -> None:
    assert trades.mean_per_trade(NET) == pytest.approx(10.0)


def test_runs_are_counted_in_trades() -> None:
    hits = np.array([True, True, False, True, True, True, False])
    assert trades.longest_run(hits) == 3
    assert trades.longest_run(~hits) == 1
    assert trades.longest_run(np.zeros(0, dtype=bool)) == 0


def test_all_winners_have_no_profit_factor_and_no_payoff() -> None:
    got = trades.profit_factor(np.array([5.0, 1.0]))
    assert got == Undefined(trades.NO_LOSERS)
    assert trades.payoff_ratio(np.array([5.0, 1.0])) == Undefined(trades.NO_LOSERS)


def test_all_losers_have_a_profit_factor_of_zero_and_no_payoff() -> None:
    assert trades.profit_factor(np.array([-5.0, -1.0])) == 0.0
    assert trades.payoff_ratio(np.array([-5.0, -1.0])) == Undefined(trades.NO_WINNERS)


@pytest.mark.parametrize(
    "figure", [trades.win_rate, trades.profit_factor, trades.payoff_ratio, trades.mean_per_trade]
)
def test_without_trades_no_figure_of_trades_exists(figure: object) -> None:
    assert callable(figure)
    assert figure(np.array([])) == Undefined(trades.NO_TRADES)


def test_exposure_counts_overlapping_time_once() -> None:
    entry = np.array([10, 0, 1, 20]) * HOUR_US
    leave = np.array([12, 4, 3, 21]) * HOUR_US
    assert trades.exposure_frac(entry, leave, 2) == pytest.approx((4 + 2 + 1) / 46)
    assert trades.exposure_frac(entry[:0], leave[:0], 2) == 0.0
    assert isinstance(trades.exposure_frac(entry, leave, 0), Undefined)


def test_turnover_counts_both_sides() -> None:
    assert trades.turnover_contracts_per_day(np.array([1, 3]), 4) == pytest.approx(2.0)
