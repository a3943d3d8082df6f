"""Drawdowns against a hand-made path, and laws on random ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.metrics import drawdowns
from mlplatform.metrics.undefined import Undefined

PATH = np.array([110.0, 99.0, 88.0, 104.0, 110.0, 121.0, 115.0])
"""From 100: two drawdowns, 20 % deep and recovered, then 5 % and still lasting."""


def test_the_capital_is_the_first_peak() -> None:
    assert drawdowns.max_drawdown_frac(np.array([90.0, 95.0]), 100.0) == pytest.approx(0.1)


def test_the_deepest_fall_is_measured_from_the_peak_before_it() -> None:
    assert drawdowns.max_drawdown_frac(PATH, 100.0) == pytest.approx(0.2)
    assert drawdowns.max_drawdown_usd(PATH, 100.0) == pytest.approx(22.0)


def test_episodes_run_from_the_first_day_below_the_peak_to_the_day_back_at_it() -> None:
    first, second = drawdowns.episodes(PATH, 100.0)
    assert (first.first_day, first.trough_day, first.recovery_day) == (1, 2, 4)
    assert (second.first_day, second.trough_day, second.recovery_day) == (6, 6, None)
    assert drawdowns.recovery_days((first, second)) == 2
    assert drawdowns.longest_under_water_days((first, second), PATH.size) == 3
    assert drawdowns.average_drawdown_frac((first, second)) == pytest.approx((0.2 + 6 / 121) / 2)


def test_a_drawdown_that_lasts_has_no_recovery_and_counts_to_the_end() -> None:
    found = drawdowns.episodes(np.array([101.0, 90.0, 91.0, 92.0]), 100.0)
    got = drawdowns.recovery_days(found)
    assert isinstance(got, Undefined)
    assert "not recovered" in got.reason
    assert drawdowns.longest_under_water_days(found, 4) == 3


def test_time_under_water_and_ulcer_index_by_hand() -> None:
    depth = np.array([0, 0.1, 0.2, 6 / 110, 0, 0, 6 / 121])
    assert drawdowns.time_under_water_frac(PATH, 100.0) == pytest.approx(4 / 7)
    assert drawdowns.ulcer_index_frac(PATH, 100.0) == pytest.approx(np.sqrt(np.mean(depth**2)))


def test_recovery_factor_is_profit_over_the_deepest_fall() -> None:
    assert drawdowns.recovery_factor(PATH, 100.0) == pytest.approx(15 / 22)


def test_an_intraday_low_is_measured_from_an_earlier_days_mark() -> None:
    equity, low = np.array([100.0, 120.0, 120.0]), np.array([95.0, 94.0, 114.0])
    assert drawdowns.max_intraday_drawdown_frac(equity, low, 100.0) == pytest.approx(0.06)


def test_an_equity_that_only_rises_has_no_drawdown_to_average() -> None:
    rising = np.array([100.0, 101.0, 102.0])
    found = drawdowns.episodes(rising, 100.0)
    assert found == ()
    assert drawdowns.max_drawdown_frac(rising, 100.0) == 0.0
    assert drawdowns.longest_under_water_days(found, 3) == 0
    for figure in (
        drawdowns.average_drawdown_frac(found),
        drawdowns.recovery_days(found),
        drawdowns.recovery_factor(rising, 100.0),
    ):
        assert isinstance(figure, Undefined)


@given(st.lists(st.floats(10.0, 200.0), min_size=1, max_size=50).map(np.array))
def test_the_deepest_episode_is_the_maximum_drawdown(equity: np.ndarray) -> None:
    found = drawdowns.episodes(equity, 100.0)
    deepest = max((episode.depth_frac for episode in found), default=0.0)
    assert deepest == drawdowns.max_drawdown_frac(equity, 100.0)
    days = sum((e.recovery_day or equity.size) - e.first_day for e in found)
    assert drawdowns.time_under_water_frac(equity, 100.0) == pytest.approx(days / equity.size)


@given(st.lists(st.floats(10.0, 200.0), min_size=1, max_size=50).map(np.array))
def test_no_drawdown_beats_looking_back_at_every_pair_of_days(equity: np.ndarray) -> None:
    path = [100.0, *equity.tolist()]
    slow = max((path[i] - path[j]) / path[i] for i in range(len(path)) for j in range(i, len(path)))
    assert drawdowns.max_drawdown_frac(equity, 100.0) == pytest.approx(slow)
