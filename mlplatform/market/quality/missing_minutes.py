"""Bars that the session calendar expects and the series does not have."""

from typing import Any

import polars as pl

from mlplatform.market.periods import trading_day
from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import listed, moment, percent
from mlplatform.market.sessions import CHICAGO, RTH_FIRST_MINUTE, RTH_LAST_MINUTE

_RTH_SHARE = 0.001
"""A liquid index future trades in every regular minute; one bar in a thousand is let pass."""
_SHARE = 0.05
"""Night minutes may pass without a trade, and sources leave such bars out."""
_RTH_GAP_MINUTES = 30
"""A hole that any indicator of the day would step over without knowing."""


def _gaps(missing: pl.DataFrame) -> pl.DataFrame:
    """Runs of missing bars that are neighbours in the calendar; the most regular minutes first."""
    run = (pl.col("index").diff() != 1).fill_null(value=True).cum_sum()
    return (
        missing.group_by(run.alias("run"))
        .agg(
            first=pl.col("ts").first(),
            last=pl.col("ts").last(),
            bars=pl.len(),
            rth=pl.col("is_rth").sum(),
        )
        .sort(["rth", "bars", "first"], descending=[True, True, False])
    )


def _named(gap: dict[str, Any]) -> str:
    span = moment(gap["first"])
    if gap["bars"] > 1:
        span += f" to {moment(gap['last'])}"
    return f"{span}, {gap['bars']:,} bars of which {gap['rth']:,} in regular hours"


def _judge(evidence: Evidence) -> Finding:
    local = pl.col("ts").dt.convert_time_zone(CHICAGO)
    minute = local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute()
    expected = evidence.expected.alias("ts").to_frame().with_row_index("index")
    expected = expected.with_columns(
        is_rth=(minute >= RTH_FIRST_MINUTE) & (minute < RTH_LAST_MINUTE),
        day=trading_day(pl.col("ts")),
    )
    missing = expected.join(evidence.bars.select("ts"), on="ts", how="anti", maintain_order="left")
    gaps = _gaps(missing)
    rth = int(missing["is_rth"].sum())
    rth_share = rth / max(1, int(expected["is_rth"].sum()))
    share = missing.height / max(1, expected.height)
    minutes = evidence.series.timeframe.seconds / 60
    widest_rth = int(gaps["rth"].max() or 0) * minutes  # type: ignore[arg-type]
    passed = rth_share <= _RTH_SHARE and share <= _SHARE and widest_rth < _RTH_GAP_MINUTES
    said = (
        f"{missing.height:,} of {expected.height:,} expected bars are missing ({percent(share)}), "
        f"{rth:,} of them in regular hours ({percent(rth_share)} of those)."
    )
    if missing.height:
        said += f" Largest gaps: {listed(_named(gap) for gap in gaps.head(3).to_dicts())}."
    here = pl.col("ts").is_in(missing["ts"].implode())
    by_day = expected.group_by("day").agg(share=100 * (1 - here.mean()))
    return Finding(
        passed,
        "warn",
        said,
        {
            "missing_bars": missing.height,
            "missing_frac": share,
            "missing_rth_bars": rth,
            "missing_rth_frac": rth_share,
            "gaps": gaps.height,
            "widest_rth_gap_minutes": widest_rth,
            "unexpected_bars": evidence.bars.join(expected, on="ts", how="anti").height,
        },
        Curve.of(by_day.sort("day")["share"], "% of expected bars", "there, by trading day"),
    )


CHECK = QualityCheck(
    "missing_minutes",
    "The bars that the session calendar expects are there, above all in regular hours.",
    False,
    _judge,
)
