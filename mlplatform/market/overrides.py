"""Where the exchange traded otherwise than the calendar library says: declared, with the source.

Held against real bars: MES 2025-03 to 2025-09, ES 2024-05 to 2025-08, NQ 2016-01 to 2025-12.
Clock times are Chicago's.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class SessionOverride:
    """The true end of one trading day's session; without an end there was none."""

    day: date
    end: time | None
    source: str


@dataclass(frozen=True)
class RegularHours:
    """The end of a regular session, from one trading day on until the next entry."""

    first_day: date
    end: time
    friday_end: time
    source: str


@dataclass(frozen=True)
class DailyPause:
    """A pause inside every session that runs beyond it, up to and including `last_day`."""

    last_day: date
    start: time
    end: time
    source: str


@dataclass(frozen=True)
class Halt:
    """A time in which nobody could trade (UTC), inside the session of trading day `day`."""

    day: date
    start: datetime
    end: datetime
    source: str


_NO_REPORT = "Good Friday without an employment report: no session"
_BARS = "; no bar of that time in real ES, MES or NQ files"
_EXPECTED = "; expected by that rule, not announced yet"
_SANDY = "storm Sandy, exchange notice of 2012-10-29"
_MOURNING = "day of mourning for President"

OVERRIDES = (
    SessionOverride(date(2012, 10, 29), time(8, 15), _SANDY),
    SessionOverride(date(2012, 10, 30), time(8, 15), _SANDY),
    SessionOverride(date(2018, 12, 5), time(8, 30), f"{_MOURNING} Bush{_BARS}"),
    SessionOverride(date(2024, 3, 29), None, _NO_REPORT + _BARS),
    SessionOverride(date(2025, 1, 9), time(8, 30), f"{_MOURNING} Carter{_BARS}"),
    SessionOverride(date(2025, 4, 18), None, _NO_REPORT + _BARS),
    SessionOverride(date(2027, 3, 26), None, _NO_REPORT + _EXPECTED),
    SessionOverride(date(2028, 4, 14), None, _NO_REPORT + _EXPECTED),
    SessionOverride(date(2029, 3, 30), None, _NO_REPORT + _EXPECTED),
    SessionOverride(date(2030, 4, 19), None, _NO_REPORT + _EXPECTED),
)
"""The library lets every Good Friday since 2023 trade until 08:15; it does so only where the
monthly employment report comes out on that day (2023-04-07, 2026-04-03)."""

REGULAR_HOURS = (
    RegularHours(date.min, time(16, 30), time(15, 15), "exchange hours before 2012-11-19"),
    RegularHours(
        date(2012, 11, 19), time(16, 15), time(16, 15), "exchange notice of November 2012"
    ),
    RegularHours(date(2015, 9, 21), time(16), time(16), "exchange notice of September 2015"),
)
"""Before 2012-11-19 the exchange itself counted 15:30-16:30 to the next trade date. Here a trading
day begins at 17:00 in all years, so that days compare."""

DAILY_PAUSES = (
    DailyPause(
        date(2021, 6, 25),
        time(15, 15),
        time(15, 30),
        "exchange notice of June 2021; no NQ bar in it up to that day, every day after",
    ),
)


def _chicago(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)


def _halt(day: str, start: str, end: str, source: str) -> Halt:
    return Halt(date.fromisoformat(day), _chicago(start), _chicago(end), source)


_BREAKER = "market-wide circuit breaker, level 1"
_OUTAGE = "exchange outage"
HALTS = (
    _halt("2019-02-27", "2019-02-26 18:45", "2019-02-26 21:45", _OUTAGE + _BARS),
    _halt("2020-03-09", "2020-03-09 08:34:13", "2020-03-09 08:49:13", _BREAKER),
    _halt("2020-03-12", "2020-03-12 08:35:44", "2020-03-12 08:50:44", _BREAKER + _BARS),
    _halt("2020-03-16", "2020-03-16 08:30:01", "2020-03-16 08:45:01", _BREAKER + _BARS),
    _halt("2020-03-18", "2020-03-18 11:56:17", "2020-03-18 12:11:17", _BREAKER + _BARS),
    _halt("2025-11-28", "2025-11-27 20:45", "2025-11-28 07:30", _OUTAGE + _BARS),
)
"""Nights at the price limit (2020-03-16 to 18) are no halt: the market was open, nobody traded."""
