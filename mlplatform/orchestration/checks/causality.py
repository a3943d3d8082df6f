"""Causality as Dagster sees it: specs beside `features` and `candidates`, results from proofs."""

from dataclasses import dataclass, replace

import dagster as dg
import polars as pl

from mlplatform.domain.series import Series
from mlplatform.features.causality import PREFIX, Compute, changes
from mlplatform.features.compute import features_of_period, warmup_sessions
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.proof import NOTHING, Effort, Proof, Subject, joined_leaks, prove
from mlplatform.features.warmup import lookbacks_of
from mlplatform.orchestration.planning.axis import Axis, Partition
from mlplatform.orchestration.planning.ledger import BLOCKED_TAG
from mlplatform.orchestration.plots import thumbnail
from mlplatform.setups.causality import KEYS, prove_candidates, some_days
from mlplatform.setups.setup import Setup, find_candidates

FEATURES, CANDIDATES = "features_are_causal", "candidates_are_causal"
_SHOWN = 20
_ABOUT = {
    FEATURES: "No column changes when later bars are cut off or altered, and none remembers where "
    "its history began beyond its declared lookback.",
    CANDIDATES: "No candidate comes, goes or changes when later bars are cut off or altered, from "
    "bars to rows, nor beyond the warm-up when history begins later.",
}


def spec(axis: Axis, asset: str, check: str) -> dg.AssetCheckSpec:
    """The check as part of its asset's step."""
    return dg.AssetCheckSpec(
        check,
        asset=dg.AssetKey(asset),
        description=_ABOUT[check],
        blocking=True,
        partitions_def=axis.partitions,
    )


@dataclass(frozen=True)
class Judgement:
    """What a proof means for the partition."""

    asset: str
    check: str
    proof: Proof
    compared_rows: int

    @property
    def tags(self) -> dict[str, str]:
        """What the planner must know: rows that know the future are as good as not made."""
        return {} if self.proof.is_causal else {BLOCKED_TAG: self.check}

    def results(self) -> list[dg.AssetCheckResult]:
        """The one check result, with figures and a small plot."""
        proof = self.proof
        figures: dict[str, object] = {
            "columns": proof.columns,
            "cuts": len(proof.cuts),
            "rows_compared": self.compared_rows,
            "leaking_columns": proof.worst.height,
            "empty_columns": len(proof.empty_columns),
        }
        if not proof.decay.is_empty():
            taken = proof.decay["taken_bars"].sort()
            figures["unjudged_warmups"] = int((proof.decay["judged_rows"] == 0).sum())
            figures["warmup"] = _table(proof.decay.head(_SHOWN))
            figures["plot"] = thumbnail(taken, "bars until the start of history is forgotten")
        if not proof.is_causal:
            figures["leaks"] = _table(proof.worst.head(_SHOWN))
        result = dg.AssetCheckResult(
            asset_key=dg.AssetKey(self.asset),
            check_name=self.check,
            passed=proof.is_causal,
            severity=dg.AssetCheckSeverity.ERROR,
            description=proof.told(),
            metadata=figures,
        )
        return [result]


def judge_features(
    partition: Partition, axis: Axis, plan: FeaturePlan, bars: pl.DataFrame, found: pl.DataFrame
) -> Judgement:
    """The proofs on one period's features `found`; `bars` holds the period and enough before.

    Computed again is what the asset computes, from the period's anchor: what is stored must come
    out, bit for bit, without the bars after each cut.
    """
    timeframe, effort = Series.parse(partition.series).timeframe, Effort()
    day = bars["session_date"]
    first = int(day.search_sorted(axis.periods.start_of(partition.period)))
    end = int(day.search_sorted(axis.periods.end_of(partition.period)))
    starts = (day[:first] != day[:first].shift(1)).fill_null(value=True).arg_true()
    sessions = warmup_sessions(plan, timeframe)
    anchor = starts[-sessions] if starts.len() > sessions else 0

    def compute(given: pl.DataFrame) -> pl.DataFrame:
        return features_of_period(plan, timeframe, axis.periods, partition.period, given)

    subject = Subject(
        compute, bars[anchor:end], found, first - anchor, lookbacks=lookbacks_of(plan)
    )
    proof = prove(subject, f"{partition.key}:{plan.fingerprint}", effort)
    return Judgement("features", FEATURES, proof, len(proof.cuts) * effort.rows * 2)


def judge_candidates(
    partition: Partition,
    axis: Axis,
    plan: FeaturePlan,
    setups: tuple[Setup, ...],
    frames: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> Judgement:
    """The proofs on one period's candidates; `frames` are bars (the period and enough before),
    features and candidates.

    End to end (bars to features to candidates) on some trading days of the period, and the stored
    candidates of these days on the stored features as they were known at each cut.
    """
    bars, features, found = frames
    series, day = Series.parse(partition.series), bars["session_date"]
    own = day.filter(day >= axis.periods.start_of(partition.period)).unique().sort().to_list()
    if not own:
        return Judgement("candidates", CANDIDATES, NOTHING, 0)
    key = f"{partition.key}:{plan.fingerprint}"
    days = some_days(own, key)
    proof, window = prove_candidates(series, setups, plan, bars, days, key)

    def again(given: pl.DataFrame) -> pl.DataFrame:
        judged = given.filter(pl.col("session_date").is_between(*days))
        known = features.filter(pl.col("ts") <= given["ts"][-1])
        return find_candidates(series.name, setups, judged, known, series.timeframe.seconds)

    stored = found.filter(pl.col("session_date").is_between(*days))
    told = [proof.leaks, *(_stored_leaks(again, window[: cut + 1], stored) for cut in proof.cuts)]
    proof = replace(proof, leaks=joined_leaks(told))
    return Judgement("candidates", CANDIDATES, proof, stored.height)


def _stored_leaks(again: Compute, past: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    known = stored.filter(pl.col("ts") <= past["ts"][-1])
    return changes(PREFIX, known, again(past), KEYS)


def _table(frame: pl.DataFrame) -> dg.TableMetadataValue:
    """A small frame that the UI shows as a table."""
    shown = frame.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M UTC"))
    return dg.MetadataValue.table([dg.TableRecord(row) for row in shown.iter_rows(named=True)])
