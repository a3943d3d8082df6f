"""The CME's trading days, as drawn by hand."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.domain.schema import UTC_US
from mlplatform.market.periods import trading_day
from mlplatform.market.sessions import label_sessions, session_calendar
from mlplatform.testing.bars import chicago, seeded_bars


def label(*times: str) -> list[tuple]:
    """Session date, end (Chicago wall clock), RTH, minute of bars that start at Chicago times."""
    bars = pl.DataFrame({"ts": pl.Series([chicago(t) for t in times], dtype=UTC_US)})
    end = pl.col("session_end").dt.convert_time_zone("America/Chicago").dt.strftime("%m-%d %H:%M")
    rows = label_sessions(bars).select(
        pl.col("session_date").dt.strftime("%m-%d"),
        end,
        pl.col("session") == "rth",
        "minute_of_session",
    )
    return rows.rows()


REAL = Path(__file__).parents[3] / "shared" / "data"
NOTHING = (None, None, None, None)


def test_a_trading_day_starts_at_17_the_day_before_and_ends_at_16():
    assert label(
        "2025-06-02 17:00", "2025-06-02 23:59", "2025-06-03 00:00", "2025-06-03 15:59"
    ) == [
        ("06-03", "06-03 16:00", False, 0),
        ("06-03", "06-03 16:00", False, 419),
        ("06-03", "06-03 16:00", False, 420),
        ("06-03", "06-03 16:00", False, 1379),
    ]


def test_no_session_runs_in_the_hour_between_16_and_17():
    assert label("2025-06-03 16:00", "2025-06-03 16:59", "2025-06-03 17:00") == [
        NOTHING,
        NOTHING,
        ("06-04", "06-04 16:00", False, 0),
    ]


def test_no_session_runs_from_friday_16_to_sunday_17():
    times = ("2025-06-06 15:59", "2025-06-06 16:00", "2025-06-07 12:00", "2025-06-08 16:59")
    assert label(*times, "2025-06-08 17:00") == [
        ("06-06", "06-06 16:00", False, 1379),
        NOTHING,
        NOTHING,
        NOTHING,
        ("06-09", "06-09 16:00", False, 0),
    ]


def test_regular_hours_are_half_past_eight_up_to_but_not_15():
    times = ("2025-06-03 08:29", "2025-06-03 08:30", "2025-06-03 14:59", "2025-06-03 15:00")
    assert [row[2] for row in label(*times)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("sunday", "utc_hour"),
    [("2025-03-02", 23), ("2025-03-09", 22), ("2025-10-26", 22), ("2025-11-02", 23)],
)
def test_the_session_keeps_chicago_time_over_both_clock_changes(sunday, utc_hour):
    start = chicago(f"{sunday} 17:00")
    assert start.hour == utc_hour
    bars = pl.DataFrame({"ts": pl.Series([start], dtype=UTC_US)})
    row = label_sessions(bars).row(0, named=True)
    assert row["minute_of_session"] == 0
    assert row["session_end"] - row["ts"] == timedelta(hours=23)
    monday = (date.fromisoformat(sunday) + timedelta(days=1)).isoformat()
    assert label(f"{monday} 08:30", f"{monday} 15:59") == [
        (monday[5:], f"{monday[5:]} 16:00", True, 930),
        (monday[5:], f"{monday[5:]} 16:00", False, 1379),
    ]


@pytest.mark.parametrize(
    ("day", "last", "after"),
    [
        ("2026-11-27", "12:14", "12:15"),  # the day after Thanksgiving
        ("2025-07-03", "12:14", "12:15"),
        ("2025-12-24", "12:14", "12:15"),
        ("2025-11-27", "11:59", "12:00"),  # Thanksgiving itself
        ("2025-01-20", "11:59", "12:00"),  # Martin Luther King day
    ],
)
def test_an_early_close_ends_the_session_and_its_regular_hours(day, last, after):
    inside, outside = label(f"{day} {last}", f"{day} {after}")
    assert inside[:3] == (day[5:], f"{day[5:]} {after}", True)
    assert outside == NOTHING


@pytest.mark.parametrize("day", ["2022-04-15", "2025-12-25", "2026-01-01"])
def test_a_holiday_has_no_session(day):
    assert label(f"{day} 09:00") == [NOTHING]
    evening_before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    assert label(f"{evening_before} 18:00") == [NOTHING]


def test_the_evening_of_a_holiday_belongs_to_the_next_trading_day():
    assert label("2025-12-25 17:00") == [("12-26", "12-26 16:00", False, 0)]
    assert label("2025-11-27 17:00") == [("11-28", "11-28 12:15", False, 0)]


def test_times_beyond_any_calendar_lie_in_no_session():
    times = [
        datetime(1, 1, 1, tzinfo=UTC),
        chicago("2025-06-03 09:00"),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
    labelled = label_sessions(pl.DataFrame({"ts": pl.Series(times, dtype=UTC_US)}))
    assert labelled["session_date"].to_list() == [None, date(2025, 6, 3), None]


def test_bars_keep_their_columns_and_an_empty_frame_gets_the_same_ones():
    bars = seeded_bars(1).select("ts", "close")
    labelled, empty = label_sessions(bars), label_sessions(bars.clear())
    assert labelled.columns == [
        "ts",
        "close",
        "session_date",
        "session_end",
        "session",
        "minute_of_session",
    ]
    assert empty.schema == labelled.schema
    assert empty.is_empty()


def test_sessions_of_a_calendar_never_overlap_and_last_23_hours_at_most():
    days = session_calendar(date(2024, 1, 1), date(2026, 12, 31))
    assert (days["session_start"][1:] >= days["session_end"][:-1]).all()
    length = days["session_end"] - days["session_start"]
    assert length.max() == timedelta(hours=23)
    assert length.min() > timedelta(hours=12)
    start = days["session_start"].dt.convert_time_zone("America/Chicago")
    assert (start.dt.hour() == 17).all()
    assert ((days["session_date"] - start.dt.date()) == timedelta(days=1)).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 4 * 365 * 1440))
def test_the_trading_day_of_a_bar_is_that_of_its_session(minute):
    moment = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    bars = pl.DataFrame({"ts": pl.Series([moment], dtype=UTC_US)})
    labelled = label_sessions(bars).with_columns(day=trading_day(pl.col("ts")))
    row = labelled.row(0, named=True)
    if row["session_date"] is not None:
        assert row["day"] == row["session_date"]
        assert row["ts"] < row["session_end"]
        assert 0 <= row["minute_of_session"] < 23 * 60


KNOWN_TO_DIFFER = {date(2025, 4, 18), date(2025, 1, 9)}
"""Days on which the exchange closed otherwise than the calendar library says: Good Friday, on which
it did not open, and the day of mourning for President Carter, on which it closed at 08:30."""


@pytest.mark.parametrize(("file", "minutes"), [("mes_1m", 1), ("es_5m_by_contract", 5)])
def test_real_sessions_start_and_end_as_the_calendar_says(file, minutes):
    path = REAL / f"{file}.parquet"
    if not path.is_file():
        pytest.skip("real bars are not at hand")
    times = pl.read_parquet(path, columns=["ts"]).unique().sort("ts")
    labelled = label_sessions(times)
    assert labelled["session_date"].null_count() == 0
    whole = labelled.group_by("session_date", maintain_order=True).agg(
        first_minute=pl.col("minute_of_session").first(),
        last_end=pl.col("ts").last() + pl.duration(minutes=minutes),
        session_end=pl.col("session_end").first(),
    )[1:-1]  # the file begins and ends inside a session
    known = whole.filter(~pl.col("session_date").is_in(KNOWN_TO_DIFFER))
    assert known.height > 100
    assert (known["first_minute"] == 0).all()
    assert (known["last_end"] == known["session_end"]).all()
    if file == "mes_1m":
        days = session_calendar(whole["session_date"][0], whole["session_date"][-1])
        missing = set(days["session_date"]) - set(whole["session_date"])
        assert missing == {date(2025, 4, 18)}
