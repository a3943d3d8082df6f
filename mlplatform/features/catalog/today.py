"""How today stands to the days before: its gaps, its range so far, its move over several days."""

import polars as pl

from mlplatform.features.arithmetic import Pointwise
from mlplatform.features.catalog.completed import of_days
from mlplatform.features.catalog.daily import ATR_DAYS
from mlplatform.features.catalog.expressions import pointwise
from mlplatform.features.catalog.quantities import place_between, ratio
from mlplatform.features.graph import Feature

_DAY_ATR = f"day_atr{ATR_DAYS}"
_IN_DAY_ATR = "day atr"


def _gap(above: str, below: str) -> Pointwise:
    """One price above another, in units of the days' mean true range."""
    return pointwise(lambda a, b, width: ratio(a - b, width), above, below, _DAY_ATR)


def day_gap() -> Feature:
    """First price of the session above the close of the day before, day ATR."""
    return Feature(
        "day_gap",
        ("session_first", "previous_close", _DAY_ATR),
        0,
        _gap("session_first", "previous_close"),
        "first price of the session above the close before",
        unit=_IN_DAY_ATR,
        is_signed=True,
    )


def rth_gap() -> Feature:
    """Regular open above the last regular close, day ATR; null before the open."""
    return Feature(
        "rth_gap",
        ("rth_open", "previous_rth_close", _DAY_ATR),
        0,
        _gap("rth_open", "previous_rth_close"),
        "regular open above the last regular close",
        unit=_IN_DAY_ATR,
        is_signed=True,
    )


def session_range() -> Feature:
    """Range of the session so far, day ATR: near 1 the usual day's range is spent."""
    return Feature(
        "session_range",
        ("session_high", "session_low", _DAY_ATR),
        0,
        _gap("session_high", "session_low"),
        "range of the session so far",
        unit=_IN_DAY_ATR,
    )


def session_position() -> Feature:
    """Close within the session's range so far: -1 at its low, +1 at its high."""
    return Feature(
        "session_position",
        ("close", "session_high", "session_low"),
        0,
        pointwise(place_between, "close", "session_low", "session_high"),
        "close within the session's range, -1 to +1",
        is_signed=True,
    )


def days_move(days: int) -> Feature:
    """Close above the close of the trading day `days` days before this one, day ATR."""
    level = f"close_{days}_days_before"
    return Feature(
        f"days_move{days}",
        ("close", level, _DAY_ATR),
        0,
        _gap("close", level),
        f"close above the close of {days} days before",
        unit=_IN_DAY_ATR,
        is_signed=True,
    )


def close_days_before(days: int, bars_a_session: int) -> Feature:
    """Close of the trading day `days` days before this one, points."""
    return Feature(
        f"close_{days}_days_before",
        ("session_date", "close"),
        days * bars_a_session,
        of_days(pl.col("day_close").shift(days - 1), day_close=pl.col("close").last()),
        f"close of {days} trading days before",
        unit="points",
        is_step=True,
        params={"days": days},
    )


def core(bars_a_session: int) -> tuple[Feature, ...]:
    """Those of the core set."""
    return (
        day_gap(),
        rth_gap(),
        session_range(),
        session_position(),
        close_days_before(5, bars_a_session),
        days_move(5),
    )
