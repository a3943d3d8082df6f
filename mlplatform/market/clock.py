"""The clock of a file of bars, told by the market itself.

CME equity futures keep a rhythm that no file can hide: nothing trades from 16:00 to 17:00 Chicago,
and activity leaps at 08:30 (09:30 New York). Bars counted by minute of the week, apart for the
seasons in which clocks differ, therefore say how far the file's clock stands from UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.market.sessions import CHICAGO

Floats = NDArray[np.float64]

WEEK_MINUTES, DAY_MINUTES = 7 * 1440, 1440
SLOT_MINUTES = 30
SLOTS = DAY_MINUTES // SLOT_MINUTES
"""Offsets of zones are told apart by half hours."""
SEASONS = ("winter", "summer", "US summer only")
"""No summer time; summer time in the US and Europe; in the US alone (March, start of November)."""
# What each season is called by: a day in it, by which a zone's offset of that season is looked up.
_SEASON_DAYS = (date(2025, 1, 15), date(2025, 7, 15), date(2025, 3, 19))

MIN_DAYS = 1
"""Full days in midweek from which the market is asked; one suffices on real bars (score 0.98)."""
MIN_SCORE = 0.8
"""Correlation with the usual day from which the rhythm is that of a CME future; real bars reach
0.92 to 0.99, EURUSD 0.6."""
CLEAR_LEAD = 0.08
"""By how much the best offset must beat the file's own to contradict it; real bars: 0.18 to 0.28
to the next half hour."""

# Chicago hour, usual log volume of a bar; round numbers, straight lines between (see synthetic).
_USUAL_DAY = (
    (0.0, 4.1), (1.0, 4.4), (2.0, 4.9), (4.0, 4.5), (6.0, 4.9), (7.5, 5.8), (8.49, 6.1),
    (8.5, 7.8), (9.0, 7.4), (10.0, 7.1), (11.5, 6.7), (14.0, 6.8), (14.9, 7.6), (15.0, 6.2),
    (15.5, 5.0), (15.99, 4.7), (16.0, 0.0), (16.99, 0.0), (17.0, 5.0), (18.0, 4.6), (19.0, 4.8),
    (21.0, 4.2), (23.0, 3.9), (24.0, 4.1),
)  # fmt: skip
_RTH_HOURS = (8.5, 15.25)
_RTH_SPAN_HOURS, _PART_HOURS = (6.0, 7.5), 16.0
"""A day of 6 to 7.5 hours is one of regular hours alone; any other part of a day says nothing."""
_LONGEST_MINUTES = 60
"""Longer bars do not show the break."""

ZONES = (
    "America/New_York", "America/Chicago", "UTC", "Europe/London", "Europe/Berlin",
    "Europe/Athens", "America/Los_Angeles", "America/Denver", "Asia/Tokyo", "Asia/Shanghai",
    "Asia/Kolkata", "Australia/Sydney", "Europe/Moscow", "America/Sao_Paulo", "Asia/Dubai",
    "America/New_York+7h",
)  # fmt: skip
"""Zones that files come in, likeliest first; the last is the usual clock of MetaTrader servers."""


@dataclass(frozen=True)
class ClockVerdict:
    """What the market says of a clock."""

    offset_minutes: int | None
    """How far the file's clock is ahead of the zone it was judged by; None: cannot be told."""
    is_consistent: bool
    """Whether the market agrees with that zone; False with an offset is a contradiction."""
    evidence: str
    """One sentence."""
    likely_zone: str | None
    """The zone that the market speaks for, fit for --timezone; None where it names none."""


@dataclass(frozen=True)
class LabelVerdict:
    """What the market says of a bar's label: the `label` (None: cannot be told) and why."""

    label: str | None
    evidence: str


