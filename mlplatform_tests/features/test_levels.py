"""Levels of the chart: what they are, and from when on they are known."""

import polars as pl
import pytest

from mlplatform.features.catalog import distances, levels, pullbacks
from mlplatform.features.catalog.mirrors import mirror_of
from mlplatform.features.graph import Feature
from mlplatform.testing.bars import drawn_bars, joined

from .drawn import FOUR, close_to, values


def test_levels_of_the_week_before_hold_from_monday_to_friday():
    days = {
        "2025-06-05": (100, 108, 95, 101),  # Thursday of the first week
        "2025-06-06": (101, 104, 90, 103),
        "2025-06-09": (103, 120, 102, 110),  # Monday
        "2025-06-13": (110, 111, 109, 110),
        "2025-06-16": (110, 110, 110, 110),
    }
    bars = joined(*(drawn_bars(f"{day} 10:00", [quote]) for day, quote in days.items()))
    found = {w: values(levels.previous_week(w, 276), bars) for w in ("high", "low", "close")}
    assert found["high"] == [None, None, 108, 108, 120]
    assert found["low"] == [None, None, 90, 90, 102]
    assert found["close"] == [None, None, 103, 103, 110]


def test_the_evening_of_sunday_belongs_to_the_new_week():
    friday = drawn_bars("2025-06-06 14:00", [(5, 9, 4, 6)])
    sunday = drawn_bars("2025-06-08 17:00", [(6, 7, 6, 7)])
    assert values(levels.previous_week("high", 276), joined(friday, sunday)) == [None, 9]


def test_levels_of_regular_hours_leave_the_night_out():
    night = drawn_bars("2025-06-03 05:00", [(100, 150, 50, 100)])
    regular = drawn_bars("2025-06-03 14:50", [(100, 110, 95, 102), (102, 104, 101, 103)])
    after = drawn_bars("2025-06-03 15:00", [(103, 160, 40, 120)])
    next_day = drawn_bars("2025-06-03 17:00", [(120, 121, 119, 120)])
    bars = joined(night, regular, after, next_day)
    found = [values(levels.previous_rth(w, 276), bars)[-1] for w in ("high", "low", "close")]
    assert found == [110, 95, 103]
    assert values(levels.previous_rth("close", 276), bars)[:4] == [None] * 4


def test_a_day_without_regular_hours_leaves_those_of_the_day_before_it():
    regular = drawn_bars("2025-06-03 09:00", [(100, 110, 95, 102)])
    night_only = drawn_bars("2025-06-04 05:00", [(100, 101, 99, 100)])
    next_day = drawn_bars("2025-06-05 05:00", [(100, 101, 99, 100)])
    bars = joined(regular, night_only, next_day)
    assert values(levels.previous_rth("close", 276), bars) == [None, 102, 102]


def test_the_night_is_known_when_the_regular_hours_open():
    bars = joined(
        drawn_bars("2025-06-02 17:00", [(100, 120, 99, 101)]),
        drawn_bars("2025-06-03 08:25", [(101, 102, 90, 100), (100, 130, 80, 100)]),
        drawn_bars("2025-06-03 15:05", [(100, 140, 70, 100)]),
    )
    assert values(levels.overnight("high"), bars) == [None, None, 120, 120]
    assert values(levels.overnight("low"), bars) == [None, None, 90, 90]
    assert values(levels.rth_open(), bars) == [None, None, 100, 100]


def test_the_session_so_far_starts_anew_with_each_session():
    first = drawn_bars("2025-06-03 15:50", [(10, 12, 8, 10), (10, 11, 9, 10)])
    second = drawn_bars("2025-06-03 17:00", [(10, 10, 10, 10), (10, 15, 9, 12)])
    bars = joined(first, second)
    assert values(levels.session_extreme("high"), bars) == [12, 12, 10, 15]
    assert values(levels.session_extreme("low"), bars) == [8, 8, 10, 9]


def test_the_range_before_does_not_hold_the_bar_itself():
    assert values(levels.range_extreme("high", 2), FOUR) == [None, None, 16, 16]
    assert values(levels.range_extreme("low", 2), FOUR) == [None, None, 9, 7]


def given(name: str, *numbers: float | None) -> Feature:
    return Feature(name, ("open",), 0, lambda c: pl.Series(numbers, dtype=pl.Float64), name)


def test_resistance_is_the_nearest_level_above_and_support_the_nearest_below():
    first, second = given("a", 12, 20, None, 8), given("b", 15, 10, None, 9)
    names = ("a", "b")
    above = values(distances.nearest_level("resistance", names), FOUR, first, second)
    below = values(distances.nearest_level("support", names), FOUR, first, second)
    # Closes 11, 14, 8, 8 with an ATR of two points; a level at the close counts for both.
    assert above == close_to(0.5, 3.0, None, 0.0)
    assert below == close_to(None, 2.0, None, 0.0)


WAVE = drawn_bars(
    "2025-06-02 17:00",
    [(5, 6, 4, 5), (5, 9, 5, 8), (8, 8, 6, 7), (7, 7, 3, 4), (4, 6, 4, 6), (6, 9, 6, 8)],
)


@pytest.mark.parametrize(
    ("extreme", "depth", "bars_since", "speed"),
    [
        ("high", (5 / 2, 3 / 2, 1 / 2), (2, 3, 0), (5 / 4, 1 / 2, 1 / 2)),
        ("low", (1 / 2, 3 / 2, 5 / 2), (0, 1, 2), (1 / 2, 3 / 2, 5 / 4)),
    ],
)
def test_a_pullback_has_a_depth_an_age_and_a_speed(extreme, depth, bars_since, speed):
    """Over three bars and this one; of equal extremes the latest counts."""
    aroon = [pullbacks.aroon(side, 3) for side in ("up", "down")]
    age = pullbacks.bars_since(extreme, 3)
    deep = pullbacks.pullback_depth(extreme, 3)
    assert values(deep, WAVE)[3:] == close_to(*depth)
    assert values(age, WAVE, *aroon) == [None] * 3 + list(bars_since)
    found = values(pullbacks.pullback_speed(extreme, 3), WAVE, *aroon, age, deep)
    assert found[3:] == close_to(*speed)


def test_the_mirror_image_of_a_name_swaps_sides_as_whole_words():
    assert mirror_of("previous_week_high_gap_atr") == "previous_week_low_gap_atr"
    assert mirror_of("lower_wick_frac") == "upper_wick_frac"
    assert mirror_of("bars_since_high20") == "bars_since_low20"
    assert mirror_of("fair_value_gap_down_size_atr") == "fair_value_gap_up_size_atr"
    assert mirror_of("support_atr") == "resistance_atr"
    assert mirror_of("ema_slope") is None
    assert mirror_of("highest_supporter") is None
