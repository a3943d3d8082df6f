"""The champion gate: the check judges, the asset behind it moves the alias and records why."""

import json

import polars as pl

from mlplatform.adapters.tracking.port import Tracker
from mlplatform.domain.tables import CHAMPIONS
from mlplatform.settings import StudySettings
from mlplatform.studies.recipe import Verdict, evidence_of, judge_recipe

EVIDENCE_TAG = "evidence"
RECIPE_TAG = "recipe"
BASELINE = "the static baseline"


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
    incumbent, name = evidence_of(trades, "baseline"), BASELINE
    champion = tracker.champion(series)
    if champion is not None and EVIDENCE_TAG in champion.tags:
        incumbent = {
            key: tuple(row) for key, row in json.loads(champion.tags[EVIDENCE_TAG]).items()
        }
        name = f"champion version {champion.version}"
    return judge_recipe(evidence_of(trades, "ml"), incumbent, name, settings.gate_min_trades)


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
        EVIDENCE_TAG: json.dumps(evidence_of(trades, "ml"), sort_keys=True),
        RECIPE_TAG: newest["recipe"][0],
        "promotion": verdict.reason,
    }
    tracker.promote(series, found.version, tags)
    return _row(newest["fingerprint"][0], moved, verdict, found)


def _row(fingerprint: str | None, moved: bool, verdict: Verdict, version: object) -> pl.DataFrame:
    return CHAMPIONS.frame(
        {
            "policy": pl.Series([fingerprint], dtype=pl.String),
            "moved": [moved],
            "reason": [verdict.reason],
            "version": pl.Series([getattr(version, "version", None)], dtype=pl.String),
        }
    )
