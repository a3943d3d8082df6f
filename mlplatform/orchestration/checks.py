"""Asset checks: the data checks that stop the chain, and the gate that only judges."""

import dagster as dg
import polars as pl

from mlplatform.adapters.tracking.port import Tracker
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.gate import judge
from mlplatform.settings import StudySettings


def rows_are_valid(workshop: Workshop) -> dg.AssetChecksDefinition:
    """Too many refused rows stop the chain."""

    @dg.asset_check(
        asset="bars",
        additional_ins={"quarantined_bars": dg.AssetIn()},
        partitions_def=workshop.axis.partitions,
        blocking=True,
        description="The share of refused rows is within the setting max_quarantined_frac.",
    )
    def rows_are_valid(
        bars: pl.DataFrame,
        quarantined_bars: pl.DataFrame,
        settings: dg.ResourceParam[StudySettings],
    ) -> dg.AssetCheckResult:
        refused, total = quarantined_bars.height, bars.height + quarantined_bars.height
        share = refused / total if total else 0.0
        reasons = quarantined_bars.group_by("reason").len().sort("len", descending=True)
        limit = settings.max_quarantined_frac
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.iter_rows())
        return dg.AssetCheckResult(
            passed=share <= limit,
            severity=dg.AssetCheckSeverity.ERROR,
            description=f"{refused} of {total} rows were refused ({share:.2%}, limit {limit:.2%})"
            + (f": {told}" if told else ""),
            metadata={"refused": refused, "rows": total, "share": share, "limit": limit},
        )

    return rows_are_valid


def recipe_may_be_champion(workshop: Workshop) -> dg.AssetChecksDefinition:
    """The gate. It judges; the asset `champion` acts."""

    @dg.asset_check(
        asset="backtest",
        additional_ins={
            "policy": dg.AssetIn(partition_mapping=workshop.axis.all_periods()),
        },
        blocking=False,
        description="Enough trades, and not worse than the champion recipe on the same periods.",
    )
    def recipe_may_be_champion(
        context: dg.AssetCheckExecutionContext,
        backtest: pl.DataFrame,
        policy: pl.DataFrame,
        settings: dg.ResourceParam[StudySettings],
        tracker: dg.ResourceParam[Tracker],
    ) -> dg.AssetCheckResult:
        series = context.run.tags["dagster/partition"]
        verdict = judge(series, backtest, policy, settings, tracker)
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict.reason,
        )

    return recipe_may_be_champion
