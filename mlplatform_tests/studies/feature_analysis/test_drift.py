"""PSI and KS, and what is drift at all."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from mlplatform.studies.feature_analysis.drift import drift_of, psi
from mlplatform_tests.studies.feature_analysis.drawn import noise, sample_from


def test_the_psi_worked_out_by_hand():
    # Shares 0.5 0.3 0.2 then 0.4 0.4 0.2:
    # -0.1 ln(0.8) + 0.1 ln(4/3) + 0 = 0.02231436 + 0.02876821
    assert psi(np.array([50, 30, 20]), np.array([40, 40, 20])) == pytest.approx(0.05108257)


def test_an_empty_bin_counts_as_half_a_row():
    # Shares 1/2 1/2 then 1 and 0.5/10: 0.5 ln 2 + (0.05 - 0.5) ln 0.1 = 0.34657 + 1.03616
    assert psi(np.array([10, 10]), np.array([10, 0])) == pytest.approx(1.38273692)
    assert psi(np.array([10, 10, 0]), np.array([10, 0, 0])) == pytest.approx(1.38273692)


def test_ks_agrees_with_scipy_and_by_hand():
    x = noise(1_200, 2, seed=3)
    x[::7, 1] = np.nan
    sample = sample_from(x)
    found = drift_of(sample, 3, seed=7)
    train, live = (sample.period >= 2) & (sample.period < 5), sample.period == 5
    for place in range(2):
        before, now = (x[rows, place][~np.isnan(x[rows, place])] for rows in (train, live))
        exact = ks_2samp(before, now)
        assert found.ks[place] == pytest.approx(exact.statistic)
        assert found.ks_p_value[place] == pytest.approx(exact.pvalue, abs=0.02)
        grid = np.sort(np.concatenate([before, now]))
        steps = [(np.mean(before <= g) - np.mean(now <= g)) for g in grid]
        assert found.ks[place] == pytest.approx(np.max(np.abs(steps)))


def test_a_drifted_feature_is_flagged_and_the_others_are_not():
    x = noise(6_000, 30, seed=5)
    sample = sample_from(x, days=240)
    x[sample.period == 5, 4] += 1.0
    x[sample.period == 5, 9] += 0.45
    found = drift_of(sample, 3, seed=7)
    assert found.verdict[4] == "drifted"
    assert found.verdict[9] == "shifted"
    assert {v for i, v in enumerate(found.verdict) if i not in (4, 9)} == {"stable"}
    assert found.compared.train_periods == ("2025-03", "2025-04", "2025-05")
    assert found.compared.live_period == "2025-06"
    assert (found.compared.train_days, found.compared.live_days) == (120, 40)


def test_only_the_periods_that_a_model_learns_from_are_compared():
    x = noise(6_000, 1, seed=5)
    sample = sample_from(x, days=240)
    x[sample.period < 2] += 5.0
    assert drift_of(sample, 3, seed=7).verdict == ("stable",)
    assert drift_of(sample, 5, seed=7).verdict == ("drifted",)


def test_what_shuffled_days_give_as_well_is_within_noise():
    """A feature that stands still all day passes 0.25 with few days, and means nothing."""
    verdicts = []
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=(90, 20))[np.arange(1_800) // 20]
        found = drift_of(sample_from(x, days=90), 3, seed=7)
        assert np.mean(found.psi > 0.25) > 0.8
        verdicts += found.verdict
    assert verdicts.count("drifted") + verdicts.count("shifted") <= 8  # 2 of 200 expected
    assert verdicts.count("within noise") > 150


def test_a_feature_that_goes_missing_drifts():
    x = noise(2_400, 2, seed=1)
    sample = sample_from(x)
    x[sample.period == 5, 0] = np.nan
    found = drift_of(sample, 3, seed=7)
    assert found.verdict == ("drifted", "stable")
    assert np.isnan(found.ks[0])


def test_nulls_are_a_bin_of_their_own():
    x = noise(2_400, 1, seed=1)
    sample = sample_from(x)
    x[(sample.period == 5) & (x[:, 0] < -1.0)] = np.nan
    assert drift_of(sample, 3, seed=7).verdict == ("drifted",)


@pytest.mark.parametrize(("days", "periods"), [(40, 1), (8, 2)])
def test_without_enough_periods_or_days_drift_is_unknown_with_a_reason(days: int, periods: int):
    found = drift_of(sample_from(noise(400, 2), days=days, periods=periods), 3, seed=7)
    assert found.verdict == ("unknown", "unknown")
    assert found.compared.reason
    assert np.isnan(found.psi).all()
