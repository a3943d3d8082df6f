"""Prices that a trader has on his chart, points: of the day, the day before, the week before."""

import polars as pl

from mlplatform.features.catalog.completed import extreme, of_days, of_weeks
from mlplatform.features.catalog.expressions import DAY, expression
from mlplatform.features.catalog.phases import of_phase, of_session
from mlplatform.features.graph import Feature

OPENING_RANGE_MINUTES = 30
_DAY = ("high", "low", "close")
CHART = (
    *(f"previous_{what}" for what in _DAY),
    *(f"previous_rth_{what}" for what in _DAY),
    *(f"previous_week_{what}" for what in _DAY),
    *(f"overnight_{side}" for side in ("high", "low")),
    *(f"opening_range_{side}" for side in ("high", "low")),
    *(f"swing_{side}" for side in ("high", "low")),
)
"""Levels that the market remembers: their gaps are features, the nearest are resistance, support"""

_IS_RTH = pl.col("session") == "rth"
_SINCE_OPEN = pl.col("minutes_since_rth_open")


def previous_day(what: str, bars_a_session: int) -> Feature:
    """Open, high, low or close of the trading day before, points; null on the first of a contract.

    The open is only a step on the way.
    """
    return Feature(
        f"previous_{what}",
        ("session_date", what),
        bars_a_session,
        of_days(pl.col("of_day"), of_day=extreme(what)),
        f"{what} of the trading day before",
        unit="points",
        is_step=what == "open",
    )


_SESSIONS_WITHOUT_RTH = 3
"""Trading days in a row that may have no regular hours, as on a day of mourning."""


def previous_rth(what: str, bars_a_session: int) -> Feature:
    """High, low or close of the last regular hours before this trading day, points.

    Null on a contract's first day, and where four days in a row had no regular bar.
    """
    last = pl.col("of_day").forward_fill(limit=_SESSIONS_WITHOUT_RTH)
    return Feature(
        f"previous_rth_{what}",
        ("session_date", "session", what),
        (1 + _SESSIONS_WITHOUT_RTH) * bars_a_session,
        of_days(last, of_day=extreme(what, _IS_RTH)),
        f"{what} of the regular hours before this trading day",
        unit="points",
    )


def previous_week(what: str, bars_a_session: int) -> Feature:
    """High, low or close of the calendar week before, points; null in a contract's first week."""
    return Feature(
        f"previous_week_{what}",
        ("session_date", what),
        10 * bars_a_session,
        of_weeks(pl.col("of_week"), of_week=extreme(what)),
        f"{what} of the week before",
        unit="points",
    )


def overnight(side: str) -> Feature:
    """High or low of the trading day before its regular open, points; null until that is over."""
    inside, over = _SINCE_OPEN < 0, _SINCE_OPEN >= 0
    level = extreme(side, inside).over(DAY)
    # Shown only after it is over, so the extreme of those bars looks at no later bar.
    return Feature(
        f"overnight_{side}",
        ("session_date", "minutes_since_rth_open", side),
        0,
        of_phase(pl.when(over).then(level)),
        f"{side} of the night before the regular open",
        unit="points",
    )


def session_extreme(side: str) -> Feature:
    """Highest high or lowest low of the session so far, points."""
    running = pl.col("high").cum_max() if side == "high" else pl.col("low").cum_min()
    return Feature(
        f"session_{side}",
        ("session_date", side),
        0,
        of_session(running),
        f"{side} of the session so far",
        unit="points",
        is_step=True,
    )


def rth_open() -> Feature:
    """First price of the day's regular hours, points; null before they open."""
    first = pl.when(_IS_RTH).then("open").drop_nulls().first().over(DAY)
    return Feature(
        "rth_open",
        ("open", "session", "session_date", "minutes_since_rth_open"),
        0,
        of_phase(pl.when(_SINCE_OPEN >= 0).then(first)),
        "first price of the regular hours",
        unit="points",
    )


def opening_range(minutes: int) -> tuple[Feature, Feature]:
    """High and low of the first `minutes` of regular hours, points; null before they are over."""
    inside = _IS_RTH & (minutes > _SINCE_OPEN)
    over = _IS_RTH & (minutes <= _SINCE_OPEN)
    # Known only after it is over, so the whole-session maximum of those bars looks at no later bar.
    high, low = (
        Feature(
            f"opening_range_{side}",
            ("session_date", "session", "minutes_since_rth_open", side),
            0,
            of_phase(pl.when(over).then(extreme(side, inside).over(DAY)), minutes),
            f"{side} of the first {minutes} regular minutes",
            unit="points",
            version=2,
            params={"minutes": minutes},
        )
        for side in ("high", "low")
    )
    return high, low


def range_extreme(side: str, span_bars: int) -> Feature:
    """Highest high or lowest low of the `span_bars` bars BEFORE this one (Donchian), points."""
    before = pl.col(side).shift(1)
    extreme_of = before.rolling_max(span_bars) if side == "high" else before.rolling_min(span_bars)
    return Feature(
        f"range_{side}{span_bars}",
        (side,),
        span_bars + 1,
        expression(extreme_of),
        f"{side} of the {span_bars} bars before",
        unit="points",
        params={"span_bars": span_bars},
    )


def core(bars_a_session: int) -> tuple[Feature, ...]:
    """Those of the core set."""
    return (
        *(previous_day(what, bars_a_session) for what in ("open", *_DAY)),
        *(previous_rth(what, bars_a_session) for what in _DAY),
        *(previous_week(what, bars_a_session) for what in _DAY),
        *(overnight(side) for side in ("high", "low")),
        *(session_extreme(side) for side in ("high", "low")),
        *opening_range(OPENING_RANGE_MINUTES),
        *(range_extreme(side, 20) for side in ("high", "low")),
        rth_open(),
    )
