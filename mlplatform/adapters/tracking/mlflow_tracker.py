"""The tracker on MLflow, by its client only: no global active run that a retry could trip over."""

import logging
import tempfile
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from mlplatform.adapters.tracking.answers import Opened, open_payload
from mlplatform.adapters.tracking.attic import Attic
from mlplatform.adapters.tracking.database import prepare_client, prepare_database
from mlplatform.adapters.tracking.figures import figures_of
from mlplatform.adapters.tracking.packaging import save_model
from mlplatform.adapters.tracking.paging import every
from mlplatform.adapters.tracking.port import (
    CHAMPION,
    PAYLOAD_SHA256,
    POLICY,
    RECIPE,
    REPORT,
    ModelNote,
    Registered,
    Tracked,
    unaltered,
)
from mlplatform.adapters.tracking.trial_runs import TrialRuns

_FINGERPRINT = "fingerprint"
_MODEL = "model"
_PLOTS = "plots"
_PARAM_LIMIT = 500


class MlflowTracker:
    """Tracking and registry at one URI; artifacts in `artifacts` where the URI is a database."""

    def __init__(self, uri: str, artifacts: Path | None = None, is_drawing: bool = True) -> None:
        """`is_drawing`: whether plots of the models are attached to their runs."""
        self.uri = uri
        self._artifacts = artifacts
        self._is_drawing = is_drawing
        self._experiments: dict[str, str] = {}

    @cached_property
    def _client(self) -> Any:
        prepare_client()
        from mlflow import MlflowClient  # slow to import, needed by few processes

        for name in (
            "alembic",
            "mlflow.store.model_registry",
            "mlflow.pyfunc",
        ):
            logging.getLogger(name).setLevel(logging.WARNING)
        # It logs the traceback of what it raises.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
        prepare_database(self.uri)
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def register(self, note: ModelNote) -> Registered:
        """Track the run and register the version, or find the one with that fingerprint."""
        known = self.find(note.registered_name, note.fingerprint)
        if known is not None:
            return known
        run_id = self._run(note)
        self._log(run_id, note)
        self._client.set_terminated(run_id)
        self._ensure_model(note.registered_name)
        version = self._client.create_model_version(
            note.registered_name,
            source=f"runs:/{run_id}/{_MODEL}",
            run_id=run_id,
            tags=_tags(note),
        )
        return Registered(str(version.version), run_id, dict(version.tags))

    def find(self, name: str, fingerprint: str) -> Registered | None:
        """The version of that fingerprint."""
        query = f"name='{name}' and tags.{_FINGERPRINT}='{fingerprint}'"
        found = self._client.search_model_versions(query, max_results=1)
        return _registered(found[0]) if found else None

    def champion(self, series: str) -> Registered | None:
        """The policy that the alias points at."""
        version = self._champion_version(series)
        return None if version is None else _registered(version)

    def promote(self, series: str, version: str, tags: Mapping[str, str]) -> None:
        """Evidence first, then the one atomic alias move."""
        name = f"{series}-{POLICY}"
        for key, value in tags.items():
            self._client.set_model_version_tag(name, version, key, value)
        self._client.set_registered_model_alias(name, CHAMPION, version)

    def champion_payload(self, series: str) -> bytes | None:
        """The packed policy that the alias points at; AlteredModel where it was altered."""
        version = self._champion_version(series)
        if version is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = self._client.download_artifacts(
                version.run_id, f"{_MODEL}/artifacts/payload.json", folder
            )
            return unaltered(Path(path).read_bytes(), version.tags.get(PAYLOAD_SHA256))

    def keep_report(
        self, series: str, identity: str, files: Mapping[str, bytes], figures: Mapping[str, float]
    ) -> Mapping[str, str]:
        """One run of role `report`, found again by the report's identity."""
        from mlflow.entities import Metric

        experiment = self._experiment(series)
        query = f"tags.{_FINGERPRINT} = '{identity}' and tags.role = '{REPORT}'"
        known = self._client.search_runs([experiment], query, max_results=1)
        if known:
            run = known[0]
        else:
            tags = {_FINGERPRINT: identity, "role": REPORT}
            run = self._client.create_run(experiment, run_name=REPORT, tags=tags)
        run_id = str(run.info.run_id)
        if run.info.status != "FINISHED":  # new, or left by an interrupted step
            now = int(time.time() * 1000)
            metrics = [Metric(name, value, now, 0) for name, value in figures.items()]
            self._client.log_batch(run_id, metrics=metrics)
            with tempfile.TemporaryDirectory() as folder:
                for name, content in files.items():
                    (Path(folder) / name).write_bytes(content)
                self._client.log_artifacts(run_id, folder, REPORT)
            self._client.set_terminated(run_id)
        if not self.uri.startswith(("http://", "https://")):
            return {"experiment": series, "report_run": run_id}
        place = f"{self.uri.rstrip('/')}/#"
        return {
            "report_run": f"{place}/experiments/{experiment}/runs/{run_id}",
            POLICY: f"{place}/models/{series}-{POLICY}",
        }

    def recipes(self, series: str) -> frozenset[str]:
        """The recipes of all policies that were registered for the series."""
        query = f"name='{series}-{POLICY}'"
        versions = every(lambda token: self._client.search_model_versions(query, page_token=token))
        return frozenset(found.tags[RECIPE] for found in versions if RECIPE in found.tags)

    def tracked(self, series: str) -> tuple[Tracked, ...]:
        """Every run of the series' models, policies and reports that was not forgotten."""
        return Attic(self._client, self.uri).tracked(series)

    def forget(self, item: Tracked) -> None:
        """Remove version, files and run; MLflow keeps the bare run in its trash."""
        Attic(self._client, self.uri).forget(item)

    def _champion_version(self, series: str) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_model_version_by_alias(f"{series}-{POLICY}", CHAMPION)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def _experiment(self, series: str) -> str:
        if series not in self._experiments:
            known = self._client.get_experiment_by_name(series)
            place = None if self._artifacts is None else self._artifacts.absolute().as_uri()
            self._experiments[series] = (
                known.experiment_id
                if known
                else self._client.create_experiment(series, artifact_location=place)
            )
        return self._experiments[series]

    def _run(self, note: ModelNote) -> str:
        """A new run, or the unfinished one that an interrupted step left."""
        experiment = self._experiment(note.series)
        query = f"tags.{_FINGERPRINT} = '{note.fingerprint}' and tags.role = '{note.role}'"
        left = self._client.search_runs([experiment], query, max_results=1)
        if left:
            return str(left[0].info.run_id)
        tags = {_FINGERPRINT: note.fingerprint, "role": note.role, "period": note.period}
        name = f"{note.role} {note.period}"
        run = self._client.create_run(experiment, run_name=name, tags=tags | dict(note.tags))
        return str(run.info.run_id)

    def _log(self, run_id: str, note: ModelNote) -> None:
        from mlflow.entities import Metric, Param

        now, told = int(time.time() * 1000), self._client.get_run(run_id).data
        metrics = [Metric(key, value, now, 0) for key, value in note.metrics.items()]
        metrics += [
            Metric("trial_value", trial.value, now, place)
            for place, trial in enumerate(note.trials)
            if trial.value is not None
        ]
        params = [Param(key, str(value)[:_PARAM_LIMIT]) for key, value in note.params.items()]
        # What an interrupted step told already: a metric would stand there twice, and a parameter
        # (the code's version may be another now) could not be told again.
        metrics = [metric for metric in metrics if metric.key not in told.metrics]
        params = [param for param in params if param.key not in told.params]
        self._client.log_batch(run_id, metrics=metrics, params=params)
        if note.trials:
            rows = [
                {"number": t.number, "value": t.value, "state": t.state, "part": t.part, **t.params}
                for t in note.trials
            ]
            self._client.log_dict(run_id, {"trials": rows}, "optuna_study.json")
            TrialRuns(self._client, self._experiment(note.series), run_id).log(note)
        model = open_payload(note.payload)
        with tempfile.TemporaryDirectory() as folder:
            self._client.log_artifacts(run_id, str(save_model(Path(folder), note, model)), _MODEL)
        if self._is_drawing:
            self._draw(run_id, note, model)

    def _draw(self, run_id: str, note: ModelNote, model: Opened) -> None:
        plots = figures_of(note, model)
        if not plots:
            return
        with tempfile.TemporaryDirectory() as folder:
            for name, content in plots.items():
                (Path(folder) / f"{name}.png").write_bytes(content)
            self._client.log_artifacts(run_id, folder, _PLOTS)

    def _ensure_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


def _tags(note: ModelNote) -> dict[str, str]:
    """Of a version."""
    own = {_FINGERPRINT: note.fingerprint, "period": note.period, **note.tags}
    return own | {PAYLOAD_SHA256: note.payload_sha256}


def _registered(version: Any) -> Registered:
    return Registered(str(version.version), str(version.run_id), dict(version.tags))
