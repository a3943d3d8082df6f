"""Exact intervals of a share, against published and independent values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from mlplatform.studies.truth.proportion import proportion


def test_one_claim_in_a_hundred_worlds_bounds_the_rate_below_six_percent():
    found = proportion(1, 100)  # Clopper and Pearson's exact interval, as tabled
    assert found.share == 0.01
    assert (found.low, found.high) == pytest.approx((0.000253, 0.054459), abs=1e-6)


def test_no_claim_in_a_hundred_worlds_leaves_room_for_four_percent():
    found = proportion(0, 100)
    assert (found.low, found.high) == pytest.approx((0.0, 0.036217), abs=1e-6)


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_bounds_are_those_of_scipys_exact_test(counts):
    hits, trials = counts
    found = proportion(hits, trials)
    if not trials:
        assert (found.share, found.low, found.high) == (None, 0.0, 1.0)
        return
    known = binomtest(hits, trials).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-9)


@given(st.integers(1, 40), st.floats(0.02, 0.98))
def test_the_interval_covers_the_true_share_at_least_as_often_as_it_says(trials, truth):
    covered = 0.0
    for hits in range(trials + 1):
        found = proportion(hits, trials)
        covered += binom.pmf(hits, trials, truth) * (found.low <= truth <= found.high)
    assert covered >= 0.95 - 1e-9


@pytest.mark.parametrize(("hits", "trials"), [(-1, 5), (6, 5)])
def test_hits_outside_of_the_trials_are_a_defect(hits, trials):
    with pytest.raises(ValueError, match="cannot be"):
        proportion(hits, trials)
