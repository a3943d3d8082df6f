"""One bar a time: the front month has no time twice."""

import polars as pl

from mlplatform.market.arrival import DELIVERED_AGAIN, RESTATED
from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import counted, listed, moment

REASONS = ("duplicate time", DELIVERED_AGAIN, RESTATED)
"""Reasons of the quarantine that this check accounts for."""


def _judge(evidence: Evidence) -> Finding:
    times = evidence.bars["ts"]
    twice = times.filter(times.is_duplicated()).unique().sort()
    extra = times.len() - times.n_unique()
    refused = evidence.refused_for(*REASONS)
    at_the_door = f"{counted(refused, 'row')} set aside at the door as a repetition."
    where = listed(moment(ts) for ts in twice)
    by_session = evidence.bars.group_by("session_date").agg(
        extra=pl.len() - pl.col("ts").n_unique()
    )
    return Finding(
        extra == 0,
        "error",
        f"{counted(extra, 'bar')} repeat the time of another, first at {where}; {at_the_door}"
        if extra
        else f"No time occurs twice; {at_the_door}",
        {"repeated_bars": extra, "refused_rows": refused, "bars": times.len()},
        Curve.of(by_session.sort("session_date")["extra"], "bars", "repeated times by session"),
    )


CHECK = QualityCheck(
    "no_duplicate_times", "No two bars of the period have the same time.", True, _judge
)
