import numpy as np
import pytest

from mlplatform.models.threshold import ThresholdConfig, choose_threshold, required_probability

CONFIG = ThresholdConfig()


def _ladder(rows: int = 1000) -> np.ndarray:
    return np.linspace(0.1, 0.9, rows)


def _drawn(p: np.ndarray, win_r: float = 1.0, loss_r: float = -1.0):
    """Wins that come as often as `p` says, by rank rather than by chance."""
    won = (np.random.default_rng(5).random(len(p)) < p).astype(np.float64)
    return won, np.where(won > 0, win_r, loss_r)


def test_the_required_probability_is_where_the_expected_result_is_the_margin():
    won = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    net = np.array([2.0, 1.0, -1.0, -0.8, -1.2])
    p = required_probability(won, net, 0.1)
    assert p * 1.5 + (1 - p) * -1.0 == pytest.approx(0.1)
    assert required_probability(won, net, 0.0) == pytest.approx(0.4)
    assert required_probability(won, net, 9.0) == 1.0


@pytest.mark.parametrize(
    ("won", "net", "p"),
    [
        ([1.0, 1.0], [0.5, 0.5], 0.0),
        ([0.0, 0.0], [-0.5, -0.4], 1.0),
        ([1.0, 0.0], [0.3, 0.4], 0.0),
        ([1.0, 0.0], [-0.3, -0.1], 1.0),
    ],
)
def test_without_two_classes_that_differ_it_is_all_or_nothing(won, net, p):
    assert required_probability(np.array(won), np.array(net), 0.1) == p


def test_the_threshold_lies_where_a_trade_promises_the_margin():
    p = _ladder()
    won, net = _drawn(p)
    chosen = choose_threshold(p, won, net, CONFIG)
    assert chosen.probability == pytest.approx(0.55, abs=0.01)
    assert chosen.has_edge
    assert chosen.trades == (p >= chosen.probability).sum()
    assert chosen.net_r_per_trade * chosen.trades == pytest.approx(chosen.value_r * 1000)


def test_a_greater_loss_asks_for_a_greater_probability():
    p = _ladder()
    mild, severe = (choose_threshold(p, *_drawn(p, 1.0, loss), CONFIG) for loss in (-0.5, -2.0))
    assert mild.probability < 0.5 < severe.probability


def test_probabilities_that_promise_what_does_not_come_have_no_edge():
    p = _ladder()
    won, net = _drawn(p[::-1])
    chosen = choose_threshold(p, won, net, CONFIG)
    assert chosen.net_r_per_trade < 0.0
    assert not chosen.has_edge


def test_where_hardly_a_candidate_promises_enough_the_least_bad_is_chosen_without_an_edge():
    p = _ladder()
    won = (np.arange(1000) % 2).astype(np.float64)
    chosen = choose_threshold(p, won, np.where(won > 0, 0.1, -1.0) + 0.1 * p, CONFIG)
    assert not chosen.has_edge
    assert chosen.probability == pytest.approx(np.quantile(p, 0.9), abs=0.01)
    assert chosen.trades >= 10


def test_a_single_great_trade_at_the_top_decides_nothing():
    p = _ladder()
    won, net = np.zeros(1000), np.full(1000, -0.3)
    won[-1], net[-1] = 1.0, 200.0
    assert not choose_threshold(p, won, net, CONFIG).has_edge


def test_too_few_trades_are_no_threshold():
    p = _ladder(60)
    won = (np.arange(60) >= 54).astype(np.float64)
    net = np.where(won > 0, 3.0, -4.0)
    chosen = choose_threshold(p, won, net, CONFIG)
    assert chosen.trades >= 10
    most = choose_threshold(p, won, net, ThresholdConfig(min_trades=1, min_trades_frac=0.9))
    assert most.trades == 60
    none = choose_threshold(p[:5], np.ones(5), np.ones(5), CONFIG)
    assert (none.trades, none.has_edge) == (5, False)


def test_one_probability_that_promises_enough_takes_all():
    won = np.array([1.0] * 60 + [0.0] * 40)
    chosen = choose_threshold(np.full(100, 0.6), won, np.where(won > 0, 1.0, -1.0), CONFIG)
    assert (chosen.trades, chosen.has_edge) == (100, True)
