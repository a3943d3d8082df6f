"""Spans of time as users and vendors write them: durations, and the grids of requests."""

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mlplatform.adapters.bars.network.port import Span
from mlplatform.domain.errors import InputError
from mlplatform.market.sessions import CHICAGO

_DURATION = re.compile(r"\s*([1-9]\d{0,4})\s*([SDWMY])\s*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_FRIDAY = date(1970, 1, 2)
_SESSION_START = time(17, tzinfo=ZoneInfo(CHICAGO))
_DAY = timedelta(days=1)


def span_before(duration: str, end: datetime) -> Span:
    """The span of a duration such as "1 Y", "6 M", "30 D", "2 W", "3600 S" that ends at `end`.

    Months and years are those of the calendar. Raises InputError where it cannot be read.
    """
    match = _DURATION.fullmatch(duration.upper())
    if match is None:
        raise InputError(
            f"'{duration}' is no duration: write a count and one of S, D, W, M, Y, such as '6 M'."
        )
    count, unit = int(match[1]), match[2]
    try:
        if unit in "MY":
            first = _months_before(end, count * (12 if unit == "Y" else 1))
        else:
            first = end - count * {"S": timedelta(seconds=1), "D": _DAY, "W": 7 * _DAY}[unit]
    except (OverflowError, ValueError):
        raise InputError(f"'{duration}' reaches before year 1: give a shorter one.") from None
    return Span(first, end)


def _months_before(end: datetime, months: int) -> datetime:
    whole = end.year * 12 + end.month - 1 - months
    year, month = whole // 12, whole % 12 + 1
    day = min(end.day, calendar.monthrange(year, month)[1])
    return end.replace(year=year, month=month, day=day)


def fixed_cells(wanted: Span, length: timedelta) -> Iterator[Span]:
    """The cells of a fixed UTC grid (weeks begin on Monday) that overlap a span."""
    anchor = _MONDAY if length % (7 * _DAY) == timedelta(0) else _EPOCH
    first = anchor + (wanted.first - anchor) // length * length
    while first < wanted.last:
        yield Span(first, first + length)
        first += length


def trading_day_cells(wanted: Span, days: int) -> Iterator[Span]:
    """Like `fixed_cells`, of whole CME trading days: from 17:00 to 17:00 Chicago.

    Cells of 7 days and more begin on Friday evening, so that no trading week is cut.
    """
    local = wanted.first.astimezone(ZoneInfo(CHICAGO))
    day = local.date() - _DAY * (local.hour < _SESSION_START.hour)
    day = _FRIDAY + (day - _FRIDAY) // (days * _DAY) * (days * _DAY)
    while (first := _session_start(day)) < wanted.last:
        day += days * _DAY
        yield Span(first, _session_start(day))


def _session_start(day: date) -> datetime:
    return datetime.combine(day, _SESSION_START).astimezone(UTC)
