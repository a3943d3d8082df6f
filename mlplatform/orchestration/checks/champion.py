"""The gate of the champion: a check that only judges."""

import dagster as dg
import polars as pl

from mlplatform.adapters.tracking.port import Tracker
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.checks.gate import judge
from mlplatform.settings import StudySettings


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
