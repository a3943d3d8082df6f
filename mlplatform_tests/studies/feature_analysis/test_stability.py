"""What lasts, and what looks lasting by chance."""

import numpy as np
import pytest

from mlplatform.studies.feature_analysis.expectancy import quantiles_of
from mlplatform.studies.feature_analysis.sample import CandidateSample
from mlplatform.studies.feature_analysis.stability import Stability, stability_of
from mlplatform_tests.studies.feature_analysis.drawn import noise, sample_from


def stability(sample: CandidateSample) -> Stability:
    return stability_of(sample, quantiles_of(sample, seed=1, resamples=10))


def test_a_lasting_edge_has_one_sign_and_order_and_a_turning_one_has_not():
    x = noise(9_000, 2, seed=1)
    sample = sample_from(x, 0.45, days=360)
    turn = np.where(sample.period % 2 == 0, 1, -1)
    p = 0.45 + 0.12 * np.tanh(x[:, 0]) + 0.12 * turn * np.tanh(x[:, 1])
    found = stability(sample_from(x, p, days=360))
    assert found.sign_share[0] == 1.0
    assert found.rank_consistency[0] > 0.7
    assert found.sign_share[1] < 0.6
    assert found.rank_consistency[1] < 0.2
    assert np.sign(found.period_correlation[:, 1]).tolist() == [1, -1, 1, -1, 1, -1]


def test_noise_has_half_of_the_signs_and_no_order():
    found = stability(sample_from(noise(6_000, 200, seed=2), days=240))
    assert found.sign_share.mean() == pytest.approx(0.5, abs=0.06)
    assert found.rank_consistency.mean() == pytest.approx(0.0, abs=0.05)
    assert np.mean(found.sign_share > found.sign_share_by_chance) <= 0.08
    # Of six fair coins five or fewer are heads in 63 of 64 throws, four or fewer in 57.
    assert found.sign_share_by_chance[0] == pytest.approx(5 / 6)


def test_a_period_with_few_outcomes_says_nothing():
    x = noise(600, 1)
    sample = sample_from(x, days=60)
    x[np.flatnonzero(sample.period == 2)[29:]] = np.nan
    found = stability(sample)
    assert np.isnan(found.period_correlation[2, 0])
    assert found.periods.tolist() == [5]


def test_one_period_says_nothing_of_stability():
    found = stability(sample_from(noise(600, 2), days=60, periods=1))
    assert np.isnan(found.sign_share).all()
    assert np.isnan(found.rank_consistency).all()
