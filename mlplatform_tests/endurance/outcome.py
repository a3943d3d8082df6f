"""What a home holds, read as its users read it, to be compared with an undisturbed one."""

import json
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import optuna
import polars as pl
from mlflow import MlflowClient

from mlplatform.adapters.home import Home
from mlplatform.adapters.studies import StudyStorage
from mlplatform.adapters.tracking.answers import open_payload
from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform.models.trials import judged
from mlplatform.orchestration.instance import open_instance
from mlplatform_tests.endurance.world import SERIES

ROLES = ("stop", "entry", "size", "policy")
_ENDED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
_PROVENANCE = ("version", "moved", "reason", "recipe")
"""Columns of the lake that say when and where, and not what."""


def torn_files(home: Path) -> list[str]:
    """Visible files that cannot be read to their end: there must never be one."""
    found = []
    for path in sorted(home.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(home).parts)
        if hidden or not path.is_file() or "mlflow" in path.relative_to(home).parts:
            continue
        try:
            if path.suffix == ".parquet":
                pl.read_parquet(path, memory_map=False)
            elif path.suffix == ".json":
                json.loads(path.read_text())
            elif path.name == "report.html":
                assert path.read_text().rstrip().endswith("</html>")
        except (ValueError, AssertionError, pl.exceptions.PolarsError):
            found.append(str(path.relative_to(home)))
    return found


def champion_of(home: Path) -> bytes | None:
    """The champion's content; raises AlteredModel where it is not whole."""
    if not (home / "mlflow" / "mlflow.db").is_file():
        return None
    with _mlflow_may_warn():
        payload = tracker(home).champion_payload(SERIES)
    if payload is not None:
        open_payload(payload)
    return payload


@contextmanager
def _mlflow_may_warn() -> Iterator[None]:
    """Its own warnings, and those of what it imports, are no matter of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def tracker(home: Path) -> MlflowTracker:
    """The registry of a home with its own database."""
    return MlflowTracker(f"sqlite:///{home}/mlflow/mlflow.db", home / "mlflow" / "artifacts")


def content_of(home: Path) -> dict[str, Any]:
    """Everything that the same input and seed must give again, by what it is."""
    report = json.loads((home / "reports" / SERIES / "report.json").read_text())
    report.pop("provenance")
    with _mlflow_may_warn():
        registry = _registry(home)
    return {
        "report": report,
        "trades": pl.read_parquet(home / "reports" / SERIES / "trades.parquet"),
        "champion": champion_of(home),
        "registry": registry,
        "studies": _studies(home),
        "quarantined": _quarantined(home),
        **_lake(home),
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What is not the same, by name."""
    names = sorted(one.keys() | other.keys())
    return [name for name in names if not _same(one.get(name), other.get(name))]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, pl.DataFrame) and isinstance(other, pl.DataFrame):
        return one.equals(other)
    return bool(type(one) is type(other) and one == other)


def _lake(home: Path) -> dict[str, pl.DataFrame]:
    root = home / "lake"
    return {
        str(path.relative_to(root)): pl.read_parquet(path, memory_map=False).drop(
            *_PROVENANCE, strict=False
        )
        for path in sorted(root.rglob("*.parquet"))
        if not path.name.startswith(".")
    }


def _quarantined(home: Path) -> list[tuple[str, str, int]]:
    """Every refused row by its origin: none may be lost, none told twice."""
    rows = pl.concat(
        pl.read_parquet(path, memory_map=False)
        for path in sorted((home / "lake" / "quarantined_bars" / SERIES).glob("*.parquet"))
    )
    return sorted(rows.select(pl.col("reason"), "source", "row").iter_rows())


def _registry(home: Path) -> dict[str, Any]:
    """Fingerprints of all versions, and how many runs each role has: nothing is doubled."""
    place = f"sqlite:///{home}/mlflow/mlflow.db"
    client = MlflowClient(place, registry_uri=place)
    found: dict[str, Any] = {}
    for role in ROLES:
        versions = client.search_model_versions(f"name='{SERIES}-{role}'")
        found[role] = sorted(version.tags["fingerprint"] for version in versions)
        for version in versions:
            assert client.get_run(version.run_id).info.status == "FINISHED"
    experiment = client.get_experiment_by_name(SERIES)
    runs = client.search_runs([experiment.experiment_id], max_results=5000)
    told = Counter(
        (run.data.tags["role"], "mlflow.parentRunId" in run.data.tags, run.info.status)
        for run in runs
    )
    found["runs"] = sorted(told.items())
    return found


def _studies(home: Path) -> dict[str, list[tuple[str, str, float | None]]]:
    """The judged trials of every study, in order."""
    storage = StudyStorage(home / "optuna").open(SERIES)
    found = {}
    for name in optuna.get_all_study_names(storage):
        study = optuna.load_study(study_name=name, storage=storage)
        found[name] = [
            (trial.state.name, json.dumps(trial.params, sort_keys=True), trial.value)
            for trial in judged(study)
        ]
    return found


def unfinished_runs(home: Path) -> list[str]:
    """Runs that Dagster believes to be going on though no process works: its queue would wait."""
    going = [status for status in dg.DagsterRunStatus if status not in _ENDED]
    with open_instance(Home(home)) as instance:
        runs = instance.get_runs(dg.RunsFilter(statuses=going))
        return [f"run of {run.tags.get('dagster/partition')} is {run.status.value}" for run in runs]
