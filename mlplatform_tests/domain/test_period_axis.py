"""The arithmetic of periods."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import Cadence, PeriodAxis

MONTHS = PeriodAxis(Cadence.MONTH, "2025-01")
WEEKS = PeriodAxis(Cadence.WEEK, "2025-01-06")
AXES = st.sampled_from([MONTHS, WEEKS])
DAYS = st.dates(date(1999, 1, 1), date(2060, 1, 1))


def test_a_month_is_named_by_its_month_and_a_week_by_its_monday():
    assert MONTHS.key_of(date(2025, 6, 30)) == "2025-06"
    assert WEEKS.key_of(date(2025, 6, 2)) == "2025-06-02"  # a Monday
    assert WEEKS.key_of(date(2025, 6, 8)) == "2025-06-02"
    assert WEEKS.key_of(date(2026, 1, 1)) == "2025-12-29"


def test_months_shift_over_years_and_weeks_over_months():
    assert [MONTHS.shift("2025-01", n) for n in (-13, -1, 0, 11, 12)] == [
        "2023-12",
        "2024-12",
        "2025-01",
        "2025-12",
        "2026-01",
    ]
    assert WEEKS.shift("2025-12-29", 1) == "2026-01-05"
    assert WEEKS.shift("2025-03-03", -1) == "2025-02-24"


def test_a_period_ends_where_the_next_starts():
    assert (MONTHS.start_of("2024-02"), MONTHS.end_of("2024-02")) == (
        date(2024, 2, 1),
        date(2024, 3, 1),
    )
    assert WEEKS.end_of("2025-03-03") == date(2025, 3, 10)


def test_between_holds_both_ends_and_nothing_where_they_are_swapped():
    assert list(MONTHS.between("2024-11", "2025-02")) == [
        "2024-11",
        "2024-12",
        "2025-01",
        "2025-02",
    ]
    assert list(WEEKS.between("2025-06-02", "2025-06-02")) == ["2025-06-02"]
    assert list(MONTHS.between("2025-02", "2025-01")) == []


@given(AXES, DAYS)
def test_every_day_lies_in_the_one_period_of_its_key(axis, day):
    key = axis.key_of(day)
    assert axis.start_of(key) <= day < axis.end_of(key)
    assert axis.key_of(axis.start_of(key)) == key
    assert axis.key_of(axis.end_of(key)) == axis.shift(key, 1)
    assert axis.key_of(axis.start_of(key) - timedelta(days=1)) == axis.shift(key, -1)


@given(AXES, DAYS, st.integers(-60, 60), st.integers(-60, 60))
def test_shifts_add_up_and_keys_sort_as_time_does(axis, day, a, b):
    key = axis.key_of(day)
    assert axis.shift(axis.shift(key, a), b) == axis.shift(key, a + b)
    assert (axis.shift(key, a) < key) == (a < 0)


@pytest.mark.parametrize(
    ("axis", "key"),
    [
        (MONTHS, "2025-6"),
        (MONTHS, "2025-13"),
        (MONTHS, "202506"),
        (MONTHS, "2025-06-02"),
        (MONTHS, ""),
        (WEEKS, "2025-06-03"),
        (WEEKS, "20250602"),
        (WEEKS, "2025-W23-1"),
        (WEEKS, "2025-06"),
    ],
)
def test_a_malformed_key_is_refused_with_an_example(axis, key):
    with pytest.raises(InputError, match=r"write it like 2025-06"):
        axis.start_of(key)
