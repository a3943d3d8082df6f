"""The state of the market by day: only trading days that are over count, and today so far.

Distances are in units of `day_atr5`, the mean true range of the last completed days. Null until
enough days of the contract are over.
"""

import polars as pl

from mlplatform.features.catalog.completed import of_days
from mlplatform.features.catalog.expressions import expression
from mlplatform.features.catalog.quantities import place_between, ratio, ratio_or_null
from mlplatform.features.graph import Feature

ATR_DAYS = 5
_TREND_BODY = 0.6
"""Body of a trend day, per its range."""
_DAY_ATR = f"day_atr{ATR_DAYS}"
_HIGH, _LOW, _CLOSE = (pl.col(f"day_{name}") for name in ("high", "low", "close"))
_DAYS = {
    "day_high": pl.col("high").max(),
    "day_low": pl.col("low").min(),
    "day_close": pl.col("close").last(),
}
_BEFORE = tuple(f"previous_{name}" for name in ("open", "high", "low", "close"))
_OPEN_BEFORE, _HIGH_BEFORE, _LOW_BEFORE, _CLOSE_BEFORE = (pl.col(name) for name in _BEFORE)
_BODY_FRAC = ratio_or_null(_CLOSE_BEFORE - _OPEN_BEFORE, _HIGH_BEFORE - _LOW_BEFORE)


def day_atr(bars_a_session: int) -> Feature:
    """Mean true range of the last completed days, points: gaps between days included."""
    before = _CLOSE.shift(1)
    true_range = pl.max_horizontal(_HIGH, before) - pl.min_horizontal(_LOW, before)
    known = pl.when(before.is_not_null()).then(true_range)
    return Feature(
        _DAY_ATR,
        ("session_date", "high", "low", "close"),
        (ATR_DAYS + 1) * bars_a_session,
        of_days(known.rolling_mean(ATR_DAYS), **_DAYS),
        f"mean true range of the last {ATR_DAYS} days",
        unit="points",
        is_step=True,
        params={"days": ATR_DAYS},
    )


def _of_day(
    name: str, about: str, expr: pl.Expr, inputs: tuple[str, ...], is_signed: bool = False
) -> Feature:
    """A pure number of the days before and today so far."""
    return Feature(name, inputs, 0, expression(expr), about, is_signed=is_signed)


def _in_day_atr(
    name: str, about: str, points: pl.Expr, inputs: tuple[str, ...], is_signed: bool = False
) -> Feature:
    """A distance in units of the mean true range of the days before."""
    return Feature(
        name,
        (*inputs, _DAY_ATR),
        0,
        expression(ratio(points, pl.col(_DAY_ATR))),
        about,
        unit="day atr",
        is_signed=is_signed,
    )


def yesterday_range() -> Feature:
    """High less low of the trading day before, day ATR: below 1 a quiet day."""
    return _in_day_atr(
        "yesterday_range",
        "range of the trading day before",
        _HIGH_BEFORE - _LOW_BEFORE,
        _BEFORE[1:3],
    )


def yesterday_close_location() -> Feature:
    """Close of the trading day before within its range: -1 at the low, +1 at the high."""
    return _of_day(
        "yesterday_close_location",
        "close of the trading day before within its range",
        place_between(_CLOSE_BEFORE, _LOW_BEFORE, _HIGH_BEFORE),
        _BEFORE[1:],
        is_signed=True,
    )


def yesterday_type() -> Feature:
    """+1 after a trend day up (body at least 0.6 of the range), -1 down, 0 after another day."""
    kind = pl.when(_BODY_FRAC >= _TREND_BODY).then(1.0).when(_BODY_FRAC <= -_TREND_BODY).then(-1.0)
    return _of_day(
        "yesterday_type",
        "trend day up +1, down -1, else 0",
        pl.when(_BODY_FRAC.is_not_null()).then(kind.otherwise(0.0)),
        _BEFORE,
        is_signed=True,
    )


def yesterday_inside(bars_a_session: int) -> Feature:
    """1 where the trading day before stayed within the range of the one before it, else 0."""
    inside = (_HIGH.shift(1) >= _HIGH) & (_LOW.shift(1) <= _LOW)
    return Feature(
        "yesterday_inside",
        ("session_date", "high", "low", "close"),
        2 * bars_a_session,
        of_days(inside.cast(pl.Float64), **_DAYS),
        "1 after an inside day, else 0",
    )


def day_streak(bars_a_session: int, longest: int = 5) -> Feature:
    """Completed days in a row that closed higher (positive) or lower, at most `longest`.

    An unchanged close ends a streak; it counts as 0.
    """
    step = _CLOSE.diff().sign()
    same = [(step.shift(k) == step).cast(pl.Int8).fill_null(0) for k in range(1, longest)]
    running = [pl.fold(pl.lit(1, pl.Int8), lambda a, b: a * b, same[:k]) for k in range(1, longest)]
    days = 1 + pl.sum_horizontal(running)
    return Feature(
        "day_streak",
        ("session_date", "high", "low", "close"),
        (longest + 1) * bars_a_session,
        of_days(step * days, **_DAYS),
        "days in a row that closed higher or lower",
        unit="days",
        is_signed=True,
        params={"longest": longest},
    )


def core(bars_a_session: int) -> tuple[Feature, ...]:
    """Those of the core set."""
    return (
        day_atr(bars_a_session),
        yesterday_range(),
        yesterday_close_location(),
        yesterday_type(),
        yesterday_inside(bars_a_session),
        day_streak(bars_a_session),
    )
