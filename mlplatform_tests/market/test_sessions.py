"""The CME's trading days, as drawn by hand."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pandas_market_calendars as calendars
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.domain.schema import UTC_US
from mlplatform.domain.series import Timeframe
from mlplatform.market.overrides import OVERRIDES
from mlplatform.market.periods import trading_day
from mlplatform.market.sessions import (
    expected_bars,
    label_sessions,
    session_calendar,
    session_halts,
)
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


@settings(max_examples=60)
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


HOLES = {
    "mes_1m": set(),
    "es_5m_by_contract": {date(2025, 6, 30)},
    "nq_5m_2016_2025": {date(2025, 12, 8), date(2025, 12, 9)},
}
"""Ordinary trading days of which a file has no bar: holes of the file, not of the calendar."""
LATE = {
    "2016-06-29": 25,
    "2016-12-05": 15,
    "2017-06-05": 70,
    "2018-04-30": 30,
    "2018-07-02": 15,
    "2018-09-17": 15,
    "2018-11-07": 10,
    "2025-12-10": 365,
    "2025-12-15": 10,
}
"""Sessions whose first bars the NQ file lacks, minutes: late openings and holes look alike."""


@lru_cache
def real_times(file: str) -> pl.DataFrame:
    path = REAL / f"{file}.parquet"
    if not path.is_file():
        pytest.skip("real bars are not at hand")
    return label_sessions(pl.read_parquet(path, columns=["ts"]).unique().sort("ts"))


FILES = [("mes_1m", 1), ("es_5m_by_contract", 5), ("nq_5m_2016_2025", 5)]


@pytest.mark.parametrize(("file", "minutes"), FILES)
def test_real_sessions_start_and_end_as_the_calendar_says(file, minutes):
    labelled = real_times(file)
    outside = labelled.filter(pl.col("session_date").is_null())["ts"].to_list()
    stray = [chicago("2016-11-02 16:00")]  # one bar after the close in ten years
    assert outside == (stray if file.startswith("nq") else [])
    whole = (
        labelled.drop_nulls("session_date")
        .group_by("session_date", maintain_order=True)
        .agg(
            first_minute=pl.col("minute_of_session").first(),
            last_end=pl.col("ts").last() + pl.duration(minutes=minutes),
            session_end=pl.col("session_end").first(),
        )[1:-1]  # the file begins and ends inside a session
    )
    assert whole.height > 100
    late = whole.filter(pl.col("first_minute") > 0).select(
        pl.col("session_date").cast(pl.String), "first_minute"
    )
    assert dict(late.rows()) == (LATE if file.startswith("nq") else {})
    assert (whole["last_end"] == whole["session_end"]).all()
    days = session_calendar(whole["session_date"][0], whole["session_date"][-1])
    assert set(days["session_date"]) - set(whole["session_date"]) == HOLES[file]


@pytest.mark.parametrize(
    ("file", "minutes", "missing", "in_halts"),
    [("mes_1m", 1, 8, 0), ("es_5m_by_contract", 5, 276, 0), ("nq_5m_2016_2025", 5, 907, 4)],
)
def test_real_bars_are_those_that_the_calendar_expects(file, minutes, missing, in_halts):
    have = real_times(file).drop_nulls("session_date")
    days = have["session_date"]
    wanted = expected_bars(days[0], days[-1], Timeframe(f"{minutes}m")).to_frame()
    wanted = wanted.filter(pl.col("ts").is_between(have["ts"][0], have["ts"][-1]))
    assert wanted.join(have, on="ts", how="anti").height == missing
    assert have.join(wanted, on="ts", how="anti").height == in_halts


@pytest.mark.parametrize("day", ["2018-12-05", "2025-01-09"])
def test_a_day_of_mourning_ends_at_half_past_eight(day):
    inside, outside = label(f"{day} 08:29", f"{day} 08:30")
    assert inside[:3] == (day[5:], f"{day[5:]} 08:30", False)
    assert outside == NOTHING


@pytest.mark.parametrize("day", ["2024-03-29", "2025-04-18"])
def test_good_friday_without_an_employment_report_has_no_session(day):
    thursday = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    assert label(f"{thursday} 15:59", f"{thursday} 17:00", f"{day} 08:00")[1:] == [NOTHING] * 2
    assert label("2023-04-07 08:14", "2023-04-07 08:15")[0][0] == "04-07"


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2012-11-15", "16:30"),  # a Thursday
        ("2012-11-16", "15:15"),  # a Friday
        ("2012-11-19", "16:15"),
        ("2015-09-18", "16:15"),
        ("2015-09-21", "16:00"),
        ("2014-11-28", "12:15"),  # an early close stays one
        ("2012-10-30", "08:15"),
    ],
)
def test_sessions_of_earlier_years_end_as_they_did_then(day, end):
    hour, minute = map(int, end.split(":"))
    before = f"{hour - (minute == 0):02d}:{(minute - 1) % 60:02d}"
    inside, outside = label(f"{day} {before}", f"{day} {end}")
    assert inside[1] == f"{day[5:]} {end}"
    assert outside == NOTHING


def test_every_override_says_something_else_than_the_library_and_where_it_is_known_from():
    library = calendars.get_calendar("CME Globex Equity").schedule("2012-01-01", "2031-01-01")
    ends = {
        stamp.date(): end.tz_convert("America/Chicago").time()
        for stamp, end in library["market_close"].items()
    }
    for override in OVERRIDES:
        assert override.day in ends
        assert ends[override.day] != override.end
        assert override.source
    assert len({override.day for override in OVERRIDES}) == len(OVERRIDES)


def chicago_starts(day: str, timeframe: str = "5m") -> list[str]:
    bars = expected_bars(date.fromisoformat(day), date.fromisoformat(day), Timeframe(timeframe))
    return bars.dt.convert_time_zone("America/Chicago").dt.strftime("%H:%M").to_list()


def test_bars_are_expected_from_17_to_16():
    starts = chicago_starts("2025-06-03", "1m")
    assert (len(starts), starts[0], starts[-1]) == (1380, "17:00", "15:59")
    assert len(chicago_starts("2025-06-03", "15s")) == 5520
    assert chicago_starts("2025-06-03", "4h") == [
        "17:00", "21:00", "01:00", "05:00", "09:00", "13:00",
    ]  # fmt: skip
    assert chicago_starts("2025-06-03", "1d") == ["17:00"]


@pytest.mark.parametrize("day", ["2025-03-10", "2025-11-03", "2025-03-07", "2025-10-31"])
def test_a_day_beside_a_clock_change_expects_as_many_bars_as_any_other(day):
    starts = chicago_starts(day, "1m")
    assert (len(starts), starts[0], starts[-1]) == (1380, "17:00", "15:59")


def test_no_bar_is_expected_in_the_daily_pause_while_there_was_one():
    last, first = chicago_starts("2021-06-25"), chicago_starts("2021-06-28")
    assert set(first) - set(last) == {"15:15", "15:20", "15:25"}
    assert "15:00" in chicago_starts("2021-06-25", "30m")  # half of it could trade
    assert len(chicago_starts("2020-07-03")) == 19 * 12  # closed at noon: no pause


def test_no_bar_is_expected_wholly_inside_a_halt():
    minutes = set(chicago_starts("2020-03-11", "1m")) - set(chicago_starts("2020-03-12", "1m"))
    assert (min(minutes), max(minutes), len(minutes)) == ("08:36", "08:49", 14)
    outage = chicago_starts("2025-11-28")
    assert {"20:40", "07:30"} < set(outage)
    assert "20:45" not in outage
    assert "07:25" not in outage


def test_halts_lie_inside_their_sessions_and_do_not_overlap():
    first, last = date(2008, 1, 1), date(2025, 12, 31)
    halts = session_halts(first, last).join(session_calendar(first, last), on="session_date")
    assert halts.height == session_halts(first, last).height
    assert (halts["halt_start"] >= halts["session_start"]).all()
    assert (halts["halt_end"] < halts["session_end"]).all()
    assert (halts["halt_start"][1:] > halts["halt_end"][:-1]).all()


@settings(max_examples=6)
@given(st.dates(date(2010, 1, 1), date(2027, 1, 1)), st.integers(0, 12), st.integers(0, 12))
def test_expected_bars_of_a_span_are_those_of_its_days_one_after_the_other(day, cut, more):
    middle, last = day + timedelta(days=cut), day + timedelta(days=cut + more)
    whole = expected_bars(day, last, Timeframe("15m"))
    after = middle + timedelta(days=1)
    parts = [expected_bars(day, middle, Timeframe("15m"))]
    if after <= last:
        parts.append(expected_bars(after, last, Timeframe("15m")))
    assert whole.equals(pl.concat(parts))
    assert label_sessions(whole.to_frame())["session_date"].null_count() == 0


def test_where_no_session_is_no_bar_is_expected():
    assert expected_bars(date(2025, 6, 7), date(2025, 6, 8), Timeframe("1m")).is_empty()
