"""Whether volatility is high for its past or its time of day, and which way it leans."""

import math

import polars as pl

from mlplatform.features.catalog.expressions import expression, pointwise
from mlplatform.features.catalog.quantities import is_above, ratio, ratio_or_null
from mlplatform.features.catalog.rhythm import USUAL_SESSIONS, for_time
from mlplatform.features.graph import Feature

_CALM, _WILD = math.log(2 / 3), math.log(3 / 2)


def volatility_level(sessions: int, bars_a_session: int) -> Feature:
    """Log of Parkinson volatility of 20 bars per its mean of some sessions' worth of bars.

    Null where price stood still.
    """
    short = pl.col("parkinson20")
    level = ratio(short, short.rolling_mean(sessions * bars_a_session))
    return Feature(
        "volatility_level",
        ("parkinson20",),
        sessions * bars_a_session,
        expression(level.log()),
        f"log of Parkinson volatility per its mean of {sessions} sessions",
        params={"sessions": sessions},
    )


def volatility_regime() -> Feature:
    """-1 calm (below 2/3 of the usual volatility), +1 wild (above 3/2), else 0."""
    return Feature(
        "volatility_regime",
        ("volatility_level",),
        0,
        pointwise(
            lambda level: is_above(level, _WILD) - is_above(_CALM, level), "volatility_level"
        ),
        "calm -1, usual 0, wild +1",
    )


def volatility_of_volatility(span_bars: int) -> Feature:
    """Deviation of the true range per its mean: how unsteady the bars are."""
    width = pl.col("true_range")
    return Feature(
        f"volatility_of_volatility{span_bars}",
        ("true_range",),
        span_bars,
        expression(ratio(width.rolling_std(span_bars), width.rolling_mean(span_bars))),
        f"deviation of the true range per its mean of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def variance_balance(span_bars: int) -> Feature:
    """Realised up-variance less down-variance, per their sum: -1 to +1; null where still.

    The semivariances of O. Barndorff-Nielsen, S. Kinnebrock and N. Shephard, Measuring Downside
    Risk: Realised Semivariance (2010), eq. 1: sums of squared returns above and below zero.
    """
    squared = pl.col("return1").pow(2)
    signed = (pl.col("return1").sign() * squared).rolling_sum(span_bars)
    return Feature(
        f"variance_balance{span_bars}",
        ("return1",),
        span_bars,
        expression(ratio_or_null(signed, squared.rolling_sum(span_bars)).clip(-1, 1)),
        f"up-variance less down-variance of {span_bars} bars, per their sum",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def range_for_time(bars_a_session: int) -> Feature:
    """Log of the range of the last 3 bars per its mean at that minute in the week before.

    The daily rhythm of volatility cancels. Null in a session's first bars and where still.
    """
    return Feature(
        "range_for_time",
        ("ts", "high", "low", "session_date", "minute_of_session"),
        USUAL_SESSIONS * bars_a_session,
        for_time((pl.col("high") - pl.col("low")).rolling_mean(3), bars_a_session),
        "log of recent range per its mean at that minute of the week before",
        params={"sessions": USUAL_SESSIONS},
    )


def core(bars_a_session: int) -> tuple[Feature, ...]:
    """Those of the core set."""
    return (
        volatility_level(USUAL_SESSIONS, bars_a_session),
        volatility_regime(),
        volatility_of_volatility(50),
        variance_balance(20),
        range_for_time(bars_a_session),
    )
