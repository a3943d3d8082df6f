"""A window that is open for fitting, and what is tracked of each model fitted in it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from mlplatform.adapters.tracking.answers import ATR
from mlplatform.adapters.tracking.port import ModelNote, TrialNote
from mlplatform.decisions.policy import unpack
from mlplatform.domain.series import Series
from mlplatform.features.sets import core_plan
from mlplatform.models.serial import Model, fingerprint, to_bytes
from mlplatform.models.tuning import Tuner
from mlplatform.orchestration.code import code_version
from mlplatform.settings import StudySettings
from mlplatform.studies.fitting import FitSettings
from mlplatform.studies.training import TrainingSet

_EXAMPLE_ROWS = 3
_SAMPLE_ROWS = 200
_CODE_OF = {role: f"models.{role}" for role in ("stop", "entry", "size")}
_CODE_OF["policy"] = "decisions.policy"
_TUNED_ON = {
    "stop": "squared error of net ATR, centred over the stops of a candidate",
    "entry": "log loss",
    "size": "log growth of validation equity, maximum drawdown within its limit",
}
"""The objective of each role, chosen once."""
STRATEGY_TAG = "strategy"
"""Of a policy's version: the strategy that the home keeps; without it the platform's own."""


@dataclass(frozen=True)
class Window:
    """One walk-forward window, open for fitting."""

    series: Series
    period: str
    train: TrainingSet
    settings: FitSettings
    tuner: Callable[[str], Tuner]
    """The tuner of a role."""
    tested_from: datetime
    """Start of the period that it is tried on."""


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
        params=_params(role, window, settings) | {"feature_plan": plan.fingerprint},
        metrics=numbers,
        tags={"feature_plan": plan.fingerprint},
        input_names=names,
        example=example,
        trials=tuple(
            TrialNote(
                trial.number,
                trial.params,
                trial.value,
                part,
                trial.state,
                tuple(getattr(trial, "steps", ())),
            )
            for part, history in _histories(model)
            for trial in history
        ),
        sample=None if role == "size" else _sample(window.train.x),
        curves=_curves(model),
    )


def _params(role: str, window: Window, settings: StudySettings) -> dict[str, object]:
    """What it was fitted on and how: enough to fit it again."""
    return {
        "train_from": window.train.train_from.isoformat(),
        "train_to": window.train.train_to.isoformat(),
        "train_rows": len(window.train),
        "purged_rows": window.train.purged_rows,
        "data_sha256": data_hash(window.train),
        "tuned_on": _TUNED_ON[role],
        **_terms(role, window.tested_from, settings),
    }


def _terms(role: str, tested_from: datetime, settings: StudySettings) -> dict[str, object]:
    """What models and policies of a window share."""
    embargo = timedelta(minutes=settings.embargo_minutes)
    return {
        "purged_from": (tested_from - embargo).isoformat(),
        "purged_to": tested_from.isoformat(),
        "embargo_minutes": settings.embargo_minutes,
        "code_version": code_version(("orchestration.desks.windows", _CODE_OF[role]), {}),
        "platform_version": version("mlplatform"),
        "seed": settings.seed,
        "trials": settings.trials,
        "train_periods": settings.train_periods,
    }


def data_hash(train: TrainingSet) -> str:
    """SHA-256 over all that a window learns from: inputs, their names, times and outcomes."""
    digest = hashlib.sha256(json.dumps(train.names).encode())
    outcomes = (train.r, train.is_win, train.atr_points, train.stop_grid_atr)
    for array in (train.x, train.decision_ts, train.label_end_ts, *outcomes):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _sample(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rows spread evenly over the training range."""
    places = np.linspace(0, len(x) - 1, min(len(x), _SAMPLE_ROWS)).astype(np.int64)
    return x[places]


def _curves(model: Model) -> dict[str, tuple[float, ...]]:
    """Validation loss by round of the families that keep it."""
    if not hasattr(model, "plan"):
        return {}
    return {member.family: member.curve for member in model.plan.members if member.curve}


def policy_note(
    series: Series,
    entry_row: pl.DataFrame,
    payload: bytes,
    recipe: str,
    pins: Mapping[str, str],
    settings: StudySettings,
    tested_from: datetime,
) -> ModelNote:
    """What is tracked and registered of a policy; `pins` are its models' registry versions.

    The strategy is told so that whoever loads the champion finds candidates by its own setups.
    """
    policy = unpack(payload)
    pinned = {f"{role}_version": version for role, version in pins.items()}
    told = ("train_from", "train_to", "train_rows", "purged_rows")
    strategy = {STRATEGY_TAG: settings.strategy} if settings.strategy else {}
    return ModelNote(
        series=series.name,
        role="policy",
        period=entry_row["period"][0],
        fingerprint=policy.fingerprint,
        payload=payload,
        params={
            **{name: _told(entry_row[name][0]) for name in told},
            **_terms("policy", tested_from, settings),
            **pinned,
        },
        metrics={},
        tags={"feature_plan": policy.feature_plan, "recipe": recipe} | strategy | pinned,
        input_names=(*policy.names, ATR),
        example=np.ones((_EXAMPLE_ROWS, len(policy.names) + 1)),
    )


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


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
