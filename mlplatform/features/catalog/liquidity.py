"""How much trade it takes to move price; null without volume."""

from typing import Any

import polars as pl

from mlplatform.features.catalog.expressions import expression
from mlplatform.features.catalog.quantities import ratio, ratio_or_null
from mlplatform.features.catalog.rhythm import USUAL_SESSIONS
from mlplatform.features.graph import Feature

_AMIHUD_SCALE = 1e9


def amihud(span_bars: int) -> Feature:
    """Illiquidity of Y. Amihud (2002), eq. 1: mean of |log return| per value traded, times 1e9.

    Illiquidity and Stock Returns, Journal of Financial Markets 5, 31-56. Value is close times
    contracts (points, without the multiplier). As there, bars without a trade do not count; null
    where that leaves less than half of them.
    """
    traded = pl.col("close") * pl.col("volume")
    impact = ratio_or_null(pl.col("return1").abs(), traded) * _AMIHUD_SCALE
    return Feature(
        f"amihud{span_bars}",
        ("return1", "close", "volume"),
        span_bars,
        expression(impact.rolling_mean(span_bars, min_samples=span_bars // 2)),
        f"Amihud's illiquidity of {span_bars} bars",
        params={"span_bars": span_bars},
    )


def illiquidity(span_bars: int, sessions: int, bars_a_session: int) -> Feature:
    """Log of Amihud's illiquidity per its mean of some sessions' worth of bars."""
    short = pl.col(f"amihud{span_bars}")
    level = ratio(short, short.rolling_mean(sessions * bars_a_session))
    return Feature(
        "illiquidity",
        (f"amihud{span_bars}",),
        sessions * bars_a_session,
        expression(level.log()),
        f"log of Amihud's illiquidity per its mean of {sessions} sessions",
        params={"sessions": sessions},
    )


def liquidity_score(span_bars: int, long_bars: int) -> Feature:
    """Log of contracts traded per point of true range, against many bars: above 0 is liquid.

    ln((V_s / TR_s) / (V_l / TR_l)) with sums over the short and the long span; a ratio of
    our own. Null where nothing moved or traded.
    """

    def per_point(bars: int) -> Any:
        return ratio(pl.col("volume").rolling_sum(bars), pl.col("true_range").rolling_sum(bars))

    score = ratio(per_point(span_bars), per_point(long_bars))
    return Feature(
        f"liquidity_score{span_bars}",
        ("volume", "true_range"),
        long_bars,
        expression(pl.when(score > 0).then(score.log())),
        f"log of volume per point of {span_bars} bars, per that of {long_bars} bars",
        params={"span_bars": span_bars, "long_bars": long_bars},
    )


def core(bars_a_session: int) -> tuple[Feature, ...]:
    """Those of the core set."""
    return (
        amihud(20),
        illiquidity(20, USUAL_SESSIONS, bars_a_session),
        liquidity_score(20, 200),
    )
