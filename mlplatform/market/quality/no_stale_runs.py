"""Prices that stand still because nobody trades: a dead feed, or an illiquid back month."""

import polars as pl

from mlplatform.market.quality.evidence import Curve, Evidence, Finding, QualityCheck
from mlplatform.market.quality.wording import counted, listed, moment, percent

_RUN_MINUTES = 30
"""In regular hours an index future trades every few seconds; halts leave bars out, not flat."""
_ZERO_RTH_SHARE = 0.01
"""The front month has none; ES six days before its roll had 7.6 % in five-minute bars."""
_ZERO_SHARE = 0.30
"""Sources that fill silent night minutes may have some; a third is no leading contract."""


def _runs(bars: pl.DataFrame, seconds: int) -> pl.DataFrame:
    """Stretches of flat bars without volume at one price within a session's regular hours."""
    flat = (pl.col("high") == pl.col("low")) & (pl.col("volume").fill_null(0.0) == 0)
    still = flat & (pl.col("close") == pl.col("close").shift(1)) & flat.shift(1)
    goes_on = still & (pl.col("session_date") == pl.col("session_date").shift(1))
    rth = bars.filter(pl.col("session") == "rth")
    marked = rth.with_columns(flat=flat, run=(~goes_on.fill_null(value=False)).cum_sum())
    lasts = (pl.col("ts").max() - pl.col("ts").min()).dt.total_seconds() + seconds
    return (
        marked.filter("flat")
        .group_by("run")
        .agg(first=pl.col("ts").min(), minutes=lasts / 60, price=pl.col("close").first())
        .filter(pl.col("minutes") >= _RUN_MINUTES)
        .sort(["minutes", "first"], descending=[True, False])
    )


def _judge(evidence: Evidence) -> Finding:
    bars = evidence.bars
    runs = _runs(bars, evidence.series.timeframe.seconds)
    zero = pl.col("volume") == 0
    rth_zero = float(bars.filter(pl.col("session") == "rth").select(zero.mean()).item() or 0.0)
    all_zero = float(bars.select(zero.mean()).item() or 0.0)
    is_idle = rth_zero > _ZERO_RTH_SHARE or all_zero > _ZERO_SHARE
    said = []
    if runs.height:
        named = listed(
            f"{run['minutes']:g} minutes at {run['price']:,.2f} from {moment(run['first'])}"
            for run in runs.to_dicts()
        )
        said.append(
            f"{counted(runs.height, 'time')} in regular hours the price stands still and nothing "
            f"trades: {named}."
        )
    shares = f"{percent(rth_zero)} of regular and {percent(all_zero)} of all bars have no volume"
    said.append(f"{shares}: this looks like an illiquid back month." if is_idle else f"{shares}.")
    by_session = bars.group_by("session_date").agg(
        idle=100 * ((pl.col("high") == pl.col("low")) & (pl.col("volume").fill_null(0) == 0)).mean()
    )
    return Finding(
        not runs.height and not is_idle,
        "warn",
        " ".join(said),
        {
            "stale_runs": runs.height,
            "longest_run_minutes": float(runs["minutes"].max() or 0.0),  # type: ignore[arg-type]
            "zero_volume_rth_frac": rth_zero,
            "zero_volume_frac": all_zero,
        },
        Curve.of(
            by_session.sort("session_date")["idle"],
            "% of bars",
            "flat and without volume, by session",
        ),
    )


CHECK = QualityCheck(
    "no_stale_runs",
    "No half hour of regular trading stands still, and bars without volume are rare.",
    False,
    _judge,
)
