"""How much was traded, against its own past and for the time of day; null without volume."""

import math

import polars as pl

from mlplatform.features.catalog.expressions import expression
from mlplatform.features.catalog.phases import of_session
from mlplatform.features.catalog.quantities import ratio
from mlplatform.features.catalog.rhythm import USUAL_SESSIONS, for_time
from mlplatform.features.graph import Feature

_VOLUME = pl.col("volume")
_SIGNED = pl.col("close").diff().sign() * _VOLUME


def volume_ratio(span_bars: int) -> Feature:
    """Log of the bar's volume per its mean of `span_bars`; null without volume."""
    against = ratio(_VOLUME, _VOLUME.rolling_mean(span_bars))
    return Feature(
        f"volume_ratio{span_bars}",
        ("volume",),
        span_bars,
        expression(against.log()),
        f"log of volume per its mean of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def volume_trend(short_bars: int, long_bars: int) -> Feature:
    """Log of mean volume of the last bars per that of many bars."""
    short, long = _VOLUME.rolling_mean(short_bars), _VOLUME.rolling_mean(long_bars)
    return Feature(
        "volume_trend",
        ("volume",),
        long_bars,
        expression(ratio(short, long).log()),
        f"log of mean volume of {short_bars} bars per {long_bars} bars",
        params={"short_bars": short_bars, "long_bars": long_bars},
    )


def volume_surges(span_bars: int, times: float = 2.0) -> Feature:
    """How many of the last bars traded more than `times` the mean of 20 bars."""
    surged = (pl.col("volume_ratio20") > math.log(times)).cast(pl.Float64)
    return Feature(
        f"volume_surges{span_bars}",
        ("volume_ratio20",),
        span_bars,
        expression(surged.rolling_sum(span_bars)),
        f"bars of the last {span_bars} with over {times} times the usual volume",
        unit="bars",
        params={"span_bars": span_bars, "times": times},
    )


def volume_for_time(bars_a_session: int) -> Feature:
    """Log of volume of the last 3 bars per its mean at that minute in the week before.

    The daily rhythm of volume cancels: what is left is today's unusual interest.
    """
    return Feature(
        "volume_for_time",
        ("ts", "volume", "session_date", "minute_of_session"),
        USUAL_SESSIONS * bars_a_session,
        for_time(_VOLUME.rolling_mean(3), bars_a_session),
        "log of recent volume per its mean at that minute of the week before",
        version=2,
        params={"sessions": USUAL_SESSIONS},
    )


def session_volume(bars_a_session: int) -> Feature:
    """Log of the session's volume so far per its mean by that minute in the week before."""
    return Feature(
        "session_volume",
        ("ts", "volume", "session_date", "minute_of_session"),
        USUAL_SESSIONS * bars_a_session,
        for_time(_VOLUME.cum_sum(), bars_a_session),
        "log of the session's volume per its mean by that minute of the week before",
        params={"sessions": USUAL_SESSIONS},
    )


def obv_change(span_bars: int) -> Feature:
    """Change of on-balance volume over `span_bars` per the volume of those bars: -1 to +1.

    On-balance volume (J. Granville, 1963) adds the volume of a bar that closed higher and takes
    away that of one that closed lower; its level depends on where it started, its change does not.
    """
    return Feature(
        f"obv_change{span_bars}",
        ("close", "volume"),
        span_bars + 1,
        expression(ratio(_SIGNED.rolling_sum(span_bars), _VOLUME.rolling_sum(span_bars))),
        f"change of on-balance volume over {span_bars} bars per their volume",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def session_obv() -> Feature:
    """On-balance volume since the session's start per the volume traded in it: -1 to +1.

    The session's first bar has no close before it in the session, and adds to the volume only.
    """
    goes_on = pl.col("session_date") == pl.col("session_date").shift(1)
    signed = pl.when(goes_on).then(_SIGNED).otherwise(0 * _VOLUME)
    return Feature(
        "session_obv",
        ("close", "volume", "session_date", "session_sum_volume"),
        0,
        of_session(ratio(signed.cum_sum(), pl.col("session_sum_volume"))),
        "on-balance volume of the session per its volume",
        is_signed=True,
    )


def core(bars_a_session: int) -> tuple[Feature, ...]:
    """Those of the core set."""
    return (
        volume_ratio(20),
        volume_trend(5, 50),
        volume_surges(10),
        volume_for_time(bars_a_session),
        session_volume(bars_a_session),
        obv_change(20),
        session_obv(),
    )
