"""What is said twice, and the set that is left."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from mlplatform.studies.feature_analysis.analysis import AnalysisConfig, analyse_features
from mlplatform.studies.feature_analysis.redundancy import redundancy_of, spearman
from mlplatform.studies.feature_analysis.selection import proposed_set
from mlplatform_tests.studies.feature_analysis.drawn import noise, sample_from


def test_duplicates_cluster_also_turned_and_bent():
    x = noise(800, 6)
    x[:, 1] = -x[:, 0]
    x[:, 4] = np.exp(x[:, 0])
    found = redundancy_of(x)
    assert found.cluster.tolist() == [1, 1, 2, 3, 1, 4]


def test_the_cut_lies_between_what_is_much_and_what_is_little_alike():
    base, other = noise(4_000, 1, 1)[:, 0], noise(4_000, 1, 2)[:, 0]
    for correlation, together in ((0.8, True), (0.6, False)):
        mixed = correlation * base + np.sqrt(1 - correlation**2) * other
        cluster = redundancy_of(np.column_stack([base, mixed])).cluster
        assert (cluster[0] == cluster[1]) == together


def test_a_chain_of_neighbours_is_not_one_cluster():
    drawn = noise(4_000, 10, 3)
    x = np.column_stack([drawn[:, k : k + 4].sum(axis=1) for k in range(6)])  # 0.75, 0.5, 0.25
    assert redundancy_of(x).cluster.max() == 3


def test_the_medoid_is_the_one_in_the_middle():
    middle, extra = noise(2_000, 1, 1)[:, 0], noise(2_000, 2, 2)
    x = np.column_stack([middle + 0.5 * extra[:, 0], middle, middle + 0.5 * extra[:, 1]])
    found = redundancy_of(x)
    assert found.cluster.tolist() == [1, 1, 1]
    assert found.medoid.tolist() == [1, 1, 1]


def test_correlations_agree_with_scipy_and_ignore_rows_that_one_lacks():
    x = np.round(noise(500, 3), 1)
    np.testing.assert_allclose(spearman(x), spearmanr(x).statistic, atol=1e-12)
    y = x.copy()
    y[:100, 0] = np.nan
    both = spearmanr(x[100:, 0], x[100:, 1]).statistic
    assert spearman(y)[0, 1] == pytest.approx(both, abs=0.01)
    y[129:, 1] = np.nan
    assert np.isnan(spearman(y)[0, 1])


def test_the_most_stable_of_a_cluster_is_proposed_and_the_others_say_why_not():
    n = 6_000
    x = noise(n, 4, seed=2)
    x[:, 1] = x[:, 0] + 0.3 * x[:, 3]
    sample = sample_from(x, 0.45 + 0.1 * np.tanh(x[:, 0]), days=240)
    sample = sample.of_columns(np.array([1, 0, 2]))
    late = sample.period >= 3
    sample.x[late, 0] = np.where(sample.r[late] > 0, -1, 1) * np.abs(sample.x[late, 0])
    found = analyse_features(sample, AnalysisConfig())
    assert found.stability.sign_share[1] == 1.0
    assert found.stability.sign_share[0] < 1.0
    assert found.proposals[1].is_kept
    assert found.proposals[2].reason == "says what no other feature says"


def test_not_drifted_comes_before_a_steady_sign_and_that_before_order_and_nearness():
    x = noise(1_200, 1, 1) + 0.1 * noise(1_200, 3, 2)
    found = analyse_features(sample_from(x), AnalysisConfig())
    share, order = np.array([0.5, 1.0, 0.5]), np.array([0.1, 0.0, 0.9])
    stability = replace(found.stability, sign_share=share, rank_consistency=order)
    for verdict, signs, chosen in (
        (("stable", "stable", "stable"), share, 1),
        (("stable", "drifted", "stable"), share, 2),
        (("drifted", "drifted", "drifted"), share, 1),
        (("stable", "stable", "stable"), np.full(3, np.nan), 2),
    ):
        proposed = proposed_set(
            found.names,
            found.redundancy,
            replace(stability, sign_share=signs),
            replace(found.drift, verdict=verdict),
        )
        assert [item.is_kept for item in proposed].index(True) == chosen


def test_one_of_each_cluster_is_kept_and_a_drifted_one_only_where_all_are():
    x = noise(3_000, 3, seed=3)
    x[:, 1] = x[:, 0] + 0.05 * noise(3_000, 1, 9)[:, 0]
    sample = sample_from(x, 0.45 + 0.1 * np.tanh(x[:, 0]), days=240)
    x[sample.period == 5, 0] += 1.5
    found = analyse_features(sample, AnalysisConfig())
    assert found.redundancy.cluster.tolist() == [1, 1, 2]
    assert found.drift.verdict[0] == "drifted"
    assert [item.is_kept for item in found.proposals] == [False, True, True]
    assert found.proposals[0].reason == (
        "f1 says the same (rank correlation +0.88) and has not drifted"
    )
