"""What is planted is there, conditional, and of the size that was declared."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import talib

from mlplatform.synthetic.generation import generate, truth
from mlplatform.synthetic.world import EDGES, demo_world

from .two_setups import Outcomes, outcomes_of

RAISED = 1.3
"""Relative volume from which a candidate counts as one of a busy market."""


@lru_cache(maxsize=8)
def outcomes(strength: str, seed: int) -> Outcomes:
    return outcomes_of(generate(demo_world(seed=seed, strength=strength)))


def split(found: Outcomes) -> tuple[np.ndarray, np.ndarray]:
    raised = found.relative_volume > RAISED
    return found.r[raised], found.r[~raised]


def standard_error(high: np.ndarray, low: np.ndarray) -> float:
    return float(np.sqrt(high.var() / len(high) + low.var() / len(low)))


def test_the_demo_worlds_edge_lies_in_raised_volume_and_only_there():
    found = outcomes("modest", 7)
    high, low = split(found)
    assert len(high) > 250
    assert high.mean() >= 0.15
    assert low.mean() < 0.0
    assert high.mean() - low.mean() > 4 * standard_error(high, low)
    assert -0.10 < found.r.mean() < 0.05  # taken blindly: costs, and no more


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_raised_volume_says_nothing_in_a_noise_world(seed):
    high, low = split(outcomes("none", seed))
    assert abs(high.mean() - low.mean()) < 3 * standard_error(high, low)


def test_a_noise_world_costs_what_trading_costs():
    r = np.concatenate([outcomes("none", seed).r for seed in (1, 2, 7)])
    assert -0.16 < r.mean() < -0.02


def test_a_stronger_edge_pays_more():
    means = [
        np.concatenate([split(outcomes(strength, seed))[0] for seed in (1, 7)]).mean()
        for strength in ("none", "weak", "modest", "strong")
    ]
    assert means == sorted(means)
    assert means[-1] - means[0] > 0.3


def test_the_edge_goes_both_ways():
    found = outcomes("modest", 7)
    raised = found.relative_volume > RAISED
    for side in (-1, 1):
        assert found.r[raised & (found.side == side)].mean() > 0.1


def log_returns(bars):
    return np.diff(np.log(bars["close"].to_numpy()))


def test_price_drifts_with_the_trend_in_busy_bars_and_against_it_in_calm_ones():
    # The worlds share all noise, so what remains between their returns is the drift (and ticks).
    planted = replace(demo_world(strength="strong"), sessions=40)
    drift = log_returns(generate(planted)) - log_returns(generate(replace(planted, edge=None)))
    hidden = truth(planted)
    along = drift * hidden["trend"].to_numpy()[:-1]
    busy = hidden["busy"].to_numpy()[1:]
    assert along[busy].mean() > 0 > along[~busy].mean()
    edge = EDGES["strong"]
    ratio = -along[busy].mean() / along[~busy].mean()
    assert ratio == pytest.approx(edge.drift_frac / edge.reversal_frac, rel=0.1)
    deviation = log_returns(generate(replace(planted, edge=None)))[busy].std()
    # By root mean square, quiet hours weigh little: the mean drift is smaller than the fraction.
    assert 0.5 * edge.drift_frac < along[busy].mean() / deviation < edge.drift_frac


def test_busy_bars_trade_the_declared_multiple_and_take_the_declared_share():
    world = demo_world()
    volume, busy = generate(world)["volume"].to_numpy(), truth(world)["busy"].to_numpy()
    assert busy.mean() == pytest.approx(world.edge.busy_frac, abs=0.03)
    ratio = np.exp(np.log(volume[busy]).mean() - np.log(volume[~busy]).mean())
    assert ratio == pytest.approx(world.edge.volume_ratio, rel=0.1)
    changes = np.count_nonzero(np.diff(busy.astype(int)) == 1)
    assert busy.sum() / changes == pytest.approx(world.edge.busy_bars, rel=0.1)


def test_the_trend_is_the_one_that_a_chart_shows():
    world = replace(demo_world(), sessions=40)  # before the first roll
    close = generate(world)["close"].to_numpy()
    shown = np.sign(talib.EMA(close, 20) - talib.EMA(close, 50))[300:]
    assert np.mean(shown == truth(world)["trend"].to_numpy()[300:]) > 0.99
