"""What MLflow keeps of a series, and forgetting it: versions, artifacts, runs with their trials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlplatform.adapters.tracking.paging import PAGE, every
from mlplatform.adapters.tracking.port import Tracked

_MISSING = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True)
class Attic:
    """By MLflow's client; runs that are in its trash do not count."""

    client: Any
    uri: str

    def tracked(self, series: str) -> tuple[Tracked, ...]:
        """The runs with a fingerprint: models, policies, reports; trials are parts of them."""
        experiment = self.client.get_experiment_by_name(series)
        if experiment is None:
            return ()
        runs = list(self._runs(experiment.experiment_id, "tags.fingerprint LIKE '%'"))
        roles = {run.data.tags["role"] for run in runs}
        versions = {
            version.run_id: version
            for role in roles
            for version in self._versions(f"{series}-{role}")
        }
        aliases = {role: self._aliases(f"{series}-{role}") for role in roles}
        return tuple(_tracked(series, run, versions.get(run.info.run_id), aliases) for run in runs)

    def forget(self, item: Tracked) -> None:
        """Version, artifacts, trials, run."""
        from mlflow.exceptions import MlflowException
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        run = self.client.get_run(item.run_id)
        if item.version is not None:
            try:
                self.client.delete_model_version(f"{item.series}-{item.role}", item.version)
            except MlflowException as error:
                if error.error_code != _MISSING:
                    raise
        get_artifact_repository(run.info.artifact_uri, self.uri, self.uri).delete_artifacts()
        parent = f"tags.`mlflow.parentRunId` = '{item.run_id}'"
        for child in list(self._runs(run.info.experiment_id, parent)):
            self.client.delete_run(child.info.run_id)
        self.client.delete_run(item.run_id)

    def _runs(self, experiment: str, query: str) -> Iterator[Any]:
        return every(
            lambda token: self.client.search_runs(
                [experiment], query, max_results=PAGE, page_token=token
            )
        )

    def _versions(self, name: str) -> Iterator[Any]:
        return every(
            lambda token: self.client.search_model_versions(f"name='{name}'", page_token=token)
        )

    def _aliases(self, name: str) -> Mapping[str, set[str]]:
        """The aliases of each version that has one."""
        from mlflow.exceptions import MlflowException

        try:
            held = self.client.get_registered_model(name).aliases
        except MlflowException as error:
            if error.error_code != _MISSING:
                raise
            return {}
        found: dict[str, set[str]] = {}
        for alias, version in held.items():
            found.setdefault(str(version), set()).add(alias)
        return found


def _tracked(
    series: str, run: Any, version: Any, aliases: Mapping[str, Mapping[str, set[str]]]
) -> Tracked:
    role = run.data.tags["role"]
    number = str(version.version) if version is not None else None
    return Tracked(
        run_id=run.info.run_id,
        series=series,
        role=role,
        fingerprint=run.data.tags["fingerprint"],
        at=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
        version=number,
        aliases=frozenset(aliases[role].get(number or "", set())),
        tags=dict(version.tags) if version is not None else {},
    )
