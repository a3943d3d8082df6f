"""A child run a trial: its parameters, its loss, and its loss after each fold."""

import time
from typing import Any

from mlplatform.adapters.tracking.paging import PAGE, every
from mlplatform.adapters.tracking.port import ModelNote, TrialNote

_PARENT = "mlflow.parentRunId"
_TRIAL = "trial"
_AFTER_FOLD = "loss_after_fold"
_STATUS = {"complete": "FINISHED", "pruned": "KILLED", "fail": "FAILED"}


class TrialRuns:
    """The children of one run; those that an interrupted step left are completed, not repeated."""

    def __init__(self, client: Any, experiment: str, parent: str) -> None:
        self._client = client
        self._experiment = experiment
        self._parent = parent

    def log(self, note: ModelNote) -> None:
        """One run a trial of the note."""
        left = self._left()
        for trial in note.trials:
            name = f"{trial.part or note.role} {trial.number}"
            child = left.get(name) or self._create(name, note)
            if child.info.status == "RUNNING":
                self._fill(child.info.run_id, trial)

    def _left(self) -> dict[str, Any]:
        query = f"tags.`{_PARENT}` = '{self._parent}'"
        runs = every(
            lambda token: self._client.search_runs(
                [self._experiment], query, max_results=PAGE, page_token=token
            )
        )
        return {run.data.tags[_TRIAL]: run for run in runs}

    def _create(self, name: str, note: ModelNote) -> Any:
        tags = {_PARENT: self._parent, _TRIAL: name, "role": note.role, "period": note.period}
        run_name = f"{note.role} {note.period} trial {name}"
        return self._client.create_run(self._experiment, run_name=run_name, tags=tags)

    def _fill(self, run_id: str, trial: TrialNote) -> None:
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        metrics = [Metric(_AFTER_FOLD, v, now, n) for n, v in enumerate(trial.fold_losses)]
        if trial.value is not None:
            metrics.append(Metric("loss", trial.value, now, 0))
        params = [Param(key, str(value)) for key, value in trial.params.items()]
        self._client.log_batch(run_id, metrics=metrics, params=params)
        self._client.set_terminated(run_id, status=_STATUS[trial.state])
