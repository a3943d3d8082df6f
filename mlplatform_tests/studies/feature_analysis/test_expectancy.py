"""Expectancy and win rate by quantile."""

import numpy as np
import pytest

from mlplatform.studies.feature_analysis.bins import bin_edges, bin_numbers, rank_correlation_within
from mlplatform.studies.feature_analysis.expectancy import expanded_tail, quantiles_of
from mlplatform_tests.studies.feature_analysis.drawn import LOSS_R, WIN_R, noise, sample_from


def test_the_planted_expectancy_of_each_quantile_is_found():
    n = 20_000
    x = np.random.default_rng(3).permutation(n)[:, None] / n
    probability = 0.35 + 0.05 * np.floor(x[:, 0] * 5)  # 0.35, 0.40, ... 0.55 by fifth
    found = quantiles_of(sample_from(x, probability, days=400), seed=7)
    truth = np.array([0.35, 0.40, 0.45, 0.50, 0.55])
    np.testing.assert_array_equal(found.rows[0], [4000] * 5)
    np.testing.assert_allclose(found.win_rate[0], truth, atol=0.025)
    expectancy = truth * WIN_R + (1 - truth) * LOSS_R
    np.testing.assert_allclose(found.mean_r[0], expectancy, atol=0.06)
    assert (found.mean_r_low[0] < expectancy).all()
    assert (found.mean_r_high[0] > expectancy).all()
    assert found.monotonicity[0] == pytest.approx(1.0)
    np.testing.assert_allclose(found.highest[0], [0.2, 0.4, 0.6, 0.8, 1.0], atol=1e-3)


def test_bins_worked_out_by_hand():
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    edges = bin_edges(values, 5)
    np.testing.assert_array_equal(edges, [2, 4, 6, 8])
    np.testing.assert_array_equal(bin_numbers(values, edges), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    assert bin_numbers(np.array([np.nan]), edges)[0] == -1


@pytest.mark.parametrize("ones", [2, 50, 98])
def test_a_flag_has_two_bins_however_rare_it_is(ones: int):
    values = np.repeat([0.0, 1.0], [100 - ones, ones])
    edges = bin_edges(values, 5)
    assert np.bincount(bin_numbers(values, edges)).tolist() == [100 - ones, ones]


def test_mass_on_the_greatest_value_leaves_the_rest_a_bin():
    values = np.concatenate([np.arange(20) / 100, np.full(980, 5.0)])
    edges = bin_edges(values, 5)
    assert np.bincount(bin_numbers(values, edges)).tolist() == [20, 980]


def test_nulls_are_in_no_bin():
    x = noise(1000, 1)
    x[:300] = np.nan
    assert quantiles_of(sample_from(x), seed=1).rows.sum() == 700


def test_intervals_count_days_not_rows():
    """Where all candidates of a day end alike, ten times the candidates know nothing more."""
    days = 60
    r_of_day = np.random.default_rng(5).normal(size=days)
    widths = []
    for each in (10, 100):
        sample = sample_from(noise(days * each, 1), days=days)
        sample.r[:] = r_of_day[sample.day]
        found = quantiles_of(sample, seed=7)
        widths.append(float((found.mean_r_high - found.mean_r_low).mean()))
    assert widths[1] > 0.8 * widths[0]
    assert widths[1] == pytest.approx(2 * 2.0 * r_of_day.std(ddof=1) / np.sqrt(days), rel=0.2)


def test_intervals_hold_the_truth_in_about_95_of_100_samples():
    hits = []
    for seed in range(60):
        rng = np.random.default_rng(1000 + seed)
        sample = sample_from(noise(600, 2, seed), days=25, seed=seed)
        sample.r[:] = rng.normal(size=600) + rng.normal(size=25)[sample.day]  # truth: 0
        found = quantiles_of(sample, seed=seed, resamples=400)
        hits.append([found.mean_r_low < 0, found.mean_r_high > 0])
    below, above = np.mean(hits, axis=(0, 2, 3))
    assert 0.955 <= below <= 0.99
    assert 0.955 <= above <= 0.99


def test_few_days_give_no_interval():
    found = quantiles_of(sample_from(noise(900, 1), days=9, periods=1), seed=7)
    assert np.isnan(found.mean_r_low).all()
    assert not np.isnan(found.mean_r).any()


def test_a_bin_of_few_days_has_no_interval_though_the_sample_has_many():
    sample = sample_from(noise(600, 1), days=60)
    sample.x[:] = (sample.day < 9)[:, None]
    found = quantiles_of(sample, seed=7)
    assert found.days[0, :2].tolist() == [51, 9]
    assert np.isnan(found.mean_r_low[0]).tolist() == [False, True, True, True, True]


def test_the_expanded_tail_agrees_with_students_quantile_by_table():
    # Student's 2.5 % quantile with 9 degrees of freedom is -2.262157; times sqrt(10 / 9).
    from statistics import NormalDist

    expected = NormalDist().cdf(-2.262157 * np.sqrt(10 / 9))
    assert expanded_tail(np.array([10]), 0.025)[0] == pytest.approx(expected, rel=1e-5)


def test_ranks_along_a_row_agree_with_scipy():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 4, (2, 50, 5)).astype(float)
    a[0, 0] = np.nan
    for row_a, row_b, found in zip(a, b, rank_correlation_within(a, b), strict=True):
        known = ~np.isnan(row_a)
        if len(set(row_a[known])) < 2 or len(set(row_b[known])) < 2:
            assert np.isnan(found)
        else:
            expected = spearmanr(row_a[known], row_b[known]).statistic
            assert found == pytest.approx(expected)
