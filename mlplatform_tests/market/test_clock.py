"""The market tells the clock of a file's bars, and the side of a bar that its label names."""

from datetime import timedelta

import polars as pl
import pytest

from mlplatform.market.clock import judge_clock, judge_label
from mlplatform.market.clock_activity import (
    DAY_MINUTES,
    ActivityProfile,
    split_zone,
    zone_offset_minutes,
)
from mlplatform.testing.bars import seeded_bars

ZONES = ("UTC", "America/New_York", "America/Chicago", "Europe/Berlin", "Asia/Tokyo",
         "Asia/Kolkata")  # fmt: skip
WINTER, SUMMER, US_ONLY = "2025-01-06", "2025-06-02", "2025-03-17"
US_CHANGE, EUROPE_CHANGE, AUTUMN = "2025-03-03", "2025-03-25", "2025-10-20"


def profile(
    zone: str, first_day: str, timeframe: str = "5m", sessions: int = 10, late_minutes: int = 0
) -> ActivityProfile:
    """Seeded sessions as a clock of that zone writes them."""
    bars = seeded_bars(sessions=sessions, timeframe=timeframe, first_day=first_day)
    name, ahead = split_zone(zone)
    local = bars["ts"].dt.convert_time_zone(name).dt.replace_time_zone(None)
    found = ActivityProfile()
    found.add(local + timedelta(minutes=ahead + late_minutes), bars)
    return found


@pytest.mark.parametrize("day", [WINTER, SUMMER, US_ONLY, US_CHANGE, EUROPE_CHANGE, AUTUMN])
@pytest.mark.parametrize("zone", ZONES)
def test_the_market_agrees_with_the_zone_that_bars_are_written_in(zone: str, day: str) -> None:
    verdict = judge_clock(profile(zone, day), zone, 5)
    assert verdict.is_consistent
    assert (verdict.likely_zone, verdict.offset_minutes) == (zone, 0)


@pytest.mark.parametrize("day", [US_CHANGE, EUROPE_CHANGE, AUTUMN])
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("claimed", ["America/Los_Angeles", "Australia/Sydney"])
def test_a_wrong_zone_is_refused_and_the_right_one_named(zone: str, day: str, claimed: str) -> None:
    verdict = judge_clock(profile(zone, day), claimed, 5)
    assert not verdict.is_consistent
    assert verdict.likely_zone == zone


@pytest.mark.parametrize(("day", "ahead"), [(WINTER, 300), (SUMMER, 240)])
def test_the_offset_says_how_far_the_clock_is_ahead_of_the_zone(day: str, ahead: int) -> None:
    """UTC is five hours ahead of New York in winter, four in summer."""
    found = profile("UTC", day)
    assert judge_clock(found, "America/New_York", 5).offset_minutes == ahead


def test_a_fixed_offset_is_told_from_a_zone_with_summer_time() -> None:
    fixed = judge_clock(profile("Etc/GMT+5", US_CHANGE), "America/New_York", 5)
    assert not fixed.is_consistent
    assert fixed.likely_zone == "Etc/GMT+5"
    # Before the change both clocks are the same, and nothing speaks against New York.
    assert judge_clock(profile("Etc/GMT+5", WINTER), "America/New_York", 5).is_consistent


def test_the_weeks_when_only_america_has_summer_time_tell_london_from_utc_less_an_hour() -> None:
    found = profile("Europe/London", EUROPE_CHANGE)
    assert not judge_clock(found, "UTC", 5).is_consistent
    assert judge_clock(found, "UTC", 5).likely_zone == "Europe/London"


def test_the_clock_of_metatrader_servers_is_seven_hours_ahead_of_new_york() -> None:
    for day in (US_CHANGE, EUROPE_CHANGE):
        verdict = judge_clock(profile("America/New_York+7h", day), "UTC", 5)
        assert verdict.likely_zone == "America/New_York+7h"
    assert split_zone("America/New_York+7h") == ("America/New_York", 420)
    assert zone_offset_minutes("America/New_York+7h", 1) == 180


@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "30m"])
def test_bars_up_to_half_an_hour_show_the_clock(timeframe: str) -> None:
    found = profile("America/New_York", SUMMER, timeframe)
    step = float(timeframe[:-1])
    assert judge_clock(found, "America/New_York", step).is_consistent
    assert judge_clock(found, "UTC", step).likely_zone == "America/New_York"


def test_where_the_open_is_seen_is_said_by_season() -> None:
    verdict = judge_clock(profile("UTC", US_CHANGE), "UTC", 5)
    assert "14:30 (winter)" in verdict.evidence
    assert "13:30 (US summer only)" in verdict.evidence


