"""The clock of a file of bars, told by the market itself.

CME equity futures keep a rhythm that no file can hide: nothing trades from 16:00 to 17:00 Chicago,
and activity leaps at 08:30 (09:30 New York). Bars counted by minute of the week, apart for the
seasons in which clocks differ, therefore say how far the file's clock stands from UTC.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mlplatform.market.clock_activity import (
    DAY_MINUTES,
    SEASONS,
    SLOT_MINUTES,
    SLOTS,
    ActivityProfile,
    Floats,
    zone_offset_minutes,
)
from mlplatform.market.sessions import CHICAGO

MIN_DAYS = 1
"""Full days in midweek from which the market is asked; one suffices on real bars (score 0.98)."""
MIN_STARTS = 2
"""Starts of sessions from which a label is told; a single one may be where the file was cut."""
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
    "Europe/Athens", "America/New_York+7h", "America/Los_Angeles", "America/Denver", "Asia/Tokyo",
    "Asia/Shanghai", "Asia/Kolkata", "Australia/Sydney", "Europe/Moscow", "America/Sao_Paulo",
    "Asia/Dubai",
)  # fmt: skip
"""Zones that files come in, likeliest first; New York's and seven hours is the usual clock of
MetaTrader servers."""


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
        if after < MIN_STARTS or before > 0.1 * after:
            continue
        clock = f"{minute // 60:02d}:{minute % 60:02d}"
        later = f"{(minute + step) // 60:02d}:{(minute + step) % 60:02d}"
        if at > 0.5 * after:
            return LabelVerdict("start", f"sessions begin with a bar at {clock} Chicago")
        if at < 0.1 * after:
            return LabelVerdict("end", f"sessions begin with a bar at {later} Chicago, not {clock}")
    return LabelVerdict(None, "too few starts of sessions to see it")


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
