"""High and low enclose the other prices, and every price is finite and positive."""

import polars as pl

from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import counted, listed, moment

REASONS = (
    "no price",
    "price not finite and positive",
    "high or low contradicts the other prices",
)
"""Reasons of the quarantine that this check accounts for."""
_PRICES = ("open", "high", "low", "close")


def _judge(evidence: Evidence) -> Finding:
    high, low = pl.col("high"), pl.col("low")
    usable = pl.all_horizontal((pl.col(p).is_finite() & (pl.col(p) > 0)) for p in _PRICES)
    encloses = (high >= pl.max_horizontal("open", "close")) & (
        low <= pl.min_horizontal("open", "close")
    )
    sane = (usable & encloses).fill_null(value=False)
    broken = evidence.bars.filter(~sane)
    refused = evidence.refused_for(*REASONS)
    at_the_door = f"{counted(refused, 'row')} refused for it at the door."
    where = listed(moment(ts) for ts in broken["ts"].drop_nulls())
    worst = pl.max_horizontal("open", "close", "low") - high
    overlap = pl.max_horizontal(worst, low - pl.min_horizontal("open", "close"))
    return Finding(
        broken.is_empty(),
        "error",
        f"{counted(broken.height, 'bar')} contradict themselves, first at {where}; {at_the_door}"
        if broken.height
        else f"High and low enclose open and close in all bars; {at_the_door}",
        {"broken_bars": broken.height, "refused_rows": refused, "bars": evidence.bars.height},
        Curve.of(
            evidence.bars.select(overlap).to_series(),
            "points",
            "how far open or close lies outside of low and high; above zero is a contradiction",
        ),
    )


CHECK = QualityCheck(
    "ohlc_is_sane",
    "High and low enclose open and close; prices are finite and positive.",
    True,
    _judge,
)
