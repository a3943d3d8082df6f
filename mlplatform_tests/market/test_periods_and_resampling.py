"""Rows into periods, bars into longer bars, history into contracts."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.periods import period_of_day, split_periods, trading_day
from mlplatform.market.resampling import resample, resample_bars
from mlplatform.market.segments import contract_segment
from mlplatform.testing.bars import chicago, drawn_bars, joined, raw_bars, seeded_bars

MONTHS = PeriodAxis(Cadence.MONTH, "2025-01")
FIVE = Timeframe("5m")
WEEKS = PeriodAxis(Cadence.WEEK, "2025-01-06")


def keys(axis: PeriodAxis, *times: str | None) -> dict[str, list[int]]:
    stamps = [None if t is None else chicago(t) for t in times]
    raw = raw_bars("2025-06-03 09:00", list(range(1, len(times) + 1))).with_columns(
        ts=pl.Series(stamps, dtype=RAW_BARS.schema["ts"])
    )
    parts = split_periods(raw, axis)
    return {key: [int(p) - 1 for p in frame["open"]] for key, frame in parts.items()}


@pytest.mark.parametrize(
    ("ts", "day"),
    [
        (datetime(2025, 6, 30, 21, 59, tzinfo=UTC), date(2025, 6, 30)),
        (datetime(2025, 6, 30, 22, 0, tzinfo=UTC), date(2025, 7, 1)),
        (datetime(2025, 1, 31, 22, 59, tzinfo=UTC), date(2025, 1, 31)),
        (datetime(2025, 1, 31, 23, 0, tzinfo=UTC), date(2025, 2, 1)),
    ],
)
def test_the_trading_day_turns_at_five_in_the_afternoon_in_chicago(ts, day):
    frame = pl.DataFrame({"ts": [ts]}, schema={"ts": pl.Datetime("us", "UTC")})
    assert frame.select(trading_day(pl.col("ts"))).item() == day


def test_a_row_belongs_to_the_period_of_its_trading_day():
    # Monday's session starts on Sunday evening, June's on the evening of May's last day.
    times = ("2025-06-01 16:59", "2025-06-01 17:00", "2025-06-30 15:59", "2025-06-30 17:00")
    assert keys(MONTHS, "2025-05-30 15:59", *times) == {
        "2025-05": [0, 1],  # 16:59 lies in no session: it goes with the row before
        "2025-06": [2, 3],
        "2025-07": [4],
    }
    assert keys(WEEKS, "2025-06-01 17:00", "2025-06-06 15:59", "2025-06-08 17:00") == {
        "2025-06-02": [0, 1],
        "2025-06-09": [2],
    }


def test_rows_without_a_session_go_with_a_neighbour():
    assert keys(MONTHS, None, "2025-06-07 12:00", "2025-07-02 09:00", None, "2025-08-04 09:00") == {
        "2025-07": [0, 1, 2, 3],
        "2025-08": [4],
    }


def test_rows_keep_their_order_also_where_it_is_wrong():
    times = ("2025-07-02 09:00", "2025-06-03 09:01", "2025-07-01 09:00", "2025-06-03 09:00")
    assert keys(MONTHS, *times) == {"2025-06": [1, 3], "2025-07": [0, 2]}


def test_without_rows_or_sessions_there_is_no_period():
    assert split_periods(RAW_BARS.empty(), MONTHS) == {}
    assert keys(MONTHS, None, "2025-06-07 12:00") == {}


@settings(max_examples=40)
@given(st.sampled_from([MONTHS, WEEKS]), st.integers(0, 2**32), st.integers(1, 60))
def test_no_row_is_lost_or_doubled_or_changed(axis, seed, n):
    rng = np.random.default_rng(seed)
    stamps = np.datetime64("2024-12-20", "us") + rng.integers(0, 100 * 1440, n) * np.timedelta64(
        60_000_000
    )
    ts = pl.Series(stamps).dt.replace_time_zone("UTC")
    raw = raw_bars("2025-06-03 09:00", list(range(1, n + 1))).with_columns(
        ts=pl.when(pl.Series(rng.random(n) > 0.1)).then(ts)
    )
    raw = pl.concat([raw, raw_bars("2025-06-03 09:00", [n + 1])])  # one lies in a session
    parts = split_periods(raw, axis)
    assert pl.concat(parts.values()).sort("open").equals(raw)  # the file's row numbers stay
    assert list(parts) == sorted(parts)
    for key, part in parts.items():
        assert part["open"].is_sorted()
        axis.start_of(key)  # raises where it is no key


@given(st.sampled_from([MONTHS, WEEKS]), st.dates(date(2000, 1, 1), date(2050, 1, 1)))
def test_the_axis_and_the_frames_name_periods_alike(axis, day):
    named = pl.DataFrame({"day": [day]}).select(period_of_day(axis.cadence, pl.col("day"))).item()
    assert named == axis.key_of(day)


def segmented(bars: pl.DataFrame) -> pl.DataFrame:
    return bars.with_columns(contract_segment())


def test_a_segment_lasts_as_long_as_its_contract():
    frame = pl.DataFrame({"contract": ["A", "A", "B", "B", "A"]}).with_columns(contract_segment())
    assert frame["segment"].to_list() == [0, 0, 1, 1, 2]


def test_a_longer_bar_holds_the_first_highest_lowest_last_and_all_volume():
    prices = [(10, 12, 9, 11), (11, 15, 10, 14), (14, 14, 7, 8), (8, 9, 8, 9)]
    bars = segmented(drawn_bars("2025-06-02 17:00", prices, volumes=[1, 2, 4, 8]))
    found = resample(bars, 15)
    assert found.columns == ["segment", "known_at", "open", "high", "low", "close", "volume"]
    assert found.drop("segment", "known_at").rows() == [(10, 15, 7, 8, 7), (8, 9, 8, 9, 8)]
    assert found["known_at"].to_list() == [chicago("2025-06-02 17:15"), chicago("2025-06-02 17:30")]


def test_longer_bars_count_from_the_sessions_start_whatever_bars_are_missing():
    bars = segmented(drawn_bars("2025-06-02 17:25", [1, 2, 3], minutes=5))
    assert resample(bars, 60)["known_at"].to_list() == [chicago("2025-06-02 18:00")]
    late = segmented(drawn_bars("2025-06-02 17:00:45", [1, 2], minutes=0.25))
    assert resample(late, 1)["known_at"].to_list() == [
        chicago("2025-06-02 17:01"),
        chicago("2025-06-02 17:02"),
    ]


def test_a_longer_bar_is_known_by_the_end_of_its_session_at_the_latest():
    bars = segmented(drawn_bars("2026-11-27 12:00", [1, 2, 3], minutes=5))
    assert resample(bars, 60)["known_at"].to_list() == [chicago("2026-11-27 12:15")]


def test_a_longer_bar_crosses_neither_a_session_nor_a_roll():
    friday = drawn_bars("2025-06-13 15:50", [1, 2])
    sunday = drawn_bars("2025-06-15 17:00", [3, 4])
    rolled = drawn_bars("2025-06-15 17:10", [90, 91], contract="MESU5")
    found = resample(segmented(joined(friday, sunday, rolled)), 60)
    assert found["segment"].to_list() == [0, 0, 1]
    assert found["close"].to_list() == [2, 4, 91]


def test_unknown_volume_stays_unknown():
    bars = segmented(drawn_bars("2025-06-02 17:00", [1, 2, 3], volumes=[None, None, 5.0]))
    assert resample(bars, 10)["volume"].to_list() == [None, 5.0]


def test_bars_of_one_minute_and_their_five_minute_sums_tell_the_same_story():
    rng = np.random.default_rng(3)
    close = 100 + np.cumsum(rng.integers(-3, 4, 600)) * 0.25
    prices = [(c, c + 0.5, c - 0.5, c + 0.25) for c in close.tolist()]
    bars = segmented(drawn_bars("2025-06-02 17:00", prices, minutes=1))
    five = resample(bars, 5)
    assert five.height == 120
    assert five["volume"].sum() == bars["volume"].sum()
    assert (five["high"].max(), five["low"].min()) == (bars["high"].max(), bars["low"].min())
    assert five["close"].to_list() == bars["close"].gather_every(5, 4).to_list()
    assert (five["known_at"].diff().drop_nulls().dt.total_minutes() == 5).all()
    assert datetime(2025, 6, 2, 22, 5, tzinfo=UTC) == five["known_at"][0]


@pytest.mark.parametrize("minutes", [1, 7, 60])
def test_resampling_loses_no_volume(minutes):
    bars = segmented(drawn_bars("2025-06-02 17:00", [100.0] * 200, minutes=1))
    assert resample(bars, minutes)["volume"].sum() == 20_000


def test_a_last_bar_is_short_where_the_multiple_does_not_divide_the_session():
    bars = drawn_bars("2025-06-02 17:00", [float(i + 1) for i in range(276)])
    found = resample_bars(bars, 7 * 60, FIVE)
    chicago_time = pl.col("ts", "known_at").dt.convert_time_zone("America/Chicago")
    assert found.select(chicago_time.dt.strftime("%H:%M")).rows() == [
        ("17:00", "00:00"),
        ("00:00", "07:00"),
        ("07:00", "14:00"),
        ("14:00", "16:00"),
    ]
    assert found["bars"].to_list() == [84, 84, 84, 24]
    assert found["minute_of_session"].to_list() == [0, 420, 840, 1260]
    assert found["session"].to_list() == ["eth", "eth", "eth", "rth"]
    assert found["close"].to_list() == [84, 168, 252, 276]


def test_each_volume_is_summed_and_unknown_where_no_bar_knows_it():
    bars = drawn_bars("2025-06-02 17:00", [1, 2, 3, 4], volumes=[1.0, 2.0, 4.0, None])
    bars = bars.with_columns(bid_volume=pl.Series([1.0, None, None, None]))
    found = resample_bars(bars, 10, FIVE)
    sums = found.select("volume", "bid_volume", "ask_volume").rows()
    assert sums == [(3.0, 1.0, None), (4.0, None, None)]


def test_a_roll_inside_a_longer_bar_makes_two_of_it():
    old = drawn_bars("2025-06-16 17:00", [1, 2])
    new = drawn_bars("2025-06-16 17:10", [50, 51], contract="MESU5")
    found = resample_bars(joined(old, new), 60, FIVE)
    assert found.select("contract", "open", "close", "bars").rows() == [
        ("MESM5", 1, 2, 2),
        ("MESU5", 50, 51, 2),
    ]


@pytest.mark.parametrize("minutes", [0, -5, 7, 12])
def test_longer_bars_are_whole_base_bars(minutes):
    bars = drawn_bars("2025-06-02 17:00", [1, 2, 3])
    with pytest.raises(InputError, match=f"Bars of {minutes} minutes cannot be made of 5m bars"):
        resample_bars(bars, minutes, FIVE)


def test_what_is_known_of_a_longer_bar_does_not_change_with_bars_after_it():
    bars = seeded_bars(3)
    whole = resample_bars(bars, 45, FIVE)
    for cut in (100, 275, 276, 400, 401, 402):
        part = resample_bars(bars.head(cut), 45, FIVE)
        now = bars["ts"][cut - 1] + FIVE.delta
        known = part.filter(pl.col("known_at") <= now)
        assert known.equals(whole.filter(pl.col("known_at") <= now))
        assert part.height - known.height <= 1


@settings(max_examples=30)
@given(st.integers(1, 300), st.integers(0, 2**32))
def test_longer_bars_are_made_of_every_base_bar_once(multiple, seed):
    rng = np.random.default_rng(seed)
    bars = seeded_bars(4).filter(pl.Series(rng.random(seeded_bars(4).height) < 0.7))
    found = resample_bars(bars, 5 * multiple, FIVE)
    assert found["bars"].sum() == bars.height
    assert found["volume"].sum() == bars["volume"].sum()
    assert found["ts"].is_sorted()
    assert (found["known_at"] > found["ts"]).all()
    assert (found["known_at"] <= found["session_end"]).all()
    inside = bars.join_asof(found.select("ts", "known_at", "high", "low"), on="ts")
    assert (inside["ts"] < inside["known_at"]).all()
    assert (inside["high"] <= inside["high_right"]).all()
    assert (inside["low"] >= inside["low_right"]).all()
    same = resample(bars.with_columns(contract_segment()), 5 * multiple)
    assert same.drop("segment").equals(found.select(same.columns[1:]))
