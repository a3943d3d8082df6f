"""Rows in = bars + quarantined: nothing is lost, nothing appears."""

import polars as pl

from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck


def _judge(evidence: Evidence) -> Finding:
    raw, bars, aside = evidence.raw_rows, evidence.bars.height, evidence.quarantined.height
    lost = raw - bars - aside
    sum_ = f"{raw:,} raw rows, {bars:,} bars, {aside:,} quarantined"
    counts = evidence.quarantined["reason"].value_counts(sort=True)
    reasons = {f"refused: {reason}": int(number) for reason, number in counts.iter_rows()}
    return Finding(
        lost == 0,
        "error",
        f"The rows do not add up: {sum_}, so {abs(lost):,} {'lost' if lost > 0 else 'too many'}."
        if lost
        else f"The rows add up: {sum_}.",
        {"raw_rows": raw, "bars": bars, "quarantined_rows": aside, "lost_rows": lost, **reasons},
        Curve.of(pl.Series([raw, bars + aside]), "rows", "raw rows; bars and quarantined rows"),
    )


CHECK = QualityCheck(
    "rows_are_conserved",
    "Raw rows are bars or quarantined rows: bars + quarantined = raw rows.",
    True,
    _judge,
)
