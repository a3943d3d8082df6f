"""How much was traded, against its own past and for the time of day."""

import polars as pl

from mlplatform.features.catalog.expressions import expression
from mlplatform.features.graph import Columns, Feature


def volume_ratio(span_bars: int) -> Feature:
    """Log of the bar's volume per its mean of `span_bars`; null without volume."""
    mean = pl.col("volume").rolling_mean(span_bars)
    ratio = pl.col("volume") / pl.when(mean > 0).then(mean)
    return Feature(
        f"volume_ratio{span_bars}",
        ("volume",),
        span_bars,
        expression(pl.when(ratio > 0).then(ratio.log())),
        f"log of volume per its mean of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def volume_trend(short_bars: int, long_bars: int) -> Feature:
    """Log of mean volume of the last bars per that of many bars."""
    short = pl.col("volume").rolling_mean(short_bars)
    long = pl.col("volume").rolling_mean(long_bars)
    return Feature(
        "volume_trend",
        ("volume",),
        long_bars,
        expression(pl.when((short > 0) & (long > 0)).then((short / long).log())),
        f"log of mean volume of {short_bars} bars per {long_bars} bars",
        params={"short_bars": short_bars, "long_bars": long_bars},
    )


def volume_for_time(sessions: int, bars_a_session: int) -> Feature:
    """Log of volume of the last 3 bars per its mean at that minute in the sessions before.

    The daily rhythm of volume cancels: what is left is today's unusual interest.
    """
    usual = pl.col("recent").shift(1).rolling_mean(sessions, min_samples=2)
    usual = usual.over("minute_of_session", pl.col("ts").dt.second())
    ratio = pl.when((pl.col("recent") > 0) & (usual > 0)).then((pl.col("recent") / usual).log())

    def compute(columns: Columns) -> pl.Series:
        frame = pl.DataFrame(dict(columns))
        recent = frame.with_columns(recent=pl.col("volume").rolling_mean(3).over("session_date"))
        return recent.select(ratio).to_series()

    return Feature(
        "volume_for_time",
        ("ts", "volume", "session_date", "minute_of_session"),
        sessions * bars_a_session,
        compute,
        f"log of recent volume per its mean at that minute of {sessions} sessions",
        params={"sessions": sessions},
    )
