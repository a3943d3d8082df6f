"""Volatility estimators, each worked out by hand from its paper."""

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from mlplatform.features.catalog import regimes, volatility
from mlplatform.features.graph import Feature
from mlplatform.testing.bars import drawn_bars, seeded_bars

from .drawn import FOUR, LN, close_to, values

TWO_LN_2_LESS_1 = 2 * LN(2) - 1


def test_garman_klass_weighs_half_the_squared_range_against_the_body():
    # Bars 2 and 3 of the four: (11, 16, 10, 14) and (14, 14, 7, 8).
    second = 0.5 * LN(16 / 10) ** 2 - TWO_LN_2_LESS_1 * LN(14 / 11) ** 2
    third = 0.5 * LN(14 / 7) ** 2 - TWO_LN_2_LESS_1 * LN(8 / 14) ** 2
    found = values(volatility.garman_klass(2), FOUR)
    assert found[2] == pytest.approx(math.sqrt((second + third) / 2), rel=1e-12)
    assert found[2] == pytest.approx(0.321897, abs=1e-6)  # the same, worked out with a calculator
    assert found[0] is None


def test_yang_zhang_adds_gaps_bodies_and_the_rogers_satchell_mean():
    bars = drawn_bars("2025-06-02 17:00", [(10, 10, 10, 10), (11, 13, 10, 12), (15, 16, 12, 12)])
    gaps = (LN(11 / 10), LN(15 / 12))
    bodies = (LN(12 / 11), LN(12 / 15))
    satchell = (
        LN(13 / 12) * LN(13 / 11) + LN(10 / 12) * LN(10 / 11),
        LN(16 / 12) * LN(16 / 15) + LN(12 / 12) * LN(12 / 15),
    )
    k = 0.34 / (1.34 + 3 / 1)  # two bars: (n + 1) / (n - 1)
    # The sample variance of two numbers is half their squared difference.
    variance = (gaps[0] - gaps[1]) ** 2 / 2 + k * (bodies[0] - bodies[1]) ** 2 / 2
    variance += (1 - k) * sum(satchell) / 2
    assert values(volatility.yang_zhang(2), bars) == close_to(None, None, math.sqrt(variance))


def test_close_to_close_is_the_sample_deviation_of_log_returns():
    returns = (LN(14 / 11), LN(8 / 14), LN(8 / 8))
    expected = [abs(a - b) / math.sqrt(2) for a, b in pairwise(returns)]
    assert values(volatility.close_to_close(2), FOUR) == close_to(None, None, *expected)


@pytest.mark.parametrize(
    "feature",
    [
        volatility.close_to_close(20),
        volatility.parkinson(20),
        volatility.garman_klass(20),
        volatility.yang_zhang(20),
    ],
    ids=lambda feature: feature.name,
)
def test_a_market_that_came_to_rest_has_no_volatility_whatever_it_did_before(feature):
    still = 40
    for seed in range(6):
        rng = np.random.default_rng(seed)
        steps = rng.normal(0, 0.0005, (3000, 3)) * rng.choice([1, 1, 1, 20], (3000, 1))
        path = 6000 * np.exp(steps.ravel().cumsum().reshape(3000, 3))
        path = np.vstack([path, np.full((still, 3), path[-1, 2])])
        bars = seeded_bars(12)[: len(path)].with_columns(
            open=path[:, 0], high=path.max(axis=1), low=path.min(axis=1), close=path[:, 2]
        )
        assert values(feature, bars)[-15:] == [0.0] * 15, seed


def test_one_tick_in_twenty_bars_is_volatility():
    tick = drawn_bars("2025-06-02 17:00", [24_000.0] * 30 + [(24_000, 24_000.25, 24_000, 24_000)])
    found = values(volatility.parkinson(20), tick)
    assert found[29:] == [0.0, pytest.approx(LN(24_000.25 / 24_000) / math.sqrt(80 * LN(2)))]


