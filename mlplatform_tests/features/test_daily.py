"""The state by day: from completed days only, worked out by hand."""

import polars as pl
import pytest

from mlplatform.features.catalog import daily, today
from mlplatform.features.graph import Feature
from mlplatform.testing.bars import drawn_bars, joined

from .drawn import FOUR, close_to, values

DATES = ("02", "03", "04", "05", "06", "09", "10", "11")


def days(*quotes: tuple[float, float, float, float]) -> pl.DataFrame:
    """A bar at 10:00 and one at 14:00 a day, that together have that open, high, low and close."""
    parts = []
    for date, (first, high, low, last) in zip(DATES, quotes, strict=False):
        morning = (first, high, min(first, last), first)
        afternoon = (first, max(first, last), low, last)
        parts.append(drawn_bars(f"2025-06-{date} 10:00", [morning]))
        parts.append(drawn_bars(f"2025-06-{date} 14:00", [afternoon]))
    return joined(*parts)


def a_day(column: list) -> list:
    """The value of each day, which both of its bars have."""
    assert column[::2] == column[1::2]
    return column[::2]


QUOTES = (
    (100, 110, 90, 105),
    (105, 109, 101, 108),  # inside the day before; 4 up
    (112, 120, 108, 118),  # gap: true range 12 = 120 - 108
    (118, 119, 100, 101),  # trend day down: 17 of 19
    (101, 102, 99, 100),
    (100, 104, 96, 104),
    (104, 105, 103, 105),
    (105, 106, 104, 106),
)
WEEK = days(*QUOTES)


def test_the_atr_of_days_is_the_mean_true_range_of_five_completed_days():
    found = a_day(values(daily.day_atr(276), WEEK))
    # True ranges from the second day on: 8, 12, 19, 3, 8, 2.
    assert found == close_to(None, None, None, None, None, None, 50 / 5, 44 / 5)
    gapped = days((1, 2, 1, 2), *[(10, 11, 9, 10)] * 6)
    # The first true range spans the gap from 2 to 11.
    assert a_day(values(daily.day_atr(276), gapped))[-1] == pytest.approx((9 + 4 * 2) / 5)


def test_yesterday_is_told_by_its_range_its_close_and_its_body():
    location = a_day(values(daily.yesterday_close_location(), WEEK))
    assert location[:5] == close_to(None, 10 / 20, 6 / 8, 8 / 12, -17 / 19)
    kind = a_day(values(daily.yesterday_type(), WEEK))
    assert kind == [None, 0, 0, 0, -1, 0, 0, 0]
    inside = a_day(values(daily.yesterday_inside(276), WEEK))
    assert inside == [None, None, 1, 0, 0, 0, 0, 0]
    height = values(daily.yesterday_range(), WEEK)
    assert height[-1] == pytest.approx(2 / (44 / 5))


def test_a_trend_day_has_a_body_of_at_least_six_tenths_of_its_range():
    border = days((100, 110, 100, 106), (106, 110, 100, 104), (106, 110, 100, 100))
    assert a_day(values(daily.yesterday_type(), border)) == [None, 1, 0]


def test_a_streak_counts_days_in_a_row_up_to_five():
    found = a_day(values(daily.day_streak(276), WEEK))
    # Closes 105, 108, 118, 101, 100, 104, 105: +1, +2, -1, -2, +1, +2.
    assert found == [None, None, 1, 2, -1, -2, 1, 2]
    rising = days(*[(i, i + 1, i, i + 1) for i in range(100, 108)])
    assert a_day(values(daily.day_streak(276), rising)) == [None, None, 1, 2, 3, 4, 5, 5]
    unchanged = days(*[(5, 6, 4, c) for c in (5, 6, 6, 5)])
    assert a_day(values(daily.day_streak(276), unchanged)) == [None, None, 1, 0]


def test_today_does_not_count_as_a_day_before():
    changed = WEEK.with_columns(
        high=pl.when(pl.col("session_date") == WEEK["session_date"][-1])
        .then(500.0)
        .otherwise("high")
    )
    for feature in (daily.day_atr(276), daily.day_streak(276), daily.yesterday_inside(276)):
        assert values(feature, changed) == values(feature, WEEK)


def given(name: str, number: float) -> Feature:
    return Feature(name, ("open",), 0, lambda c: pl.Series([number] * len(c["open"])), name)


def test_gaps_and_ranges_of_today_are_in_day_atr():
    unit = given("day_atr5", 4.0)
    # It opens at 10, two below the close before; highs so far 12, 16, 16, 16, lows 9, 9, 7, 7.
    assert values(today.day_gap(), FOUR, unit, given("previous_close", 12.0)) == [-0.5] * 4
    assert values(today.session_range(), FOUR, unit) == close_to(3 / 4, 7 / 4, 9 / 4, 9 / 4)
    position = values(today.session_position(), FOUR)
    assert position == close_to(1 / 3, (28 - 25) / 7, (16 - 23) / 9, (16 - 23) / 9)
    gap = values(
        today.rth_gap(), FOUR, unit, given("rth_open", 11.0), given("previous_rth_close", 13.0)
    )
    assert gap == [-0.5] * 4


def test_the_move_of_five_days_starts_at_the_close_of_the_fifth_day_before():
    level = a_day(values(today.close_days_before(5, 276), WEEK))
    assert level == [None] * 5 + [105, 108, 118]
    found = values(today.days_move(5), WEEK, given("day_atr5", 4.0))
    assert found[-1] == pytest.approx((106 - 118) / 4)
