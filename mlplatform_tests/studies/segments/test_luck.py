"""What hangs on a few trades, on their order, on how far they went."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest

from mlplatform.metrics.drawdowns import max_drawdown_frac, max_drawdown_usd
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.segments.contribution import contribution_of, r_distribution
from mlplatform.studies.segments.excursions import SHOWN_TRADES, excursions_of
from mlplatform.studies.segments.keys import KeyedTrades
from mlplatform.studies.segments.trade_order import trade_order_of
from mlplatform.testing.studies import StudyPlan, fake_study


def _trades(net: list[float], day: list[int] | None = None) -> KeyedTrades:
    usd = np.array(net, dtype=np.float64)
    days = np.array(day if day is not None else range(usd.size), dtype=np.int64)
    return KeyedTrades(usd, usd / 100.0, days, pl.DataFrame())


def test_without_the_best_five_the_rest_is_left() -> None:
    found = contribution_of(_trades([10, 90, -40, 80, 70, 60, 50, 5, -20]))
    rows = {row.what: row for row in found.rows}
    assert rows["all trades"].net_usd == 305
    assert rows["without the best five"].net_usd == -45
    assert rows["without the best five"].trades == 4
    assert rows["without the worst five"].net_usd == 300
    assert found.best_five_frac == pytest.approx(350 / 305)
    assert found.trades_of_net == 5


def test_the_best_day_goes_as_a_whole() -> None:
    rows = contribution_of(_trades([50, 50, 80, -10], [0, 0, 1, 2])).rows
    assert next(r for r in rows if r.what == "without the best day").net_usd == 70


def test_the_curve_starts_with_everything_and_loses_the_best_first() -> None:
    curve = contribution_of(_trades([float(n) for n in range(-20, 40)])).curve
    assert curve[0] == (0, sum(range(-20, 40)))
    assert curve[1] == (1, sum(range(-20, 39)))
    assert curve[-1][0] == 15


def test_a_loss_has_no_shares() -> None:
    assert isinstance(contribution_of(_trades([-5, 3])).best_five_frac, Undefined)
    assert contribution_of(_trades([])).rows == ()


def test_r_is_counted_once_and_the_tails_in_the_outermost_bars() -> None:
    found = r_distribution(_trades([-900, -100, 0, 24, 99, 2000]))
    assert sum(found.counts) == 6
    assert (found.counts[0], found.counts[-1]) == (1, 1)
    assert (found.worst_r, found.best_r) == (-9.0, 20.0)
    assert isinstance(r_distribution(_trades([])).quantiles["p50"], Undefined)


def test_drawdown_percentiles_agree_with_every_order_of_few_trades() -> None:
    net = np.array([300.0, -200.0, 150.0, -250.0, 100.0, -50.0, 80.0])
    exact = [max_drawdown_usd(1_000 + np.cumsum(order), 1_000) for order in permutations(net)]
    padded = np.concatenate((net, np.zeros(3)))  # shuffling needs ten trades; zeros change nothing
    found = trade_order_of(padded, 1_000.0, seed=1)
    assert not isinstance(found, Undefined)
    for name, share in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95)):
        limit = found.drawdown_usd[name]
        assert np.mean(np.less(exact, limit)) - 0.04 <= share
        assert share <= np.mean(np.less_equal(exact, limit)) + 0.04
    assert found.actual_usd == max_drawdown_usd(1_000 + np.cumsum(padded), 1_000)


def test_every_order_ends_where_the_trades_end() -> None:
    net = fake_study().policies["ml"].trades["net_usd"].to_numpy()
    found = trade_order_of(net, 50_000.0, seed=7)
    assert not isinstance(found, Undefined)
    ends = {line[-1] for line in (*found.fan_usd.values(), found.path_usd)}
    assert max(ends) == pytest.approx(min(ends)) == pytest.approx(50_000 + net.sum())
    assert list(found.drawdown_frac.values()) == sorted(found.drawdown_frac.values())


def test_an_order_of_losses_first_is_called_unlucky() -> None:
    net = np.concatenate((np.full(40, -100.0), np.full(60, 100.0)))
    unlucky = trade_order_of(net, 50_000.0, seed=2)
    lucky = trade_order_of(np.tile([100.0, -100.0], 50), 50_000.0, seed=2)
    assert not isinstance(unlucky, Undefined)
    assert not isinstance(lucky, Undefined)
    assert unlucky.deeper_frac == 0.0
    assert lucky.deeper_frac > 0.99
    assert unlucky.actual_frac == pytest.approx(
        max_drawdown_frac(50_000 + np.cumsum(net), 50_000.0)
    )


def test_the_seed_decides_the_orders() -> None:
    net = fake_study().policies["ml"].trades["net_usd"].to_numpy()
    assert trade_order_of(net, 5e4, seed=1) == trade_order_of(net, 5e4, seed=1)
    assert trade_order_of(net, 5e4, seed=1) != trade_order_of(net, 5e4, seed=2)
    assert isinstance(trade_order_of(net[:9], 5e4, seed=1), Undefined)


def test_excursions_are_in_r_and_drawn_evenly() -> None:
    trades = fake_study(StudyPlan(trades_a_day=10)).policies["ml"].trades
    found = excursions_of(trades)
    assert (found.trades, found.r.size) == (trades.height, SHOWN_TRADES)
    lost = trades.filter(pl.col("net_usd") < 0)
    assert found.losers_mfe_r == pytest.approx((lost["mfe_points"] / lost["stop_points"]).median())
    assert found.edge_ratio == pytest.approx(
        (trades["mfe_points"] / trades["stop_points"]).sum()
        / (trades["mae_points"] / trades["stop_points"]).sum()
    )


def test_losers_that_had_been_ahead_are_told_from_those_that_had_not() -> None:
    trades = fake_study(StudyPlan(outcome="losers", only=4)).policies["ml"].trades
    ahead = trades.with_columns(mfe_points=pl.col("stop_points") * pl.Series([1.0, 0.99, 2.0, 0.0]))
    assert excursions_of(ahead).losers_up_one_r_frac == 0.5


def test_without_trades_there_is_no_excursion() -> None:
    found = excursions_of(fake_study(StudyPlan(only=0)).policies["ml"].trades)
    assert found.r.size == 0
    assert isinstance(found.edge_ratio, Undefined)
    assert isinstance(found.winners_mae_r, Undefined)