class ActivityProfile:
    """Bars by minute of the week and season, in the clock they are written in; add batch by batch.

    `counts` and `logs` (sum of log activity) have shape (3 seasons, 10,080 minutes from Sunday).
    """

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros((3, WEEK_MINUTES), np.int64)
        self.logs: Floats = np.zeros((3, WEEK_MINUTES))
        self.days: list[set[int]] = [set(), set(), set()]
        self._uses_volume: bool | None = None

    def add(self, wall: pl.Series, bars: pl.DataFrame) -> None:
        """Count bars: `wall` their times as written (no zone), `bars` with `high`, `low`, `volume`.

        Activity is the volume, or the range in 1e-5 of the price where the first batch has none.
        """
        known = wall.is_not_null()
        wall, bars = wall.filter(known), bars.filter(known)
        if self._uses_volume is None:
            self._uses_volume = bool((bars["volume"].fill_null(0) > 0).any())
        if self._uses_volume:
            activity = bars["volume"]
        else:
            activity = (bars["high"] - bars["low"]) / bars["high"] * 1e5
        logs = np.log1p(np.clip(np.nan_to_num(activity.cast(pl.Float64).to_numpy()), 0.0, 1e12))
        minutes = wall.dt.epoch("us").to_numpy() // 60_000_000
        # The epoch fell on a Thursday: four days later a week of Sundays begins.
        day = minutes // DAY_MINUTES
        season = _seasons(day)
        cell = season * WEEK_MINUTES + (minutes + 4 * DAY_MINUTES) % WEEK_MINUTES
        size = 3 * WEEK_MINUTES
        self.counts += np.bincount(cell, minlength=size).reshape(3, -1)
        self.logs += np.bincount(cell, weights=logs, minlength=size).reshape(3, -1)
        for number in range(3):
            self.days[number].update(np.unique(day[season == number]).tolist())

    def earlier(self, minutes: int) -> "ActivityProfile":
        """The same bars, labelled that much earlier: starts in place of ends."""
        moved = ActivityProfile()
        moved.days = self.days
        moved.counts = np.roll(self.counts, -minutes, axis=1)
        moved.logs = np.roll(self.logs, -minutes, axis=1)
        return moved

    def midweek_days(self, season: int) -> int:
        """Days of Tuesday to Thursday with bars."""
        return sum((day + 4) % 7 in (2, 3, 4) for day in self.days[season])

    def usual_day(self, season: int) -> Floats:
        """Mean log activity of the half hours of a day in midweek, 0 where nothing trades.

        Midweek in any zone of the world lies within the CME's trading week.
        """
        midweek = slice(2 * DAY_MINUTES, 5 * DAY_MINUTES)
        shape = (3, SLOTS, SLOT_MINUTES)
        counts = self.counts[season, midweek].reshape(shape).sum(axis=(0, 2))
        logs = self.logs[season, midweek].reshape(shape).sum(axis=(0, 2))
        usual = np.median(counts[counts > 0]) if counts.any() else 1.0
        return np.asarray(logs / np.maximum(counts, usual))


def judge_clock(
    profile: ActivityProfile, zone: str = "UTC", step_minutes: float = 1.0
) -> ClockVerdict:
    """Whether the market agrees that times are written in `zone`, from bars of that length."""
    seen: dict[int, int] = {}
    held = True
    for season in range(len(SEASONS)):
        if profile.midweek_days(season) < MIN_DAYS or step_minutes > _LONGEST_MINUTES:
            continue
        scores = _scores(profile.usual_day(season), step_minutes)
        best = int(np.argmax(scores))
        if scores[best] < MIN_SCORE:
            continue
        expected = zone_offset_minutes(zone, season)
        agrees = scores[_slot_of(expected, season)] > scores[best] - CLEAR_LEAD
        seen[season] = expected if agrees else _ahead_of_utc(best, season)
        held &= bool(agrees)
    if not seen:
        return ClockVerdict(None, False, _silence(profile), None)
    likely = zone if held else _likely_zone(seen)
    worst = max(seen, key=lambda season: abs(seen[season] - zone_offset_minutes(zone, season)))
    off = seen[worst] - zone_offset_minutes(zone, worst)
    return ClockVerdict(off, held, _opening(seen), likely)


def _likely_zone(seen: dict[int, int]) -> str | None:
    """The first zone with those offsets; else a fixed one in whole hours; else none."""
    for zone in ZONES:
        if all(zone_offset_minutes(zone, season) == seen[season] for season in seen):
            return zone
    hours, rest = divmod(next(iter(seen.values())), 60)
    if rest or len(set(seen.values())) > 1:
        return None
    return f"Etc/GMT{-hours:+d}"


def _opening(seen: dict[int, int]) -> str:
    """Where the file's clock stands at 08:30 Chicago, by season."""
    opens: dict[str, list[str]] = {}
    for season, offset in seen.items():
        minute = (510 - zone_offset_minutes(CHICAGO, season) + offset) % DAY_MINUTES
        opens.setdefault(f"{minute // 60:02d}:{minute % 60:02d}", []).append(SEASONS[season])
    if len(opens) == 1:
        return f"the market's open (09:30 New York) is seen at {next(iter(opens))} of this clock"
    parts = [f"{clock} ({', '.join(seasons)})" for clock, seasons in opens.items()]
    return f"the market's open (09:30 New York) is seen at {' and '.join(parts)} of this clock"


def _silence(profile: ActivityProfile) -> str:
    days = sum(profile.midweek_days(season) for season in range(len(SEASONS)))
    if days < MIN_DAYS:
        return "too little data to see the market's open and its daily break"
    return (
        "the daily rhythm of a CME future (a leap at 09:30 New York, nothing from 17:00 to 18:00) "
        f"is not seen in its {days} days"
    )


