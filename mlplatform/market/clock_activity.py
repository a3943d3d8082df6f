"""How busy a market is by minute of the week and season, and how far zones stand from UTC then.

A file's bars are counted here batch by batch; `clock` judges by the counts.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEK_MINUTES, DAY_MINUTES = 7 * 1440, 1440
SLOT_MINUTES = 30
SLOTS = DAY_MINUTES // SLOT_MINUTES
"""Offsets of zones are told apart by half hours."""
SEASONS = ("winter", "summer", "US summer only")
"""No summer time; summer time in the US and Europe; in the US alone (March, start of November)."""
# What each season is called by: a day in it, by which a zone's offset of that season is looked up.
_SEASON_DAYS = (date(2025, 1, 15), date(2025, 7, 15), date(2025, 3, 19))


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
