"""The session's VWAP and its bands, worked out by hand."""

import math

import polars as pl

from mlplatform.features.catalog import vwap
from mlplatform.testing.bars import drawn_bars, joined, seeded_bars

from .drawn import close_to, values

# Typical prices 10 (1 contract), 13 (3 contracts), 13 (0 contracts).
BARS = drawn_bars(
    "2025-06-02 17:00", [(10, 12, 8, 10), (10, 16, 10, 13), (13, 14, 12, 13)], volumes=[1, 3, 0]
)
MEAN = (1 * 10 + 3 * 13) / 4
DEVIATION = math.sqrt((1 * (10 - MEAN) ** 2 + 3 * (13 - MEAN) ** 2) / 4)


def test_the_vwap_is_the_mean_typical_price_by_volume():
    assert values(vwap.session_vwap(), BARS) == close_to(10.0, MEAN, MEAN)


def test_bands_lie_whole_deviations_about_the_vwap():
    assert values(vwap.vwap_deviation(), BARS) == close_to(0.0, DEVIATION, DEVIATION)
    assert values(vwap.vwap_band("upper", 2), BARS)[1:] == close_to(*[MEAN + 2 * DEVIATION] * 2)
    assert values(vwap.vwap_band("lower", 1), BARS)[1:] == close_to(*[MEAN - DEVIATION] * 2)


def test_distances_to_the_vwap_are_in_deviations_and_in_atr():
    assert values(vwap.vwap_position(), BARS) == close_to(None, *[(13 - MEAN) / DEVIATION] * 2)
    assert values(vwap.vwap_gap(), BARS) == close_to(0.0, *[(13 - MEAN) / 2] * 2)
    assert values(vwap.vwap_width(), BARS) == close_to(0.0, DEVIATION / 2, DEVIATION / 2)


def test_the_slope_of_the_vwap_does_not_look_into_the_session_before():
    evening = drawn_bars("2025-06-03 17:00", [20.0, 22.0], volumes=[1, 1])
    found = values(vwap.vwap_slope(1), joined(BARS, evening))
    assert found == close_to(None, (MEAN - 10) / 2, 0.0, None, 0.5)


def test_bands_are_exact_to_rounding_far_from_zero():
    bars = seeded_bars(1)
    prices = ((bars["high"] + bars["low"] + bars["close"]) / 3).to_numpy()
    weights = bars["volume"].to_numpy()
    mean = (prices * weights).sum() / weights.sum()
    deviation = math.sqrt((weights * (prices - mean) ** 2).sum() / weights.sum())
    assert values(vwap.vwap_deviation(), bars)[-1:] == close_to(deviation)


def test_a_price_that_stood_still_has_bands_without_width_and_no_place_between_them():
    still = drawn_bars("2025-06-02 17:00", [5900.1] * 50)
    assert values(vwap.vwap_deviation(), still) == [0.0] * 50
    assert values(vwap.vwap_position(), still) == [None] * 50


def test_without_volume_there_is_no_vwap():
    for volume in (None, 0.0):
        silent = BARS.with_columns(volume=pl.lit(volume, pl.Float64))
        for feature in (vwap.session_vwap(), vwap.vwap_deviation(), vwap.vwap_band("upper", 1)):
            assert values(feature, silent) == [None] * 3