def judge_label(profile: ActivityProfile, zone: str, step_minutes: float) -> LabelVerdict:
    """Whether bars are labelled by their start or their end, from the edges of the session.

    The first bar after the break bears 17:00 Chicago by its start, and never by its end; where
    there are no nights, the same holds for 08:30.
    """
    if step_minutes < 1 or step_minutes > 60:
        return LabelVerdict(None, "bars of this length do not show it")
    counts = _chicago_minutes(profile, zone)
    step = int(step_minutes)
    for minute, quiet in ((17 * 60, 50), (8 * 60 + 30, 30)):
        before = counts[minute - quiet : minute].max(initial=0)
        at, after = counts[minute], counts[minute + step]
        if after < MIN_DAYS or before > 0.1 * after:
            continue
        clock = f"{minute // 60:02d}:{minute % 60:02d}"
        later = f"{(minute + step) // 60:02d}:{(minute + step) % 60:02d}"
        if at > 0.5 * after:
            return LabelVerdict("start", f"sessions begin with a bar at {clock} Chicago")
        if at < 0.1 * after:
            return LabelVerdict("end", f"sessions begin with a bar at {later} Chicago, not {clock}")
    return LabelVerdict(None, "too few starts of sessions to see it")


@lru_cache(maxsize=256)
def zone_offset_minutes(zone: str, season: int) -> int:
    """Minutes that clocks in `zone` are ahead of UTC in that season."""
    name, ahead = split_zone(zone)
    noon = datetime.combine(_SEASON_DAYS[season], datetime.min.time(), UTC) + timedelta(hours=12)
    offset = noon.astimezone(ZoneInfo(name)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60 + ahead


def split_zone(zone: str) -> tuple[str, int]:
    """An IANA name and the minutes to add to it: "America/New_York+7h" is ("...York", 420)."""
    name, plus, hours = zone.partition("+")
    if plus and name not in ("Etc/GMT",) and hours.endswith("h"):
        return name, int(hours[:-1]) * 60
    return zone, 0


def _seasons(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Season of each day (days since 1970), the same for a whole week from Sunday."""
    unique, index = np.unique((day + 4) // 7, return_inverse=True)
    return np.array([_season_of_week(int(week)) for week in unique], np.int64)[index]


@lru_cache(maxsize=8192)
def _season_of_week(week: int) -> int:
    wednesday = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=week * 7 - 4 + 3)
    if not wednesday.astimezone(ZoneInfo("America/New_York")).dst():
        return 0
    return 1 if wednesday.astimezone(ZoneInfo("Europe/London")).dst() else 2


@lru_cache(maxsize=8)
def _template(is_rth: bool, window_minutes: int) -> Floats:
    """The usual day in Chicago time: mean of the window that starts with each half hour."""
    hours, logs = np.array(_USUAL_DAY).T
    minutes = (np.arange(DAY_MINUTES) + 0.5) / 60
    usual = np.interp(minutes, hours, logs)
    if is_rth:
        usual[(minutes < _RTH_HOURS[0]) | (minutes > _RTH_HOURS[1])] = 0.0
    starts = np.arange(SLOTS) * SLOT_MINUTES
    window = np.arange(window_minutes)
    return np.asarray(usual[(starts[:, None] + window) % DAY_MINUTES].mean(axis=1))


def _scores(day: Floats, step_minutes: float) -> Floats:
    """Correlation with the usual day by half hours that the clock is ahead of Chicago."""
    # Bars longer than half an hour leave slots empty on every grid: those say nothing.
    stride = max(1, round(step_minutes / SLOT_MINUTES))
    phase = max(range(stride), key=lambda first: day[first::stride].sum())
    grid = day[phase::stride]
    scores = np.zeros(SLOTS)
    hours = 24 * float((grid > 0.2 * grid.max()).mean())
    is_rth = _RTH_SPAN_HOURS[0] <= hours <= _RTH_SPAN_HOURS[1]
    if hours < _PART_HOURS and not is_rth:
        return scores
    template = _template(is_rth, stride * SLOT_MINUTES)
    for offset in range(SLOTS):
        expected = np.roll(template, offset)[phase::stride]
        if grid.std() > 0 and expected.std() > 0:
            scores[offset] = np.corrcoef(grid, expected)[0, 1]
    return scores


def _ahead_of_utc(slots: int, season: int) -> int:
    """Minutes ahead of UTC, in [-12 h, +12 h), of a clock that many half hours ahead of Chicago."""
    minutes = slots * SLOT_MINUTES + zone_offset_minutes(CHICAGO, season)
    return (minutes + DAY_MINUTES // 2) % DAY_MINUTES - DAY_MINUTES // 2


def _slot_of(offset_minutes: int, season: int) -> int:
    """Half hours ahead of Chicago of a clock so far ahead of UTC."""
    return round((offset_minutes - zone_offset_minutes(CHICAGO, season)) / SLOT_MINUTES) % SLOTS


def _chicago_minutes(profile: ActivityProfile, zone: str) -> NDArray[np.int64]:
    """Bars by minute of the day in Chicago, twice over so that a window may cross midnight."""
    day = np.zeros(DAY_MINUTES, np.int64)
    for season in range(len(SEASONS)):
        ahead = zone_offset_minutes(zone, season) - zone_offset_minutes(CHICAGO, season)
        counts = profile.counts[season].reshape(7, DAY_MINUTES).sum(axis=0)
        day += np.roll(counts, -ahead)
    return np.concatenate((day, day))
