"""Group `research`: features, candidate trades, and what became of each candidate."""

import dagster as dg
import polars as pl

from mlplatform.domain import tables
from mlplatform.domain.schema import UTC_US, Column, Table
from mlplatform.domain.series import Series, Timeframe
from mlplatform.features.compute import features_of_period, warmup_periods
from mlplatform.features.sets import LONGEST_BAR, core_plan
from mlplatform.labels.outcomes import LabelRules, label_candidates, mean_by_bracket
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.checks import causality
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.plots import bars_of
from mlplatform.orchestration.stamp import Stamp
from mlplatform.setups.setup import find_candidates


def features_table() -> Table:
    """The table of the core set: its features do not depend on the timeframe."""
    columns = [
        Column(feature.name, pl.Float64, f"{feature.about}, {feature.unit}", nullable=True)
        for feature in core_plan(Timeframe("5m")).features
    ]
    return Table("features", (Column("ts", UTC_US, "start of the bar"), *columns))


def _with_warmup(workshop: Workshop) -> dg.AssetIn:
    """Bars of the period, and of those before that its features need."""
    cadence = workshop.axis.periods.cadence
    # Counted in sessions, the warm-up is nearly the same for every timeframe of the platform.
    timeframes = (Timeframe("15s"), Timeframe("1m"), Timeframe("5m"), LONGEST_BAR)
    back = max(warmup_periods(core_plan(frame), frame, cadence) for frame in timeframes)
    return dg.AssetIn(partition_mapping=workshop.axis.looking_back(-back, 0))


def features(workshop: Workshop) -> dg.AssetsDefinition:
    """Causal features."""
    modules = ("features.compute", "features.sets", "market.sessions", "features.proof")
    card = workshop.card("research", {"polars", "talib"}, features_table(), modules)

    @dg.asset(
        **card,
        ins={"bars": _with_warmup(workshop)},
        check_specs=[causality.spec(workshop.axis, "features", causality.FEATURES)],
        dagster_type=dg.Any,  # with checks, Dagster would take it for an output of nothing
        description="What was knowable at the end of each bar; computed from the period's anchor.",
    )
    def features(
        context: dg.AssetExecutionContext, bars: pl.DataFrame, stamp: dg.ResourceParam[Stamp]
    ) -> dg.MaterializeResult:
        partition = Partition.parse(context.partition_key)
        timeframe = Series.parse(partition.series).timeframe
        plan = core_plan(timeframe)
        table = features_of_period(plan, timeframe, workshop.axis.periods, partition.period, bars)
        judged = causality.judge_features(partition, workshop.axis, plan, bars, table)
        metadata = {"feature_plan": plan.fingerprint, "features": len(plan.features)}
        return stamp.result(context, table, metadata, (), judged.tags, judged.results())

    return features


def candidates(workshop: Workshop) -> dg.AssetsDefinition:
    """Candidate trades."""
    modules = ("setups.setup", "strategies.declared", "setups.causality", "features.proof")
    card = workshop.card("research", {"polars"}, tables.CANDIDATES, modules, ("strategy",))
    setups = workshop.strategy.tradable

    @dg.asset(
        **card,
        ins={"bars": _with_warmup(workshop)},  # the check computes them from bars alone
        check_specs=[causality.spec(workshop.axis, "candidates", causality.CANDIDATES)],
        dagster_type=dg.Any,
        description="Candidate trades: where a setup's rule holds, on either side.",
    )
    def candidates(
        context: dg.AssetExecutionContext,
        bars: pl.DataFrame,
        features: pl.DataFrame,
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        partition, axis = Partition.parse(context.partition_key), workshop.axis
        series = Series.parse(partition.series)
        own = bars.filter(pl.col("session_date") >= axis.periods.start_of(partition.period))
        found = find_candidates(series.name, setups, own, features, series.timeframe.seconds)
        frames = (bars, features, found)
        plan = core_plan(series.timeframe)
        judged = causality.judge_candidates(partition, axis, plan, setups, frames)
        counts = {setup.name: int((found["setup"] == setup.name).sum()) for setup in setups}
        told = {"by_setup": bars_of(counts, "candidates"), **counts}
        return stamp.result(context, found, told, (), judged.tags, judged.results())

    return candidates


def labels(workshop: Workshop) -> dg.AssetsDefinition:
    """Outcomes."""
    card = workshop.card("research", {"numba"}, tables.LABELS, ("labels.outcomes",))

    @dg.asset(**card, description="What came of each candidate under each bracket of the grid.")
    def labels(
        context: dg.AssetExecutionContext,
        bars: pl.DataFrame,
        candidates: pl.DataFrame,
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        series = Series.parse(Partition.parse(context.partition_key).series)
        outcome = label_candidates(series, LabelRules(), bars, candidates)
        known = outcome.drop_nulls("label_end")
        metadata = {
            "brackets": dg.MetadataValue.json(mean_by_bracket(outcome).to_dicts()),
            "incomplete": outcome.height - known.height,
            "win_rate": float(known["is_win"].mean() or 0.0),
            "mean_net_atr": float(known["net_atr"].mean() or 0.0),
        }
        return stamp.result(context, outcome, metadata)

    return labels