def test_all_estimators_agree_on_a_random_walk_whose_volatility_is_known():
    """Bars of 400 steps of one ten-thousandth: about 0.002 a bar."""
    steps = np.random.default_rng(5).choice([-1e-4, 1e-4], (600, 400))
    path = 5000 * np.exp(np.cumsum(steps).reshape(600, 400))
    first = np.concatenate([[5000.0], path[:-1, -1]])
    every = np.column_stack([first, path])
    prices = [(p[0], p.max(), p.min(), p[-1]) for p in every]
    bars = drawn_bars("2025-06-02 17:00", prices, minutes=1)
    for feature in (
        volatility.close_to_close(500),
        volatility.parkinson(500),
        volatility.garman_klass(500),
        volatility.yang_zhang(500),
    ):
        assert values(feature, bars)[-1] == pytest.approx(0.002, rel=0.08), feature.name


def test_the_level_and_the_regime_compare_with_the_usual():
    given = Feature(
        "parkinson20", ("open",), 0, lambda c: pl.Series([1.0, 1.0, 4.0, 0.4, 0.0]), "volatility"
    )
    bars = drawn_bars("2025-06-02 17:00", [1.0] * 5)
    level = regimes.volatility_level(1, 2)
    found = values(level, bars, given)
    assert found == close_to(None, 0.0, LN(4 / 2.5), LN(0.4 / 2.2), None)
    assert values(regimes.volatility_regime(), bars, given, level) == [None, 0, 1, -1, None]


def test_up_and_down_variance_are_weighed_against_each_other():
    up, down = LN(14 / 11) ** 2, LN(8 / 14) ** 2
    expected = ((up - down) / (up + down), -1.0)
    assert values(regimes.variance_balance(2), FOUR) == close_to(None, None, *expected)


def test_unsteady_ranges_are_told_by_their_deviation_per_mean():
    # True ranges 6 (16 to 10), 7 (14 to 7) and 0.
    found = values(regimes.volatility_of_volatility(2), FOUR)
    assert found == close_to(None, None, (1 / math.sqrt(2)) / 6.5, (7 / math.sqrt(2)) / 3.5)


def test_the_range_is_compared_with_that_of_the_week_before_at_that_minute():
    def day(date: str, height: float) -> pl.DataFrame:
        quotes = [(100, 100 + height, 100, 100)] * 4
        return drawn_bars(f"{date} 10:00", quotes)

    dates = {"2025-06-02": 50.0, "2025-06-06": 1.0, "2025-06-09": 2.0, "2025-06-10": 6.0}
    bars = pl.concat([day(date, height) for date, height in dates.items()])
    found = values(regimes.range_for_time(276), bars)
    # The second of June is eight days before the tenth: only the sixth and the ninth count.
    start = [None, None]
    ninth = close_to(*[LN(2 / 25.5)] * 2)
    assert found == [None] * 8 + start + ninth + start + close_to(*[LN(6 / 1.5)] * 2)


@pytest.mark.parametrize(
    "feature",
    [volatility.parkinson(20), volatility.garman_klass(20), volatility.yang_zhang(20)],
    ids=lambda feature: feature.name,
)
def test_a_market_that_never_moved_has_no_volatility_and_none_that_is_not_a_number(feature):
    known = [
        v for v in values(feature, drawn_bars("2025-06-02 17:00", [100.0] * 40)) if v is not None
    ]
    assert known == [0.0] * len(known)
    assert len(known) >= 20


def test_a_market_that_stopped_moving_is_at_rest_to_within_rounding():
    moving = seeded_bars(1)["close"].to_list()
    bars = drawn_bars("2025-06-02 17:00", [*moving, *[moving[-1]] * 60], minutes=1)
    for feature in (volatility.garman_klass(20), volatility.yang_zhang(20)):
        assert values(feature, bars)[-1] == pytest.approx(0.0, abs=1e-9)
