import numpy as np
import pytest

from mlplatform.models.threshold import ThresholdConfig, choose_threshold

CONFIG = ThresholdConfig()


def _ladder(rows: int = 1000) -> np.ndarray:
    return np.linspace(0.1, 0.9, rows)


def test_the_threshold_lies_where_trading_begins_to_pay():
    p = _ladder()
    chosen = choose_threshold(p, np.where(p > 0.5, 0.8, -0.8), CONFIG)
    assert chosen.probability == pytest.approx(0.5, abs=0.09)
    assert chosen.has_edge
    assert chosen.trades == (p >= chosen.probability).sum()
    assert chosen.net_r_per_trade * chosen.trades == pytest.approx(chosen.value_r * 1000)


def test_without_a_paying_threshold_the_least_bad_is_chosen_and_said_to_have_no_edge():
    p = _ladder()
    chosen = choose_threshold(p, -0.5 + 0.1 * p, CONFIG)
    assert not chosen.has_edge
    assert chosen.probability == pytest.approx(np.quantile(p, 0.9), abs=0.01)
    assert chosen.trades >= 10


def test_a_single_great_trade_at_the_top_decides_nothing():
    p = _ladder()
    net = np.full(1000, -0.3)
    net[-1] = 200.0
    assert not choose_threshold(p, net, CONFIG).has_edge


def test_too_few_trades_are_no_threshold():
    p = _ladder(60)
    net = np.where(np.arange(60) >= 54, 3.0, -1.0)
    chosen = choose_threshold(p, net, CONFIG)
    assert chosen.trades >= 10
    most = choose_threshold(p, net, ThresholdConfig(min_trades=1, min_trades_frac=0.9))
    assert most.trades == 60
    none = choose_threshold(p[:5], np.ones(5), CONFIG)
    assert (none.trades, none.has_edge) == (5, False)


def test_one_probability_for_all_takes_all():
    chosen = choose_threshold(np.full(100, 0.4), np.full(100, 0.2), CONFIG)
    assert (chosen.probability, chosen.trades, chosen.has_edge) == (0.4, 100, True)
