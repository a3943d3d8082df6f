"""Frames in, the chain of one candidate out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from mlplatform.decisions.policy import Policy, unpack
from mlplatform.models.contributions import entry_contributions, stop_contributions
from mlplatform.models.errors import AlteredModel
from mlplatform.setups.inputs import ModelInputs
from mlplatform.studies.explanation.chain import (
    Action,
    Explanation,
    Input,
    ModelLink,
    Origin,
    Reading,
    Record,
)

_SHARED = ("candidate_id", "ts", "setup", "side", "order_type", "order_price", "expiry_bars")


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a home holds of one series that bears on a candidate; tables as declared.

    `candidate` is its row, without rows for one that a policy drew itself. `decisions`, `trades`
    (table `backtest`), `fills` and `outcomes` are all policies' of that candidate, the last two
    with their `policy`. `models` and `policy` are the rows of the window that decided, without
    rows before the first one; `versions` are by role in the registry.
    """

    series: str
    bars: pl.DataFrame
    candidate: pl.DataFrame
    decisions: pl.DataFrame
    trades: pl.DataFrame
    fills: pl.DataFrame
    outcomes: pl.DataFrame
    models: pl.DataFrame
    policy: pl.DataFrame
    versions: Mapping[str, str | None]
    origin: Origin | None
    inputs: ModelInputs | None
    """One row; None where no model reads it."""
    feature_plan: str


def explain_candidate(candidate_id: str, held: Evidence) -> Explanation:
    """The chain of a candidate; ValueError where its signal bar is not among the bars."""
    candidate = _candidate(candidate_id, held)
    reading, unread = _reading(held, candidate)
    return Explanation(
        candidate_id=candidate_id,
        series=held.series,
        origin=held.origin,
        bar=_bar(held.bars, candidate["ts"]),
        candidate=candidate,
        models=_links(held),
        reading=reading,
        unread=unread,
        actions=tuple(_action(row, held) for row in held.decisions.iter_rows(named=True)),
    )


def _candidate(candidate_id: str, held: Evidence) -> dict[str, Any]:
    """Its row, or what the decision repeats of it."""
    if held.candidate.height:
        return held.candidate.row(0, named=True)
    if not held.decisions.height:
        raise ValueError(f"there is neither a candidate nor a decision of {candidate_id}")
    return held.decisions.select(_SHARED).row(0, named=True)


def _bar(bars: pl.DataFrame, ts: object) -> dict[str, Any]:
    found = bars.filter(pl.col("ts") == pl.lit(ts))
    if found.height != 1:
        raise ValueError(f"there are {found.height} bars at {ts}, not the one of the signal")
    return found.row(0, named=True)


def _links(held: Evidence) -> tuple[ModelLink, ...]:
    rows = [dict(row) for row in held.models.iter_rows(named=True)]
    rows += [row | {"role": "policy"} for row in held.policy.iter_rows(named=True)]
    named = (
        *("role", "fingerprint", "train_from", "train_to"),
        *("train_rows", "purged_rows", "trials_run", "fallback"),
    )
    return tuple(
        ModelLink(version=held.versions.get(row["role"]), **{name: row[name] for name in named})
        for row in rows
    )


def _reading(held: Evidence, candidate: Record) -> tuple[Reading | None, str | None]:
    """What the models say, or why they do not."""
    if held.policy.is_empty():
        return None, "it lies before the first window that has models"
    if held.inputs is None:
        return None, "it was drawn at random: no model reads it"
    payload = held.policy["payload"][0]
    if payload is None:
        return None, f"the window has no models: {held.policy['fallback'][0]}"
    try:
        policy = unpack(payload, held.feature_plan)
        policy.require(held.inputs.names)
    except AlteredModel as error:
        return None, str(error)
    atr = float(str(candidate["atr_points"]))
    mine = held.decisions.filter(pl.col("policy") == "ml")["stop_points"]
    shaped = float(mine.to_numpy()[0]) / atr if len(mine) else None
    reading = _read(policy, held.inputs, np.array([atr]))
    return replace(reading, shaped_atr=shaped), None


def _read(policy: Policy, inputs: ModelInputs, atr_points: np.ndarray[Any, Any]) -> Reading:
    entry = entry_contributions(policy.entry, inputs.x)
    stop = stop_contributions(policy.stop, inputs.x)
    plan = policy.plan(inputs.x, atr_points)
    assert plan.probability is not None
    columns = zip(inputs.names, inputs.x[0], entry.values[0], stop.advantage.values[0], strict=True)
    return Reading(
        inputs=tuple(
            Input(name, None if np.isnan(value) else float(value), float(to_entry), float(to_stop))
            for name, value, to_entry, to_stop in columns
        ),
        entry_base_log_odds=float(entry.base[0]),
        entry_raw_log_odds=float(entry.raw[0]),
        probability=float(plan.probability[0]),
        threshold=float(policy.entry.threshold),
        stop_atr=float(policy.stop.predict(inputs.x)[0]),
        stop_method=policy.stop.metrics.method,
        stop_weight=float(policy.stop.metrics.weight),
        compared_atr=float(stop.compared_atr[0]),
        stop_base_atr=float(stop.advantage.base[0]),
        stop_advantage_atr=float(stop.advantage.raw[0]),
        risk_frac=None
        if policy.size is None
        else float(policy.size.risk_frac(plan.probability)[0]),
        contracts=int(plan.contracts[0]) if plan.take[0] else 0,
    )


def _action(decision: dict[str, Any], held: Evidence) -> Action:
    mine = pl.col("policy") == decision["policy"]
    origins = held.bars.select("ts", "source", "row")
    fills = held.fills.filter(mine).join(origins, on="ts", how="left", maintain_order="left")
    outcomes, trades = held.outcomes.filter(mine), held.trades.filter(mine)
    return Action(
        decision=decision,
        outcome=outcomes["outcome"][0] if outcomes.height else None,
        fills=tuple(fills.iter_rows(named=True)),
        trade=trades.row(0, named=True) if trades.height else None,
    )
