"""Prices that can be traded: multiples of the instrument's tick."""

import polars as pl

from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import counted, listed, moment, percent

_PRICES = ("open", "high", "low", "close")
_TOLERANCE_TICKS = 1e-3
"""Far above what a rounded decimal or a 32-bit float of 25,000 points leaves (0.008 of 0.25
points is exact there), far below the hundredths of a tick that an adjustment makes."""
_ADJUSTED_SHARE = 0.5
"""From here on it is no accident: an adjustment by a factor puts nearly every price off its tick
(99.9 % in real files), some wrong ticks in a file of real prices a few per mille."""


def _judge(evidence: Evidence) -> Finding:
    tick = evidence.series.instrument.tick_points
    in_ticks = [pl.col(name) / tick for name in _PRICES]
    off = [((p - p.round()).abs() > _TOLERANCE_TICKS).cast(pl.Int8) for p in in_ticks]
    judged = evidence.bars.select("ts", "session_date", off=pl.sum_horizontal(off))
    prices = judged.height * len(_PRICES)
    number = int(judged["off"].sum())
    share = number / prices if prices else 0.0
    faulty = judged.filter(pl.col("off") > 0)
    found = f"{number:,} of {prices:,} prices ({percent(share)}) are off the tick of {tick:g}"
    where = listed(moment(ts) for ts in faulty["ts"].head(4))
    if not number:
        said = f"All {prices:,} prices are multiples of the tick of {tick:g} points."
    elif share >= _ADJUSTED_SHARE:
        said = (
            f"{found} points: the series looks ratio-adjusted, and its levels are not tradeable "
            "prices; stops, fills and results in USD do not hold on it."
        )
    else:
        said = f"{found} points, in {counted(faulty.height, 'bar')}, first at {where}."
    by_session = judged.group_by("session_date").agg(off=100 * pl.col("off").mean() / len(_PRICES))
    return Finding(
        number == 0,
        "warn",
        said,
        {"off_tick_prices": number, "off_tick_frac": share, "tick_points": tick},
        Curve.of(by_session.sort("session_date")["off"], "% of prices", "off the tick, by session"),
    )


CHECK = QualityCheck(
    "prices_on_tick", "Prices are multiples of the instrument's tick.", False, _judge
)
