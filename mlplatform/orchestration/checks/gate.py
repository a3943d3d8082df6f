"""The champion gate: the check judges, the asset behind it moves the alias and records why."""

import json

import polars as pl

from mlplatform.adapters.tracking.port import RECIPE, Registered, Tracker
from mlplatform.domain.tables import CHAMPIONS
from mlplatform.settings import StudySettings
from mlplatform.studies.recipe import Evidence, Verdict, evidence_of, judge_recipe

EVIDENCE_TAG = "evidence"


def judge(
    series: str,
    trades: pl.DataFrame,
    policies: pl.DataFrame,
    settings: StudySettings,
    tracker: Tracker,
) -> Verdict:
    """The recipe's out-of-sample trades (table `backtest`) against the champion recipe's.

    The same recipe with a new window is its own successor: then the evidence is the same, and
    only the number of trades can fail.
    """
    if policies.sort("period")["payload"][-1] is None:
        return Verdict(False, f"the newest window has no model: {policies['fallback'][-1]}")
    champion = tracker.champion(series)
    incumbent = None if champion is None else read_evidence(champion)
    baseline = evidence_of(trades, "baseline")
    challenger = evidence_of(trades, "ml", policies["period"])
    return judge_recipe(challenger, incumbent, baseline, settings.gate_min_trades)


def read_evidence(version: Registered) -> Evidence:
    """The out-of-sample evidence on which a policy version became champion."""
    stored = json.loads(version.tags.get(EVIDENCE_TAG, "{}"))
    return {period: (int(trades), float(total)) for period, (trades, total) in stored.items()}


def promote(
    series: str, verdict: Verdict, trades: pl.DataFrame, policies: pl.DataFrame, tracker: Tracker
) -> pl.DataFrame:
    """Move the alias to the newest policy where the verdict allows it: table `champions`."""
    newest = policies.sort("period")[-1]
    champion = tracker.champion(series)
    if not verdict.passed:
        return _row(
            champion.tags.get("fingerprint") if champion else None, False, verdict, champion
        )
    found = tracker.find(f"{series}-policy", newest["fingerprint"][0])
    assert found is not None, "the policy asset registers what it materialises"
    moved = champion is None or champion.version != found.version
    tags = {
        EVIDENCE_TAG: json.dumps(evidence_of(trades, "ml", policies["period"])),
        RECIPE: newest["recipe"][0],
        "promotion": verdict.reason,
    }
    tracker.promote(series, found.version, tags)
    return _row(newest["fingerprint"][0], moved, verdict, found)


def _row(
    fingerprint: str | None, moved: bool, verdict: Verdict, version: Registered | None
) -> pl.DataFrame:
    return CHAMPIONS.frame(
        {
            "policy": pl.Series([fingerprint], dtype=pl.String),
            "moved": [moved],
            "reason": [verdict.reason],
            "version": pl.Series([version.version if version else None], dtype=pl.String),
        }
    )
