"""Volume at the bid and at the ask together are the volume."""

import polars as pl

from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import counted, listed, moment, percent

_LEAST_CONTRACTS = 1.0
_TOLERANCE_FRAC = 0.01
"""Trades between bid and ask belong to neither side, and vendors round: 1 %, or one contract."""
_SHARE = 0.005
"""Bars that may differ by more: openings and auctions, about one a session in 1-minute bars."""


def _judge(evidence: Evidence) -> Finding:
    sides = pl.col("bid_volume") + pl.col("ask_volume")
    known = evidence.bars.with_columns(apart=sides - pl.col("volume")).filter(
        pl.col("apart").is_not_null()
    )
    allowed = pl.max_horizontal(_LEAST_CONTRACTS, _TOLERANCE_FRAC * pl.col("volume"))
    apart = known.filter(pl.col("apart").abs() > allowed)
    share = apart.height / known.height if known.height else 0.0
    total = float(known["volume"].sum())
    ratio = float(known.select(sides.sum()).item()) / total if total else 1.0
    figures = {"compared_bars": known.height, "apart_bars": apart.height, "apart_frac": share}
    if known.is_empty():
        said = "The source has no bid and ask volume: nothing to compare."
    elif share <= _SHARE:
        said = (
            f"Bid and ask volume add up in {known.height - apart.height:,} of "
            f"{counted(known.height, 'bar')}."
        )
    else:
        where = listed(
            f"{moment(row['ts'])} ({row['bid_volume']:g} + {row['ask_volume']:g} against "
            f"{row['volume']:g})"
            for row in apart.head(4).to_dicts()
        )
        said = (
            f"Bid and ask volume differ from volume in {apart.height:,} of {known.height:,} bars "
            f"({percent(share)}), in all they are {ratio:.3g} times the volume; first at {where}."
        )
    return Finding(
        share <= _SHARE,
        "warn",
        said,
        {**figures, "sides_per_volume": ratio},
        Curve.of(known["apart"], "contracts", "bid and ask volume less volume, bar by bar"),
    )


CHECK = QualityCheck(
    "bid_and_ask_add_up", "Bid and ask volume together are the bar's volume.", False, _judge
)
