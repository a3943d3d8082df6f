"""A window that is open for fitting, and what is tracked of each model fitted in it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from mlplatform.adapters.tracking.answers import ATR
from mlplatform.adapters.tracking.port import ModelNote, TrialNote
from mlplatform.decisions.policy import unpack
from mlplatform.domain.series import Series
from mlplatform.features.sets import core_plan
from mlplatform.models.serial import Model, fingerprint, to_bytes
from mlplatform.models.tuning import Tuner
from mlplatform.settings import StudySettings
from mlplatform.studies.fitting import FitSettings
from mlplatform.studies.training import TrainingSet

_EXAMPLE_ROWS = 3


@dataclass(frozen=True)
class Window:
    """One walk-forward window, open for fitting."""

    series: Series
    period: str
    train: TrainingSet
    settings: FitSettings
    tuner: Callable[[str], Tuner]
    """The tuner of a role."""


def model_note(
    role: str, window: Window, model: Model, metrics: str, settings: StudySettings
) -> ModelNote:
    """What is tracked and registered of one fitted role."""
    names, example = tuple(window.train.names), window.train.x[:_EXAMPLE_ROWS]
    if role == "size":
        names, example = ("probability",), np.array([[0.4], [0.5], [0.6]])
    numbers = _numbers(json.loads(metrics))
    plan = core_plan(window.series.timeframe)
    return ModelNote(
        series=window.series.name,
        role=role,
        period=window.period,
        fingerprint=fingerprint(model),
        payload=to_bytes(model),
        params={
            "train_from": window.train.train_from.isoformat(),
            "train_to": window.train.train_to.isoformat(),
            "train_rows": len(window.train),
            "purged_rows": window.train.purged_rows,
            "seed": settings.seed,
            "trials": settings.trials,
            "train_periods": settings.train_periods,
        },
        metrics=numbers,
        tags={"feature_plan": plan.fingerprint},
        input_names=names,
        example=example,
        trials=tuple(
            TrialNote(trial.number, {"part": part, **trial.params}, trial.value)
            for part, history in _histories(model)
            for trial in history
        ),
    )


def policy_note(
    series: Series,
    entry_row: pl.DataFrame,
    payload: bytes,
    recipe: str,
    pins: Mapping[str, str],
    seed: int,
) -> ModelNote:
    """What is tracked and registered of a policy; `pins` are its models' registry versions."""
    policy = unpack(payload)
    pinned = {f"{role}_version": version for role, version in pins.items()}
    told = ("train_from", "train_to", "train_rows", "purged_rows")
    return ModelNote(
        series=series.name,
        role="policy",
        period=entry_row["period"][0],
        fingerprint=policy.fingerprint,
        payload=payload,
        params={name: str(entry_row[name][0]) for name in told} | {"seed": seed} | pinned,
        metrics={},
        tags={"feature_plan": policy.feature_plan, "recipe": recipe} | pinned,
        input_names=(*policy.names, ATR),
        example=np.ones((_EXAMPLE_ROWS, len(policy.names) + 1)),
    )


def _histories(model: Model) -> list[tuple[str, Any]]:
    if hasattr(model, "plan"):
        return [(member.family, member.trials) for member in model.plan.members]
    return [("size", model.trials)]


def _numbers(nested: dict[str, Any], prefix: str = "") -> dict[str, float]:
    """The finite numbers of nested metrics, names joined by a dot."""
    found: dict[str, float] = {}
    for key, value in nested.items():
        if isinstance(value, dict):
            found |= _numbers(value, f"{prefix}{key}.")
        elif isinstance(value, int | float):
            found[f"{prefix}{key}"] = float(value)
    return found
