"""Swings, breaks, ranges and fair-value gaps: what they are, and that none is known too early."""

import math

import polars as pl
import pytest

from mlplatform.features.catalog import fair_value_gaps, levels, structure, swings
from mlplatform.features.graph import Feature
from mlplatform.testing.bars import drawn_bars

from .drawn import FOUR, close_to, values


def of_highs(*highs: float) -> pl.DataFrame:
    return drawn_bars("2025-06-02 17:00", [(h - 1, h, h - 2, h - 1) for h in highs])


PEAK = of_highs(10, 11, 12, 15, 14, 13, 12, 11, 12, 13, 14, 13, 12, 11, 10)


def test_a_swing_is_known_three_bars_after_its_turn_and_never_before():
    found = values(swings.swing("high"), PEAK)
    # The top of 15 is bar 3, confirmed by bar 6; that of 14 is bar 10, confirmed by bar 13.
    assert found == [None] * 6 + [15] * 7 + [14] * 2
    for cut in range(1, len(found)):
        assert values(swings.swing("high"), PEAK[:cut]) == found[:cut]
    # The low between them, 9, is bar 7, confirmed by bar 10.
    assert values(swings.swing("low"), PEAK) == [None] * 10 + [9] * 5


def test_a_top_that_is_matched_later_counts_once_and_one_that_is_matched_before_does_not():
    equal = of_highs(10, 11, 12, 15, 15, 13, 12, 11, 10)
    found = values(swings.new_swing("high"), equal)
    assert found == [None] * 6 + [15] + [None] * 2


def test_a_swing_is_forgotten_in_the_end():
    rising = [15.0 - 0.25 * abs(3 - i) for i in range(7)]
    falling = [14.0 - 0.01 * i for i in range(260)]
    found = values(swings.swing("high"), of_highs(*rising, *falling))
    assert found[6] == 15.0
    assert found[6 + 240] == 15.0
    assert found[6 + 241] is None


def test_the_age_of_a_swing_counts_from_its_turn():
    assert values(swings.bars_since_swing("high"), PEAK)[6:] == [3, 4, 5, 6, 7, 8, 9, 3, 4]


def test_lower_tops_after_higher_ones_are_a_falling_trend_of_swings():
    high, low = given("swing_high", 5, 6, 4, 4), given("swing_low", 3, 4, 2, 3)
    before = given("earlier_swing_high", 4, 5, 5, 4), given("earlier_swing_low", 3, 3, 3, None)
    found = values(swings.swing_trend(), FOUR, high, low, *before)
    assert found == [0.5, 1.0, -1.0, None]
    earlier = values(swings.swing_before("high"), PEAK)
    assert earlier == [None] * 13 + [15, 15]


def given(name: str, *numbers: float | None) -> Feature:
    return Feature(name, ("open",), 0, lambda c: pl.Series(numbers, dtype=pl.Float64), name)


def test_the_place_between_swings_and_the_size_of_their_leg():
    high, low = given("swing_high", 15, 15, 12, 8), given("swing_low", 9, 11, 8, 8)
    assert values(swings.swing_position(), FOUR, high, low) == close_to(-1 / 3, 0.5, -1.0, None)
    assert values(swings.swing_leg(), FOUR, high, low) == close_to(3.0, 2.0, 2.0, 0.0)


def test_a_break_is_the_close_that_crosses_a_swing_and_fades():
    bars = drawn_bars("2025-06-02 17:00", [10.0, 13.0, 14.0, 9.0, 9.5, 9.0, 9.0, 9.0])
    high, low = given("swing_high", *[12.0] * 8), given("swing_low", *[9.5] * 7, None)
    found = values(structure.structure_break(4), bars, high, low)
    # Up on bar 1, down on bar 3 and again on bar 5, which starts its four bars anew.
    assert found == close_to(0.0, 1.0, 0.75, -1.0, -0.75, -1.0, -0.75, -0.5)
    unknown = given("swing_high", *[None] * 8), given("swing_low", *[None] * 8)
    assert values(structure.structure_break(4), bars, *unknown) == [None] * 8


@pytest.mark.parametrize(
    ("adx", "fast", "slow", "regime"),
    [(25, 11, 10, 1), (25, 9, 10, -1), (24.9, 11, 10, 0), (40, 10, 10, 0), (None, 11, 10, None)],
)
def test_the_regime_is_the_direction_of_a_strong_trend(adx, fast, slow, regime):
    inputs = [given(n, *[v] * 4) for n, v in (("adx14", adx), ("ema20", fast), ("ema50", slow))]
    assert values(structure.trend_regime(), FOUR, *inputs) == [regime] * 4


def test_ranges_are_measured_before_the_bar():
    pair = [levels.range_extreme(side, span) for side in ("high", "low") for span in (1, 2)]
    width = values(structure.range_width(2), FOUR, *pair)
    assert width == close_to(None, None, 7 / 2, 9 / 2)
    tight = values(structure.range_contraction(1, 2), FOUR, *pair)
    assert tight == close_to(None, None, 6 / 7, 7 / 9)


def test_choppiness_compares_the_path_with_the_range():
    # True ranges 6 and 7 within 16 to 7; then 7 and 0 within 14 to 7.
    found = values(structure.choppiness(2), FOUR)
    expected = (100 * math.log10(13 / 9) / math.log10(2), 0.0)
    assert found == close_to(None, None, *expected)
    still = drawn_bars("2025-06-02 17:00", [5.0] * 5)
    assert values(structure.choppiness(2), still) == [None] * 5


GAP = drawn_bars(
    "2025-06-02 17:00",
    [
        (10, 11, 9, 10),
        (11, 14, 11, 14),
        (14, 16, 13, 15),  # its low of 13 leaves the high of 11: a gap up of two points
        (15, 15, 12, 13),  # looks into the gap
        (13, 13, 11, 12),  # comes down to its lower edge: filled
        (12, 13, 12, 13),
    ],
)


def upside_down(bars: pl.DataFrame) -> pl.DataFrame:
    swapped = {"open": "open", "close": "close", "high": "low", "low": "high"}
    return bars.with_columns(**{name: 100 - pl.col(other) for name, other in swapped.items()})


@pytest.mark.parametrize(("side", "sign"), [("up", 1), ("down", -1)])
def test_a_fair_value_gap_is_open_until_price_comes_back_to_its_far_edge(side, sign):
    bars = GAP if side == "up" else upside_down(GAP)
    distance = values(fair_value_gaps.gap_distance(side), bars)
    assert distance == close_to(None, None, sign * 1.0, 0.0, None, None)
    size = values(fair_value_gaps.gap_size(side), bars)
    assert size == close_to(None, None, 1.0, 1.0, None, None)


def test_a_gap_of_less_than_a_quarter_of_the_atr_is_none():
    small = GAP.with_columns(low=pl.when(pl.col("low") == 13).then(11.5).otherwise("low"))
    assert values(fair_value_gaps.new_gap("up"), small) == [None] * 6
    enough = GAP.with_columns(low=pl.when(pl.col("low") == 13).then(11.51).otherwise("low"))
    assert values(fair_value_gaps.new_gap("up"), enough)[2] == pytest.approx(0.51)