def test_too_little_data_says_so_and_names_no_zone() -> None:
    bars = seeded_bars(sessions=10, first_day=SUMMER).head(60)
    found = ActivityProfile()
    found.add(bars["ts"].dt.replace_time_zone(None), bars)
    verdict = judge_clock(found, "UTC", 5)
    assert (verdict.offset_minutes, verdict.likely_zone) == (None, None)
    assert "too little data" in verdict.evidence


def test_long_bars_say_nothing() -> None:
    assert judge_clock(profile("UTC", SUMMER), "UTC", 240).offset_minutes is None


def test_bars_without_the_rhythm_of_a_cme_future_say_so() -> None:
    bars = seeded_bars(sessions=10, first_day=SUMMER).with_columns(volume=100.0)
    always = bars["ts"].dt.replace_time_zone(None)[0] + pl.Series(
        [timedelta(minutes=5 * n) for n in range(bars.height)]
    )
    found = ActivityProfile()
    found.add(always, bars)
    verdict = judge_clock(found, "UTC", 5)
    assert verdict.offset_minutes is None
    assert "rhythm" in verdict.evidence


def test_without_volume_the_range_tells() -> None:
    bars = seeded_bars(sessions=10, first_day=SUMMER).with_columns(volume=pl.lit(None, pl.Float64))
    found = ActivityProfile()
    found.add(bars["ts"].dt.replace_time_zone(None), bars)
    assert judge_clock(found, "UTC", 5).is_consistent
    assert judge_clock(found, "America/New_York", 5).likely_zone == "UTC"


def test_batches_add_up_to_the_whole_and_nulls_are_left_out() -> None:
    bars = seeded_bars(sessions=10, first_day=US_CHANGE)
    wall = bars["ts"].dt.replace_time_zone(None)
    whole, parts = ActivityProfile(), ActivityProfile()
    whole.add(wall, bars)
    for start in range(0, bars.height, 333):
        parts.add(wall[start : start + 333], bars[start : start + 333])
    parts.add(pl.Series([None], dtype=pl.Datetime("us")), bars.head(1))
    assert (whole.counts == parts.counts).all()
    assert whole.logs == pytest.approx(parts.logs)
    assert whole.days == parts.days
    assert whole.counts.sum() == bars.height


def test_a_profile_counts_minutes_from_sunday_and_moves_whole_bars() -> None:
    found = ActivityProfile()
    bars = seeded_bars(sessions=10).head(1).with_columns(volume=7.0)
    found.add(pl.Series(["2025-01-06 00:05:00"]).str.to_datetime(time_unit="us"), bars)
    assert found.counts[0, DAY_MINUTES + 5] == 1  # a Monday in winter
    assert found.earlier(5).counts[0, DAY_MINUTES] == 1


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("day", [WINTER, SUMMER, US_CHANGE])
@pytest.mark.parametrize(("timeframe", "step"), [("1m", 1), ("5m", 5)])
def test_the_first_bar_of_a_session_tells_the_label(
    zone: str, day: str, timeframe: str, step: int
) -> None:
    starts = profile(zone, day, timeframe)
    ends = profile(zone, day, timeframe, late_minutes=step)
    assert judge_label(starts, zone, step).label == "start"
    told = judge_label(ends, zone, step)
    assert told.label == "end"
    assert f"17:{step:02d} Chicago, not 17:00" in told.evidence


def test_end_labels_judged_as_starts_leave_the_clock_right() -> None:
    ends = profile("America/New_York", SUMMER, "30m", late_minutes=30)
    assert judge_clock(ends.earlier(30), "America/New_York", 30).is_consistent


def test_one_start_of_a_session_tells_no_label() -> None:
    assert judge_label(profile("UTC", SUMMER, "1m", sessions=2), "UTC", 1).label == "start"
    bars = seeded_bars(sessions=10, timeframe="1m", first_day=SUMMER).head(600)
    found = ActivityProfile()
    found.add(bars["ts"].dt.replace_time_zone(None), bars)
    assert judge_label(found, "UTC", 1).label is None


def test_regular_hours_alone_tell_the_label_by_their_open() -> None:
    bars = seeded_bars(sessions=10, first_day=SUMMER).filter(session="rth")
    wall = bars["ts"].dt.replace_time_zone(None)
    for late, label in ((0, "start"), (5, "end")):
        found = ActivityProfile()
        found.add(wall + timedelta(minutes=late), bars)
        assert judge_label(found, "UTC", 5).label == label


@pytest.mark.parametrize("step", [0.25, 240])
def test_bars_too_short_or_too_long_tell_no_label(step: float) -> None:
    assert judge_label(profile("UTC", SUMMER), "UTC", step).label is None
