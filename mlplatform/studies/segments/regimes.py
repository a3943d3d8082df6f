"""What kind of market a trading day opened in, told from the days before it alone."""

import polars as pl

from mlplatform.studies.segments.keys import UNKNOWN

TRAILING_SESSIONS = 20
RANKED_SESSIONS = 252
"""Volatility is ranked among so many sessions before."""
RANKED_AT_LEAST = 20
TREND_EDGE = 1.0
"""A trend is a move of more than so many standard deviations of a walk without drift."""


def session_regimes(bars: pl.DataFrame) -> pl.DataFrame:
    """Trend and volatility of every trading day of table `bars`: session_date, trend, volatility.

    Both are known before the day's first bar: they look at the 20 sessions before. A session's
    move is the log of its last close over its first open, its range the log of highest over
    lowest; no difference crosses a session's end, so none crosses a roll.

    `trend`: `up` or `down` where the sum of the moves is more than one standard deviation of a sum
    of 20 such moves without drift, else `flat`. `volatility`: `calm`, `usual` or `wild`, the third
    that the mean range takes among its own values of up to 252 sessions before (20 at least). What
    has too little before it is `unknown`.
    """
    sessions = (
        bars.group_by("session_date", maintain_order=True)
        .agg(
            (pl.col("close").last() / pl.col("open").first()).log().alias("move"),
            (pl.col("high").max() / pl.col("low").min()).log().alias("range"),
        )
        .sort("session_date")
    )
    n = TRAILING_SESSIONS
    spread = (pl.col("move") ** 2).rolling_sum(n).sqrt()
    known = sessions.with_columns(
        (pl.col("move").rolling_sum(n) / spread).shift(1).alias("drift"),
        pl.col("range").rolling_mean(n).shift(1).alias("level"),
    ).with_columns(
        pl.col("level")
        .rolling_rank(RANKED_SESSIONS, method="average", min_samples=RANKED_AT_LEAST)
        .alias("rank"),
        pl.col("level")
        .is_not_null()
        .cast(pl.Float64)
        .rolling_sum(RANKED_SESSIONS, min_samples=1)
        .alias("ranked"),
    )
    third = (pl.col("rank") - 0.5) / pl.col("ranked")
    return known.select(
        "session_date",
        _named(
            pl.col("drift").fill_nan(None), ("down", -TREND_EDGE), ("flat", TREND_EDGE), "up"
        ).alias("trend"),
        _named(third, ("calm", 1 / 3), ("usual", 2 / 3), "wild").alias("volatility"),
    )


def _named(value: pl.Expr, low: tuple[str, float], middle: tuple[str, float], high: str) -> pl.Expr:
    """The name of the range a value lies in; each range goes up to its limit, included."""
    return (
        pl.when(value.is_null())
        .then(pl.lit(UNKNOWN))
        .when(value <= low[1])
        .then(pl.lit(low[0]))
        .when(value <= middle[1])
        .then(pl.lit(middle[0]))
        .otherwise(pl.lit(high))
    )
