"""Oscillators where TA-Lib has no answer, and averages and bands in ATR."""

import numpy as np
import polars as pl
import pytest
import talib

from mlplatform.features.catalog import averages, bollinger, technical, volatility
from mlplatform.features.graph import Feature
from mlplatform.testing.bars import drawn_bars, seeded_bars

from .drawn import FOUR, close_to, values

STILL = drawn_bars("2025-06-02 17:00", [100.0] * 60)
UNDEFINED_AT_REST = (
    technical.rsi(14),
    technical.stochastic("k", 14),
    technical.stochastic("d", 14),
    technical.money_flow(14),
    technical.macd("line"),
    bollinger.bollinger_position(20),
    bollinger.bollinger_width(20),
    averages.average_gap("ema20"),
    averages.line_slope(20),
)


@pytest.mark.parametrize("feature", UNDEFINED_AT_REST, ids=lambda feature: feature.name)
def test_an_oscillator_is_unknown_where_price_never_moved(feature):
    assert values(feature, STILL, volatility.atr(14)) == [None] * 60


@pytest.mark.parametrize(
    "feature", [technical.adx(14), technical.cci(20)], ids=lambda feature: feature.name
)
def test_no_trend_and_no_distance_are_zero_where_price_never_moved(feature):
    known = [value for value in values(feature, STILL) if value is not None]
    assert known == [0.0] * len(known)
    assert len(known) > 30


def test_the_rsi_is_forgotten_when_nothing_has_changed_within_its_memory():
    memory = technical.rsi(5).lookback_bars
    bars = drawn_bars("2025-06-02 17:00", [100.0 + i % 3 for i in range(30)] + [101.0] * 260, 1)
    found = values(technical.rsi(5), bars)
    assert found[29 + memory - 1] is not None
    assert found[29 + memory + 1 :] == [None] * len(found[29 + memory + 1 :])


def test_a_stochastic_is_known_again_when_its_window_has_moved():
    prices = [100.0] * 20 + [101.0] + [100.0] * 9
    raw = talib.STOCH(*[np.array(prices)] * 3, 3, 2, 0, 2, 0)
    found = values(technical.stochastic("k", 3, 2, 2), drawn_bars("2025-06-02 17:00", prices))
    # The move of bar 20 is within ranges of three bars up to bar 22; each %K averages two of them.
    assert found == [None] * 21 + close_to(*(raw[0][21:23] - 50)) + [None] * 7
    slower = values(technical.stochastic("d", 3, 2, 2), drawn_bars("2025-06-02 17:00", prices))
    assert slower == [None] * 22 + close_to(raw[1][22] - 50) + [None] * 7


def test_one_bar_of_unknown_volume_is_forgotten_by_the_money_flow():
    bars = seeded_bars(1)
    hole = bars.with_columns(
        volume=pl.when(pl.int_range(pl.len()) == 100).then(None).otherwise("volume")
    )
    whole, found = values(technical.money_flow(14), bars), values(technical.money_flow(14), hole)
    assert found[:100] == whole[:100]
    assert found[100:114] == [None] * 14
    assert found[114:] == close_to(*whole[114:])


def test_directions_differ_by_the_spread_of_their_indicators():
    up = Feature("directional_up14", ("open",), 0, lambda c: pl.Series([30.0, 10, 5, 5]), "up")
    down = Feature(
        "directional_down14", ("open",), 0, lambda c: pl.Series([10.0, 20, 5, 0]), "down"
    )
    assert values(technical.directional_spread(14), FOUR, up, down) == [20, -10, 0, 5]


def test_averages_are_plain_or_weighed_by_volume():
    assert values(averages.sma(2), FOUR) == close_to(None, 12.5, 11.0, 8.0)
    weighed = close_to(None, (11 + 42) / 4, (42 + 32) / 7, 8.0)
    assert values(averages.vwma(2), FOUR) == weighed
    gap = values(averages.average_gap("vwma2"), FOUR, averages.vwma(2))
    assert gap == close_to(None, (14 - 53 / 4) / 2, (8 - 74 / 7) / 2, 0.0)


def test_the_line_through_three_closes_rises_by_half_the_outer_difference():
    points = averages.line_slope_points(3)
    assert values(points, FOUR) == close_to(None, None, (8 - 11) / 2, (8 - 14) / 2)
    slope = averages.line_slope(3)
    assert values(slope, FOUR, points) == close_to(None, None, -3 / 4, -6 / 4)


def test_bollinger_bands_lie_two_population_deviations_about_the_mean():
    bands = {side: bollinger.bollinger_band(side, 2) for side in ("upper", "lower")}
    # Closes 11, 14, 8, 8: means 12.5, 11, 8, deviations 1.5, 3, 0.
    assert values(bands["upper"], FOUR) == close_to(None, 15.5, 17.0, 8.0)
    assert values(bands["lower"], FOUR) == close_to(None, 9.5, 5.0, 8.0)
    width = values(bollinger.bollinger_width(2), FOUR, *bands.values())
    assert width == close_to(None, 3.0, 6.0, 0.0)
