"""Regimes, smoothing and bounds of a stop distance."""

import numpy as np
import pytest

from mlplatform.models.stop_shape import ShapeConfig, bounded_stops, fit_regimes, smoothed_stops

GRID = np.array([0.75, 1.0, 1.5, 2.0, 3.0])
MINUTE_US = 60_000_000


def _world(seed: int, effect: float, rows: int = 1500):
    """High values of the regime feature want wide stops."""
    rng = np.random.default_rng(seed)
    value = rng.normal(size=rows)
    net = rng.normal(size=(rows, 1)) + effect * value[:, None] * (GRID - 1.5)
    net = net + 0.3 * rng.normal(size=net.shape) - 0.2 * np.abs(GRID - 1.5)
    return (value[:1000], value[1000:]), (net[:1000], net[1000:])


def test_regimes_that_want_other_stops_get_them():
    found = fit_regimes(*_world(1, 0.5), GRID)
    assert found.used
    assert found.gain_r > 2 * found.gain_se_r > 0
    low, _, high = found.multiples_atr
    assert low < found.constant_atr < high
    assert found.stops(np.array([-2.0, 2.0, np.nan])).tolist() == [low, high, found.constant_atr]


def test_regimes_that_gain_nothing_are_mostly_left_out():
    fits = [fit_regimes(*_world(seed, 0.0), GRID) for seed in range(20)]
    assert sum(f.used for f in fits) <= 1
    for f in fits:
        if not f.used:
            assert (f.stops(np.array([-2.0, 0.0, 2.0])) == f.constant_atr).all()


def test_regime_thresholds_and_multiples_know_the_training_rows_only():
    (train, held), (net, held_net) = _world(1, 0.5)
    one = fit_regimes((train, held), (net, held_net), GRID)
    other = fit_regimes((train, held * 100), (net, -held_net), GRID)
    assert (one.cuts, one.multiples_atr) == (other.cuts, other.multiples_atr)
    assert one.cuts == tuple(np.quantile(train, [1 / 3, 2 / 3]))
    assert not other.used


def test_a_smoothed_stop_is_a_mean_of_itself_and_the_one_before():
    stops, ts = np.array([2.0, 1.0, 1.0]), np.arange(3) * MINUTE_US
    smooth = smoothed_stops(stops, ts, ShapeConfig(smooth_weight=0.25))
    assert smooth.tolist() == [2.0, 1.25, 1.0625]
    assert smoothed_stops(stops, ts, ShapeConfig()).tolist() == stops.tolist()


def test_one_at_a_time_gives_what_many_give_and_the_future_changes_nothing():
    rng = np.random.default_rng(0)
    stops, ts = rng.choice(GRID, 50), np.cumsum(rng.integers(1, 40, 50)) * MINUTE_US
    config = ShapeConfig(smooth_weight=0.6)
    whole, before, alone = smoothed_stops(stops, ts, config), None, []
    for stop, at in zip(stops, ts, strict=True):
        alone.append(smoothed_stops(np.array([stop]), np.array([at]), config, before)[0])
        before = (alone[-1], int(at))
    assert alone == whole.tolist()
    poisoned = np.concatenate([stops[:30], rng.choice(GRID, 20)])
    np.testing.assert_array_equal(smoothed_stops(poisoned, ts, config)[:30], whole[:30])


def test_a_stop_of_long_ago_is_forgotten_and_disorder_is_refused():
    config = ShapeConfig(smooth_weight=0.5, smooth_us=30 * MINUTE_US)
    stops = np.array([2.0, 1.0])
    assert smoothed_stops(stops, np.array([0, 30 * MINUTE_US]), config)[1] == 1.5
    assert smoothed_stops(stops, np.array([0, 30 * MINUTE_US + 1]), config)[1] == 1.0
    with pytest.raises(ValueError, match="order"):
        smoothed_stops(stops, np.array([5, 4]), config)


def test_bounds_in_ticks_hold_whatever_the_atr():
    stops, atr = np.array([0.75, 3.0, 1.5]), np.array([1.0, 20.0, 4.0])
    config = ShapeConfig(min_ticks=4, max_ticks=40)
    bounded = bounded_stops(stops, atr, 0.25, config)
    np.testing.assert_allclose(bounded * atr / 0.25, [4.0, 40.0, 24.0])
    np.testing.assert_array_equal(bounded_stops(stops, atr, 0.25, ShapeConfig()), stops)
    with pytest.raises(ValueError, match="positive"):
        bounded_stops(stops, np.array([1.0, 0.0, 4.0]), 0.25, config)


@pytest.mark.parametrize("wrong", [{"smooth_weight": 1.0}, {"min_ticks": 9.0, "max_ticks": 8.0}])
def test_shapes_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        ShapeConfig(**wrong)
