"""What all worlds say together."""

import pytest

from mlplatform.studies.truth.outcome import Choice, Earned
from mlplatform.studies.truth.tally import passes, pooled_ratio, tally

from .outcomes import outcome


def of_kind(tallies, kind):
    return next(item for item in tallies if item.kind == kind)


def noise(claims, worlds):
    kinds = ["edge", "edge_not_over_baseline"] * worlds
    return [
        outcome(number=n, verdict=kinds[n] if n < claims else ("none", "loss", "too_little")[n % 3])
        for n in range(worlds)
    ]


def test_both_kinds_of_claim_count_and_one_of_them_is_over_the_baseline():
    (found,) = tally(noise(5, 40), seed=1)
    assert (found.claims.hits, found.claims.trials) == (5, 40)
    assert found.over_baseline.hits == 3


def test_bounds_beyond_zero_are_counted_and_zero_itself_is_not():
    worlds = [
        outcome(number=1, day_low=0.1, gross_low=0.1),
        outcome(number=2, day_low=0.0, gross_low=0.0, gross_high=0.0),
        outcome(number=3, gross_high=-0.1),
        outcome(number=4, day_low=None, gross_low=None, gross_high=None),
    ]
    (found,) = tally(worlds, seed=1)
    assert found.day_above_zero.hits == 1
    assert found.gross_above_zero.hits == 1
    assert found.gross_below_zero.hits == 1


@pytest.mark.parametrize(("claims", "met"), [(0, True), (5, True), (6, False)])
def test_five_claims_in_a_hundred_noise_worlds_pass_and_six_do_not(claims, met):
    assert passes(tally(noise(claims, 100), seed=1))["noise_claims"] is met


def captured(share):
    """Two strong worlds in which ML earns a share of the attainable, a trade."""
    return [
        outcome("strong", n, ml=Earned(10 * n, 4.0 * n * share), observer=Earned(50, 20.0))
        for n in (1, 2)
    ]


@pytest.mark.parametrize(("share", "met"), [(0.81, True), (0.79, False), (-0.5, False)])
def test_four_fifths_of_the_attainable_expectancy_must_be_captured_in_strong_worlds(share, met):
    tallies = tally(captured(share), seed=1)
    assert of_kind(tallies, "strong").capture.value == pytest.approx(share)
    assert passes(tallies) == {"noise_claims": None, "strong_capture": met}


def test_what_weak_worlds_capture_meets_no_aim():
    weak = [outcome("weak", 1, ml=Earned(10, 4.0), observer=Earned(10, 4.0))]
    assert passes(tally(weak, seed=1)) == {"noise_claims": None, "strong_capture": None}


def test_expectancies_pool_the_trades_of_all_worlds():
    worlds = [
        outcome("modest", 1, ml=Earned(90, 9.0), observer=Earned(10, 5.0), oracle=Earned(10, 6.0)),
        outcome("modest", 2, ml=Earned(10, 6.0), observer=Earned(30, 5.0), oracle=Earned(10, 8.0)),
    ]
    (found,) = tally(worlds, seed=1)
    assert found.ml_r == pytest.approx(0.15)
    assert found.attainable_r == pytest.approx(0.25)
    assert found.oracle_r == pytest.approx(0.7)
    assert found.baseline_r == pytest.approx(-2.0 / 40)
    assert found.capture.value == pytest.approx(0.6)
    assert found.capture_of_sum.value == pytest.approx(1.5)


def test_what_is_lost_is_told_by_role():
    choice = Choice(taken=20, taken_r=4.0, oracle=50, oracle_r=20.0, oracle_static_r=25.0, hits=15)
    (found,) = tally([outcome("strong", 1, choice=choice)], seed=1)
    assert found.entry_part.value == pytest.approx((4.0 / 20) / (20.0 / 50))
    assert found.stop_part.value == pytest.approx(20.0 / 25.0)
    assert found.precision.value == pytest.approx(15 / 20)
    assert found.recall.value == pytest.approx(15 / 50)


def test_kinds_come_in_order_and_those_without_worlds_not_at_all():
    worlds = [outcome("strong", 1), outcome("weak", 1), outcome()]
    assert [item.kind for item in tally(worlds, seed=1)] == ["noise", "weak", "strong"]
    assert tally([], seed=1) == ()


def test_the_order_in_which_worlds_were_finished_changes_nothing():
    worlds = [outcome("weak", n, ml=Earned(n, n / 7)) for n in range(1, 9)]
    assert tally(worlds, seed=3) == tally(worlds[::-1], seed=3)


def test_a_ratio_of_worlds_that_agree_is_sure_and_one_of_worlds_that_differ_is_not():
    sure = pooled_ratio([(2.0, 4, 10.0, 10)] * 8, seed=1)
    assert (sure.value, sure.low, sure.high) == pytest.approx((0.5, 0.5, 0.5))
    unsure = pooled_ratio([(n, 4, 10.0, 10) for n in (0.0, 1.0, 2.0, 3.0, 4.0)] * 2, seed=1)
    assert unsure.value == pytest.approx(0.5)
    # A mean of ten draws with a deviation of sqrt(2) about 2: +- 1.96 sqrt(2 / 10) of it.
    assert (unsure.low, unsure.high) == pytest.approx((0.28, 0.72), abs=0.03)


def test_where_nothing_was_traded_or_attainable_there_is_no_ratio():
    for row in ((0.0, 0, 5.0, 5), (5.0, 5, 0.0, 0), (5.0, 5, -1.0, 5)):
        assert pooled_ratio([row] * 3, seed=1).value is None


def test_a_ratio_has_no_interval_from_one_world_or_where_it_often_does_not_exist():
    assert pooled_ratio([(1.0, 1, 1.0, 1)], seed=1).low is None
    gone = pooled_ratio([(1.0, 1, 1.0, 1), (0.0, 0, 0.0, 0), (0.0, 0, 0.0, 0)], seed=1)
    assert (gone.value, gone.low, gone.high) == (1.0, None, None)
