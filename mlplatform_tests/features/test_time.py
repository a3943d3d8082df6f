"""Where in the day and in the life of its contract a bar is."""

from datetime import date

import polars as pl
import pytest

from mlplatform.features.catalog import time
from mlplatform.testing.bars import drawn_bars, joined

from .drawn import values


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [
        (2025, 3, date(2025, 3, 17)),
        (2025, 6, date(2025, 6, 16)),
        (2024, 3, date(2024, 3, 11)),  # the month starts on a Friday: the third is the 15th
        (2025, 8, date(2025, 8, 11)),  # and here too
        (2026, 9, date(2026, 9, 14)),
    ],
)
def test_the_roll_is_the_monday_before_the_third_friday(year, month, day):
    assert time.roll_day(year, month) == day
    assert day.weekday() == 0


def of_contract(name: str, start: str) -> list:
    return values(time.days_to_roll(), drawn_bars(start, [100.0], contract=name))


@pytest.mark.parametrize(
    ("contract", "start", "days"),
    [
        ("MESM5", "2025-06-03 10:00", 13),
        ("ESM5", "2025-06-15 17:00", 0),  # Sunday evening belongs to the Monday of the roll
        ("ESM5", "2025-06-18 10:00", -2),
        ("MESH6", "2025-12-16 10:00", 90),  # the next year's sixth: 2026-03-16
        ("NQZ0", "2029-12-03 10:00", 378),  # the digit turns over with the decade: 2030-12-16
        ("M2KU5", "2025-09-08 10:00", 0 + 7),
    ],
)
def test_days_to_the_roll_follow_from_the_contracts_month(contract, start, days):
    assert of_contract(contract, start) == [days]


@pytest.mark.parametrize("contract", ["", "ES", "ES1!", "ESA5", "ESM25", "NQ=F"])
def test_of_an_unknown_contract_no_day_is_known(contract):
    assert of_contract(contract, "2025-06-03 10:00") == [None]


def test_the_days_count_down_through_the_life_of_a_contract():
    bars = joined(*(drawn_bars(f"2025-06-{day:02d} 10:00", [1.0]) for day in (3, 4, 6, 9)))
    assert values(time.days_to_roll(), bars) == [13, 12, 10, 7]


def test_the_distance_to_the_close_ends_with_an_early_close():
    usual = drawn_bars("2025-06-03 08:30", [1.0])
    late = drawn_bars("2025-06-03 15:10", [1.0])
    early = drawn_bars("2025-07-03 12:10", [1.0])  # the session ends at 12:15
    assert values(time.minutes_to_rth_close(), joined(usual, late, early)) == [390, -10, 5]


def test_the_open_is_where_the_clock_starts_in_summer_and_winter():
    for day in ("2025-01-15", "2025-07-15", "2025-03-10", "2025-11-03"):
        bars = drawn_bars(f"{day} 08:30", [1.0, 1.0])
        assert values(time.minutes_since_rth_open(), bars) == [0, 5]
        assert values(time.is_rth(), bars) == [1, 1]


def test_the_evening_lies_before_the_open_of_its_trading_day():
    bars = joined(drawn_bars("2025-06-01 17:00", [1.0]), drawn_bars("2025-06-03 08:25", [1.0]))
    assert values(time.minutes_since_rth_open(), bars) == [-930, -5]
    assert values(time.minutes_since_session_open(), bars) == [0, 925]
    assert values(time.is_rth(), bars) == [0, 0]
    assert values(time.day_of_week(), bars) == [1, 2]


def test_bars_within_a_minute_have_that_minute():
    for start, minute in (("2025-06-01 17:00", -930), ("2025-06-02 08:29", -1)):
        bars = drawn_bars(start, [1.0] * 5, minutes=0.25)
        assert values(time.minutes_since_rth_open(), bars) == [minute] * 4 + [minute + 1]


def test_without_bars_there_are_no_days():
    empty = {
        "contract": pl.Series([], dtype=pl.String),
        "session_date": pl.Series([], dtype=pl.Date),
    }
    assert len(time.days_to_roll().compute(empty)) == 0
