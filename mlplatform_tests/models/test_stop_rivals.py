"""Other ways to a stop are used where a holdout says so, and stay off by themselves elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models.serial import from_bytes, to_bytes
from mlplatform.models.stop import fit_stop, taught_stops
from mlplatform.models.stop_judgement import gain_of, method_of, weight_of
from mlplatform.models.stop_rivals import QuantileStops, RegimeStops, RivalConfig, fit_rivals
from mlplatform.models.stop_rows import StopRows
from mlplatform.models.stop_shape import ShapeConfig

from .planted import GRID_ATR, STOP, features, stop_rows, times, tuner

ONE = replace(STOP, families=("lightgbm",), rivals=RivalConfig(regime_feature="f2", min_winners=60))


def excursions(seed: int, rows: int = 2400) -> StopRows:
    """Winners go against their entry as far as feature 1 says; losers run through any stop."""
    rng = np.random.default_rng(seed)
    x = features(rng, rows)
    decision, end = times(rng, rows)
    reach = np.where(np.nan_to_num(x[:, 1]) > 0.0, 2.7, 0.6) * rng.uniform(0.8, 1.0, rows)
    wins = rng.random(rows) < 0.6
    survives = wins[:, None] & (reach[:, None] < GRID_ATR)
    net = np.where(survives, 2.0, -GRID_ATR)
    winner = np.where(survives[:, -1], reach, np.nan)
    ends = np.repeat(end[:, None], len(GRID_ATR), axis=1)
    return StopRows(x, [f"f{i}" for i in range(6)], decision, ends, net, GRID_ATR, winner)


def test_the_quantile_stop_is_the_next_wider_one_than_what_winners_need():
    rows = excursions(1)
    rival = fit_rivals(rows, np.arange(len(rows.x)), ONE.rivals, 3)["quantile"]
    assert isinstance(rival, QuantileStops)
    x = np.zeros((2, 6))
    x[:, 1] = (2.0, -2.0)
    assert rival.stops(x).tolist() == [3.0, 0.75]


def test_too_few_winners_or_unknown_excursions_give_no_quantile_and_no_feature_no_regimes():
    rows, every = excursions(1), np.arange(2400)
    assert "quantile" not in fit_rivals(replace(rows, winner_mae_atr=None), every, ONE.rivals, 3)
    few = replace(ONE.rivals, min_winners=5000, regime_feature="none")
    assert fit_rivals(rows, every, few, 3) == {}


def test_a_quantile_that_wins_on_the_holdout_is_used_said_and_kept():
    rows = excursions(2)
    # A blend that may not grow finds nothing: the quantile is alone in the field.
    blind = replace(ONE, budget=replace(ONE.budget, max_rounds=1), min_gain_se=50.0)
    model = fit_stop(rows, blind, tuner("stop", trials=1))
    assert model.metrics.method == "quantile"
    assert model.metrics.beats_constant
    assert model.metrics.gains_r["quantile"] > 2 * model.metrics.gains_se_r["quantile"]
    np.testing.assert_array_equal(model.predict(rows.x), model.rival.stops(rows.x))
    again = from_bytes(to_bytes(model))
    assert to_bytes(again) == to_bytes(model)
    np.testing.assert_array_equal(again.predict(rows.x[:50]), model.predict(rows.x[:50]))
    crossed = taught_stops(rows, model.plan, blind, tuner("stop", trials=1))
    known = ~np.isnan(rows.x[:, 1]) & (np.arange(len(crossed)) > 1800)
    assert crossed[known & (rows.x[:, 1] > 0.5)].mean() > 2.5
    assert crossed[known & (rows.x[:, 1] < -0.5)].mean() < 1.5


def test_regimes_that_win_are_used_and_read_their_feature():
    rows = stop_rows(3, effect=0.5, rows=1800)
    alone = replace(
        ONE,
        rivals=RivalConfig(regime_feature="f0"),
        budget=replace(ONE.budget, max_rounds=1),
        min_gain_se=50.0,
    )
    model = fit_stop(rows, alone, tuner("stop", trials=1))
    assert model.metrics.method == "regimes"
    assert isinstance(model.rival, RegimeStops)
    x = np.zeros((3, 6))
    x[:, 0] = (2.0, -2.0, np.nan)
    wide, tight, unknown = model.predict(x)
    assert (wide, tight) == (3.0, 0.75)
    assert unknown == model.rival.multiples.constant_atr
    assert to_bytes(from_bytes(to_bytes(model))) == to_bytes(model)


def test_on_noise_nothing_is_used_and_the_metrics_hold_what_was_tried():
    used = []
    for seed in range(10, 15):
        rows = replace(stop_rows(seed, 0.0, 500), winner_mae_atr=np.full(500, np.nan))
        rows.winner_mae_atr[::2] = np.random.default_rng(seed).uniform(0.1, 3.0, 250)
        model = fit_stop(rows, replace(ONE, shape=ShapeConfig(0.3)), tuner("stop", trials=1))
        assert set(model.metrics.gains_r) == {"outcome", "quantile", "regimes", "smoothing"}
        used.append((model.metrics.method in ("quantile", "regimes"), model.shape.smooth_weight))
    assert sum(rival for rival, _ in used) <= 1
    assert sum(weight > 0.0 for _, weight in used) <= 1


@pytest.mark.parametrize(
    ("gains", "weight", "method"),
    [
        ({"outcome": (0.2, 0.1), "quantile": (0.1, 0.06)}, 0.0, "constant"),
        ({"outcome": (0.2, 0.1), "quantile": (0.1, 0.04)}, 0.0, "quantile"),
        ({"outcome": (0.2, 0.1), "quantile": (0.1, 0.04)}, 0.5, "outcome"),
        ({"outcome": (0.2, 0.1), "regimes": (0.3, 0.1)}, 0.5, "regimes"),
        ({"outcome": (0.2, 0.1), "regimes": (0.0, 0.0)}, 0.0, "constant"),
    ],
)
def test_the_greatest_gain_of_those_that_gain_enough_decides(gains, weight, method):
    assert method_of(gains, weight, 2.0) == method


def test_weight_rises_between_one_and_two_thresholds_of_standard_errors():
    weights = [weight_of((gain, 0.1), 1.0) for gain in (-0.1, 0.1, 0.15, 0.2, 0.4)]
    np.testing.assert_allclose(weights, [0.0, 0.0, 0.5, 1.0, 1.0])
    assert weight_of((0.3, 0.0), 1.0) == 0.0
    mean, error = gain_of(np.array([1.0, 2.0, 3.0, 4.0]))
    assert (mean, error) == (2.5, pytest.approx(np.sqrt(5 / 3) / 2))


def drifting(seed: int) -> StopRows:
    """The best stop moves slowly; the feature tells it with much noise, so the past helps."""
    rows = stop_rows(seed, effect=0.0, rows=2400)
    rng = np.random.default_rng(seed)
    level = np.sin(np.arange(2400) / 40.0)
    x = rows.x.copy()
    x[:, 0] = level + 1.2 * rng.normal(size=2400)
    net = 0.8 * level[:, None] * (GRID_ATR - 1.8) - 0.25 * (GRID_ATR - 1.8) ** 2
    net = net + 0.1 * rng.normal(size=net.shape)
    close = np.arange(2400, dtype=np.int64) * 60_000_000
    return replace(rows, x=x, net_r=net, decision_ts=close, label_end_ts=close + 30_000_000)


def test_smoothing_that_wins_is_used_and_else_left_out():
    tried = replace(ONE, shape=ShapeConfig(0.6, min_ticks=2.0))
    model = fit_stop(drifting(1), tried, tuner("stop", trials=1))
    assert model.shape == ShapeConfig(0.6, min_ticks=2.0)
    assert model.metrics.smooth_weight == 0.6
    assert model.metrics.gains_r["smoothing"] > 0.0
    none = fit_stop(stop_rows(1, effect=0.4), tried, tuner("stop", trials=1))
    assert none.shape == ShapeConfig(0.0, min_ticks=2.0)
    assert none.metrics.smooth_weight == 0.0
