"""Bars are in the order of time."""

import polars as pl

from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import counted, listed, moment

REASONS = ("earlier than a row before it",)
"""Reasons of the quarantine that this check accounts for."""


def _judge(evidence: Evidence) -> Finding:
    bars = pl.concat([evidence.earlier.select("ts").tail(1), evidence.bars.select("ts")])
    steps = bars.with_columns(step=pl.col("ts").diff().dt.total_seconds() / 60)
    back = steps.filter(pl.col("step") < 0)
    refused = evidence.refused_for(*REASONS)
    at_the_door = f"{counted(refused, 'row')} refused for it at the door."
    where = listed(moment(ts) for ts in back["ts"])
    return Finding(
        back.is_empty(),
        "error",
        f"Time steps back {counted(back.height, 'time')}, first at {where}; {at_the_door}"
        if back.height
        else f"Times ascend throughout; {at_the_door}",
        {"steps_back": back.height, "refused_rows": refused, "bars": evidence.bars.height},
        Curve.of(steps["step"], "minutes", "step from bar to bar; below zero is a step back"),
    )


CHECK = QualityCheck("times_ascend", "Each bar is later than the one before it.", True, _judge)
