"""Where in the day, the week and the life of the contract a bar is: all known ahead."""

import re
from datetime import date, timedelta

import polars as pl

from mlplatform.features.catalog.expressions import pointwise
from mlplatform.features.catalog.phases import OPEN_AFTER_START_MINUTES, OfDay, of_phase
from mlplatform.features.catalog.quantities import smallest, whole_minutes
from mlplatform.features.graph import Columns, Feature
from mlplatform.market.sessions import RTH_FIRST_MINUTE, RTH_LAST_MINUTE

_CONTRACT = re.compile(r"[A-Z0-9]*([FGHJKMNQUVXZ])(\d)")
_FRIDAY = 4


def minutes_since_rth_open() -> Feature:
    """Minutes of the bar's start since 08:30 Chicago of its trading day; negative overnight."""
    return Feature(
        "minutes_since_rth_open",
        ("minute_of_session",),
        0,
        pointwise(lambda minute: minute - OPEN_AFTER_START_MINUTES, "minute_of_session"),
        "minutes since the regular open",
        unit="minutes",
        version=2,
    )


def minutes_to_rth_close() -> Feature:
    """Minutes from the bar's start to 15:00 Chicago, or to an earlier end of the session.

    Negative after it. It is what is left of the liquid hours.
    """
    length = RTH_LAST_MINUTE - RTH_FIRST_MINUTE
    inputs = ("minutes_since_rth_open", "minutes_to_session_end")
    return Feature(
        "minutes_to_rth_close",
        inputs,
        0,
        pointwise(lambda since, to_end: smallest(length - since, to_end), *inputs),
        "minutes to the regular close",
        unit="minutes",
    )


def minutes_since_session_open() -> Feature:
    """Minutes of the bar's start since the session's start at 17:00 Chicago."""
    return Feature(
        "minutes_since_session_open",
        ("minute_of_session",),
        0,
        pointwise(lambda minute: minute, "minute_of_session"),
        "minutes since the session's start",
        unit="minutes",
    )


def minutes_to_session_end() -> Feature:
    """Minutes from the bar's start to the session's scheduled end."""
    return Feature(
        "minutes_to_session_end",
        ("ts", "session_end"),
        0,
        pointwise(whole_minutes, "ts", "session_end"),
        "minutes to the session's end",
        unit="minutes",
    )


def is_rth() -> Feature:
    """Whether the bar is in regular trading hours: 1, else 0."""
    regular = (pl.col("session") == "rth").cast(pl.Float64)
    return Feature("is_rth", ("session",), 0, of_phase(regular), "1 in regular hours, else 0")


def day_of_week() -> Feature:
    """Trading day of the week: 1 Monday to 5 Friday."""
    return Feature(
        "day_of_week", ("session_date",), 0, of_phase(pl.col("session_date").dt.weekday()), "1-5"
    )


def days_to_roll() -> Feature:
    """Calendar days from the trading day to the contract's roll: the Monday before the third Friday
    of its expiry month. Negative after it; null where the contract is unknown.
    """
    return Feature(
        "days_to_roll",
        ("contract", "session_date"),
        0,
        OfDay(_days_to_roll),
        "days to the roll of the contract",
        unit="days",
    )


def _days_to_roll(columns: Columns) -> pl.Series:
    days = columns["session_date"]
    known = _CONTRACT.fullmatch(columns["contract"][0]) if len(days) else None
    if known is None:
        return pl.Series([None] * len(days), dtype=pl.Float64)
    first = days[0]
    month = "FGHJKMNQUVXZ".index(known[1]) + 1
    year = first.year + (int(known[2]) - first.year) % 10
    roll = pl.Series([roll_day(year, month)], dtype=pl.Date)
    return (roll - days).dt.total_days().cast(pl.Float64)


def roll_day(year: int, month: int) -> date:
    """The Monday before the third Friday of an expiry month."""
    first = date(year, month, 1)
    third_friday = first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)
    return third_friday - timedelta(days=_FRIDAY)


CORE = (
    is_rth(),
    minutes_since_session_open(),
    minutes_since_rth_open(),
    minutes_to_rth_close(),
    minutes_to_session_end(),
    day_of_week(),
    days_to_roll(),
)
"""Those of the core set."""
