"""What is found, and what is not found where there is nothing."""

import numpy as np
import pytest
from scipy.stats import rankdata, ttest_1samp

from mlplatform.studies.feature_analysis.association import association_of, corrected
from mlplatform_tests.studies.feature_analysis.drawn import noise, sample_from


def test_planted_features_are_found_with_their_shape_and_nothing_else():
    x = noise(8_000, 40, seed=4)
    p = 0.45 + 0.06 * np.tanh(x[:, 3]) - 0.06 * np.tanh(x[:, 8]) + 0.08 * (np.abs(x[:, 11]) - 0.8)
    p = p - 0.08 * (np.abs(x[:, 20]) - 0.8)
    found = association_of(sample_from(x, np.clip(p, 0, 1), days=400))
    told = {place: found.shape[place] for place in np.flatnonzero(found.is_discovery)}
    assert told == {3: "rising", 8: "falling", 11: "extremes", 20: "middle"}


def shuffled_p_values(days_have_moods: bool) -> list[np.ndarray]:
    """p-values of 60 useless features in 40 worlds: outcomes shuffled, or driven by the day."""
    worlds = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = noise(1_200, 60, seed)
        x[:, :30] = rng.normal(size=(60, 30))[np.arange(1_200) // 20]  # the same all day
        sample = sample_from(x, days=60, seed=seed)
        if days_have_moods:
            sample.r[:] = rng.normal(size=1_200) + rng.normal(size=60)[sample.day]
        else:
            sample.r[:] = rng.permutation(sample.r)
        worlds.append(association_of(sample).p_value)
    return worlds


@pytest.mark.parametrize("days_have_moods", [False, True])
def test_useless_features_have_p_below_5_percent_in_5_percent_and_next_to_none_after_correction(
    days_have_moods: bool,
):
    worlds = shuffled_p_values(days_have_moods)
    assert 0.03 <= np.mean([p < 0.05 for p in worlds]) <= 0.065
    after = [(corrected(p) <= 0.05).any() for p in worlds]
    assert np.sum(after) <= 6  # 2 of 40 expected; more than 6 has odds below 1 to 200


def test_rows_as_observations_would_find_far_too_much():
    """The trap that the test over days is there for."""
    from scipy.stats import spearmanr

    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 40))[np.arange(1_200) // 20]
    sample = sample_from(x, days=60)
    sample.r[:] = rng.normal(size=1_200) + rng.normal(size=60)[sample.day]
    naive = [spearmanr(x[:, i], sample.r).pvalue for i in range(40)]
    assert np.mean(np.array(naive) < 0.05) > 0.3
    assert np.mean(association_of(sample).p_value < 0.05) < 0.2


def test_the_test_is_a_t_test_over_the_days_parts_of_the_covariance():
    x = noise(600, 1, seed=8)
    sample = sample_from(x, 0.5, days=30)
    found = association_of(sample)
    rank, r = rankdata(x[:, 0]), sample.r
    assert found.rank_correlation[0] == pytest.approx(np.corrcoef(rank, r)[0, 1])
    folded = np.abs(rank - 300.5)
    p = []
    for feature in (rank, folded):
        product = (feature - feature.mean()) * (r - r.mean())
        p.append(ttest_1samp([product[sample.day == d].sum() for d in range(30)], 0).pvalue)
    assert found.p_value[0] == pytest.approx(min(1, 2 * min(p)))


def test_benjamini_hochberg_worked_out_by_hand():
    p = np.array([0.01, 0.04, np.nan, 0.03, 0.20])
    # Sorted 0.01 0.03 0.04 0.20, times 4 / rank: 0.04, 0.06, 0.0533, 0.20; minimum from the right.
    np.testing.assert_allclose(corrected(p), [0.04, 0.16 / 3, np.nan, 0.16 / 3, 0.20])


def test_too_few_days_are_not_tested():
    found = association_of(sample_from(noise(900, 2), days=9, periods=1))
    assert np.isnan(found.p_value).all()
    assert set(found.shape) == {"noise"}
