"""How price gets from trade to trade: each formula worked out by hand."""

import math

import pytest

from mlplatform.features.catalog import liquidity, microstructure, shape
from mlplatform.testing.bars import drawn_bars

from .drawn import FOUR, LN, close_to, values

STEPS = drawn_bars("2025-06-02 17:00", [10.0, 11.0, 10.0, 12.0, 12.0, 11.0])  # +1 -1 +2 0 -1


def test_the_balance_of_steps_and_the_share_of_none():
    assert values(microstructure.tick_balance(3), STEPS) == close_to(None, None, None, 1 / 3, 0, 0)
    assert values(microstructure.unchanged_share(3), STEPS) == close_to(
        None, None, None, 0, 1 / 3, 1 / 3
    )


def test_skewness_and_kurtosis_are_of_population_moments():
    # Changes 1, -1, 2, 0, -1: mean 0.2, deviations 0.8, -1.2, 1.8, -0.2, -1.2.
    deviations = (0.8, -1.2, 1.8, -0.2, -1.2)
    second, third, fourth = (sum(d**k for d in deviations) / 5 for k in (2, 3, 4))
    skewness = values(microstructure.change_skewness(5), STEPS)
    assert skewness == [None] * 5 + [pytest.approx(third / second**1.5, rel=1e-9)]
    kurtosis = values(microstructure.change_kurtosis(5), STEPS)
    assert kurtosis == [None] * 5 + [pytest.approx(fourth / second**2 - 3, rel=1e-9)]


def test_the_variance_ratio_compares_changes_of_two_bars_with_those_of_one():
    # Over three changes each: one bar (2, 0, -1), two bars (1, 2, -1).
    one = ((2 - 1 / 3) ** 2 + (1 / 3) ** 2 + (4 / 3) ** 2) / 2
    two = ((1 - 2 / 3) ** 2 + (2 - 2 / 3) ** 2 + (5 / 3) ** 2) / 2
    found = values(microstructure.variance_ratio(2, 3), STEPS)
    assert found[-1] == pytest.approx(two / (2 * one), rel=1e-12)
    assert found[:4] == [None] * 4


BOUNCE = drawn_bars("2025-06-02 17:00", [10.0, 11.0, 10.0, 11.0, 10.0, 11.0])


def test_rolls_spread_of_a_price_that_bounces_between_two_quotes_is_their_distance():
    # Changes +1 -1 +1 -1 +1: four pairs of product -1, means 0 and 0: 2 sqrt(1) = 2 points, 1 ATR.
    spread = values(microstructure.roll_spread(4), BOUNCE, microstructure.step_covariance(4))
    assert spread == [None] * 5 + [pytest.approx(1.0, rel=1e-12)]
    correlation = values(
        microstructure.step_correlation(4), BOUNCE, microstructure.step_covariance(4)
    )
    assert correlation[-1] == pytest.approx(-1.0, rel=1e-12)


def test_rolls_spread_is_not_defined_where_changes_follow_each_other():
    rising = drawn_bars("2025-06-02 17:00", [10.0, 11.0, 13.0, 16.0, 20.0, 25.0, 31.0])
    covariance = values(microstructure.step_covariance(4), rising)
    # Changes 3, 4, 5, 6 with 2, 3, 4, 5 before them: mean product 17, means 4.5 and 3.5.
    assert covariance[-1] == pytest.approx(17 - 4.5 * 3.5, rel=1e-12)
    found = values(microstructure.roll_spread(4), rising, microstructure.step_covariance(4))
    assert found == [None] * 7


def test_amihud_is_the_mean_return_per_value_traded_of_bars_with_a_trade():
    bars = drawn_bars(
        "2025-06-02 17:00", [100.0, 110.0, 99.0, 99.0, 108.9], volumes=[5.0, 2.0, 4.0, 0.0, 1.0]
    )
    first = LN(1.1) / (110 * 2) * 1e9
    second = -LN(0.9) / (99 * 4) * 1e9
    last = LN(1.1) / 108.9 * 1e9
    expected = (None, first, (first + second) / 2, second, last)
    assert values(liquidity.amihud(2), bars) == close_to(*expected)


def test_the_liquidity_score_is_volume_per_point_against_the_longer_past():
    # Volumes 1, 3, 4, 2; true ranges none, 6, 7, 0.
    short, long = 6 / 7, 9 / 13
    found = values(liquidity.liquidity_score(2, 3), FOUR)
    assert found == close_to(None, None, None, LN(short / long))


def test_wicks_bodies_and_places_of_a_bar_add_up():
    upper, lower = (values(shape.wick(side), FOUR) for side in ("upper", "lower"))
    assert upper == close_to(1 / 3, 2 / 6, 0.0, None)
    assert lower == close_to(1 / 3, 1 / 6, 1 / 7, None)
    body = values(shape.body(), FOUR)
    for parts in zip(upper[:3], lower[:3], body[:3], strict=True):
        assert parts[0] + parts[1] + abs(parts[2]) == pytest.approx(1.0)


def test_the_overlap_of_two_bars_is_their_share_of_the_common_range():
    # 9..12 and 10..16 share 2 of 7; 10..16 and 7..14 share 4 of 9; 7..14 and 8..8 share 0 of 7.
    assert values(shape.overlap(), FOUR) == close_to(None, 2 / 7, 4 / 9, 0.0)
    apart = drawn_bars("2025-06-02 17:00", [(1, 2, 1, 2), (5, 6, 5, 6)])
    assert values(shape.overlap(), apart) == [None, 0.0]


def test_nothing_is_made_up_where_price_stood_still():
    still = drawn_bars("2025-06-02 17:00", [100.0] * 130)
    undefined = (
        microstructure.efficiency(20),
        microstructure.change_skewness(60),
        microstructure.change_kurtosis(60),
        microstructure.variance_ratio(5, 100),
        microstructure.step_correlation(60),
        microstructure.roll_spread(60),
        liquidity.liquidity_score(20, 50),
        shape.body(),
        shape.overlap(),
    )
    for feature in undefined:
        assert values(feature, still) == [None] * 130, feature.name
    assert values(microstructure.unchanged_share(20), still)[20:] == [1.0] * 110
    assert math.isclose(values(liquidity.amihud(20), still)[-1], 0.0)
