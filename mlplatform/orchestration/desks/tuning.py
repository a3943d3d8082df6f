"""How a role of a window is tuned, by the settings: seed, study, warm start, budget, workers."""

import hashlib
import json
import time

import numpy as np

from mlplatform.adapters.studies import StudyStorage, worker_processes
from mlplatform.domain.errors import InputError
from mlplatform.models.crew import TimeLimit
from mlplatform.models.families import known_families
from mlplatform.models.tuning import Tuner
from mlplatform.orchestration.code import code_version
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.settings import StudySettings
from mlplatform.studies.training import TrainingSet

_NOT_THE_OBJECTIVE = {
    *("trials", "tuning_seconds", "tuning_workers", "model_threads"),
    *("executor", "windows_at_once", "step_cores"),
    *("first_period", "from_period", "to_period"),
    *("lake_uri", "mlflow_uri", "optuna_url", "model_plots"),
    *("ingest_cron", "train_cron", "decide_cron", "report_cron", "log_format"),
    *("prune_cron", "keep_runs_days", "keep_files_days", "keep_studies_days"),
    *("keep_versions", "keep_reports"),
}
"""Settings with which a study may be taken up again: more trials, another place, another time."""


def tuner_of(
    settings: StudySettings,
    storage: StudyStorage,
    partition: Partition,
    role: str,
    train: TrainingSet,
    run_id: str,
) -> Tuner:
    """The tuner of a role in one window.

    Its warm start is the settings' alone: no window starts from what another one found. Its study
    is named by all that decides the objective, so that it resumes after a crash, and only then.
    Raises InputError where the settings name a role's part that does not exist.
    """
    _require_parts(settings)
    digest = hashlib.sha256(_objective(settings, role, train).encode())
    # Where a role's bytes are not reproducible, the next role's objective is another each time.
    if role != "stop" and (settings.tuning_seconds or settings.tuning_workers > 1):
        digest.update(run_id.encode())
    seconds = settings.tuning_seconds
    # The size's objective stays in this process: it is a matter of milliseconds.
    shared = settings.tuning_workers > 1 and role != "size"
    return Tuner(
        (settings.seed, role, partition.series, partition.period),
        settings.trials,
        storage.open(partition.series),
        f"{partition.series}-{partition.period}-{role}-{digest.hexdigest()[:12]}",
        known_good=settings.known_good.get(role, {}),
        limit=None if seconds is None else TimeLimit(seconds, time.monotonic),
        crew=worker_processes(settings.tuning_workers) if shared else None,
    )


def _require_parts(settings: StudySettings) -> None:
    for role, parts in settings.known_good.items():
        known = ("size",) if role == "size" else known_families()
        for part in parts:
            if part not in known:
                raise InputError(
                    f"Setting known-good names {role} {part}, which is not tuned: use one of "
                    f"{', '.join(known)}."
                )


def _objective(settings: StudySettings, role: str, train: TrainingSet) -> str:
    """What is learned from, and by which code and settings."""
    digest = hashlib.sha256(json.dumps(train.names).encode())
    for array in (train.x, train.decision_ts, train.label_end_ts, train.r, train.is_win):
        digest.update(np.ascontiguousarray(array).tobytes())
    chosen = settings.model_dump(mode="json", exclude=_NOT_THE_OBJECTIVE)
    code = code_version(("studies.fitting", f"models.{role}"), chosen)
    return f"{digest.hexdigest()}-{code}"
