"""The stationary bootstrap."""

import numpy as np
import pytest

from mlplatform.metrics.bootstrap import (
    MINIMUM_DAYS,
    Interval,
    mean_interval,
    percentile_interval,
    stationary_resamples,
)
from mlplatform.metrics.undefined import Undefined


def _interval(daily: np.ndarray, seed: int = 1, **options: float) -> Interval:
    got = mean_interval(daily, seed, **options)  # type: ignore[arg-type]
    assert isinstance(got, Interval)
    return got


def test_the_same_days_and_seed_give_the_same_interval() -> None:
    daily = np.random.default_rng(3).normal(0, 100, 250)
    assert _interval(daily, 5) == _interval(daily, 5)
    assert _interval(daily, 5) != _interval(daily, 6)


def test_of_independent_days_it_agrees_with_the_normal_interval() -> None:
    daily = np.random.default_rng(4).normal(10, 100, 2_000)
    got = _interval(daily, confidence=0.98)
    half = 2.326 * np.std(daily, ddof=1) / np.sqrt(daily.size)
    assert got.value == pytest.approx(np.mean(daily))
    assert got.high - got.value == pytest.approx(half, rel=0.12)
    assert got.value - got.low == pytest.approx(half, rel=0.12)


def test_runs_of_days_widen_it_because_blocks_stay_together() -> None:
    shocks = np.random.default_rng(5).normal(0, 1, 3_000)
    runs = np.convolve(shocks, np.ones(8), "valid")
    shuffled = np.random.default_rng(6).permutation(runs)
    whole, mixed = _interval(runs), _interval(shuffled)
    assert whole.high - whole.low > 1.7 * (mixed.high - mixed.low)


@pytest.mark.parametrize("days", [30, 60, 250])
def test_pure_noise_is_called_above_zero_about_once_in_a_hundred(days: int) -> None:
    rng = np.random.default_rng(7)
    claims = sum(
        _interval(rng.normal(0, 1, days), seed, resamples=400).low > 0 for seed in range(300)
    )
    assert claims <= 8


@pytest.mark.parametrize("day", [0, 10, 29])
def test_every_day_is_drawn_the_first_and_the_last_too(day: int) -> None:
    one = np.zeros(30)
    one[day] = 30.0
    assert _interval(one).high > 1.0


def test_constant_days_leave_no_doubt() -> None:
    got = _interval(np.full(30, 2.0))
    assert (got.low, got.value, got.high) == (2.0, 2.0, 2.0)


def test_too_few_days_give_no_interval() -> None:
    assert isinstance(mean_interval(np.ones(MINIMUM_DAYS - 1), 1), Undefined)
    assert isinstance(mean_interval(np.ones(MINIMUM_DAYS), 1), Interval)


def test_sums_are_those_of_the_days_drawn() -> None:
    daily = np.random.default_rng(8).normal(size=(41, 3))
    drawn = stationary_resamples(41, 3, 50)
    days = drawn.days()
    assert days.shape == (50, 41)
    assert (days.min(), days.max()) == (0, 40)
    np.testing.assert_allclose(drawn.sums(daily), daily[days].sum(axis=1), atol=1e-12)


def test_blocks_go_on_day_by_day_and_are_as_long_as_stated() -> None:
    days = stationary_resamples(1_000, 5, 200).days()
    goes_on = (days[:, 1:] - days[:, :-1]) % 1_000 == 1
    assert 1.0 / (1.0 - goes_on.mean()) == pytest.approx(1_000 ** (1 / 3), rel=0.03)


def test_every_day_is_as_likely_as_another() -> None:
    count = np.bincount(stationary_resamples(50, 6, 4_000).days().ravel(), minlength=50)
    assert count.min() > 0.93 * 4_000
    assert count.max() < 1.07 * 4_000


def test_a_figure_that_too_often_does_not_exist_has_no_interval() -> None:
    drawn = np.arange(100.0)
    drawn[:5] = np.nan
    got = percentile_interval(50.0, drawn, 1_000, 0.9)
    assert isinstance(got, Interval)
    assert 5 <= got.low < 12
    drawn[5] = np.nan
    assert isinstance(percentile_interval(50.0, drawn, 1_000), Undefined)
    missing = Undefined("no trade")
    assert percentile_interval(missing, drawn, 1_000) is missing
