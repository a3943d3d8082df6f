"""A step that was interrupted, at whatever place, is completed by its retry: nothing is doubled."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from mlplatform.adapters.tracking import mlflow_tracker
from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform.adapters.tracking.port import ModelNote, TrialNote
from mlplatform.adapters.tracking.trial_runs import TrialRuns
from mlplatform_tests.adapters.test_trackers import children, note, uri  # noqa: F401 - fixtures

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own, and those of what it imports

PLACES: dict[str, tuple[object, str]] = {
    "run created": (MlflowClient, "create_run"),
    "figures told": (MlflowClient, "log_batch"),
    "study told": (MlflowClient, "log_dict"),
    "trials told": (TrialRuns, "log"),
    "model saved": (mlflow_tracker, "save_model"),
    "artifacts told": (MlflowClient, "log_artifacts"),
    "plots drawn": (mlflow_tracker, "figures_of"),
    "run ended": (MlflowClient, "set_terminated"),
    "name registered": (MlflowClient, "create_registered_model"),
    "version registered": (MlflowClient, "create_model_version"),
}


def crashing(original: Callable[..., Any], done: bool) -> Callable[..., Any]:
    """The first call never returns: its work was done, or not."""

    def call(*args: Any, **named: Any) -> Any:
        if done:
            original(*args, **named)
        raise KeyboardInterrupt

    return call


@pytest.mark.parametrize(
    ("place", "done"),
    [(place, True) for place in PLACES] + [("trials told", False), ("version registered", False)],
)
def test_a_retried_step_leaves_one_whole_run_and_one_version(
    uri: tuple[str, Path],  # noqa: F811
    note: ModelNote,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    done: bool,
) -> None:
    name = f"MES-{2 * list(PLACES).index(place) + done + 1}m"
    fresh, tracker = replace(note, series=name), MlflowTracker(*uri)
    owner, method = PLACES[place]
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, crashing(getattr(owner, method), done))
        with pytest.raises(KeyboardInterrupt):
            tracker.register(fresh)
    registered = MlflowTracker(*uri).register(fresh)
    client = MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    experiment = client.get_experiment_by_name(name).experiment_id
    parents = client.search_runs([experiment], "tags.fingerprint != ''")
    assert [run.info.run_id for run in parents] == [registered.run_id]
    assert parents[0].info.status == "FINISHED"
    assert parents[0].data.params == {key: str(value) for key, value in note.params.items()}
    history = client.get_metric_history(registered.run_id, "trial_value")
    assert sorted(item.value for item in history) == [0.4, 0.6]
    assert len(client.get_metric_history(registered.run_id, "gain")) == 1
    found = children(uri, registered.run_id)
    assert {key: run.info.status for key, run in found.items()} == {
        "lightgbm 0": "FINISHED",
        "lightgbm 1": "KILLED",
        "xgboost 0": "FINISHED",
    }
    assert len(client.search_model_versions(f"name='{name}-stop'")) == 1
    held = {item.path for item in client.list_artifacts(registered.run_id)}
    assert held == {"model", "optuna_study.json", "plots"}
    import mlflow

    mlflow.set_tracking_uri(uri[0])
    mlflow.set_registry_uri(uri[0])
    assert mlflow.pyfunc.load_model(f"models:/{name}-stop/{registered.version}")


def test_trials_that_an_interrupted_step_left_are_completed_not_repeated(
    uri: tuple[str, Path],  # noqa: F811
    note: ModelNote,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracker, fresh = MlflowTracker(*uri), replace(note, fingerprint="half")
    fill, filled = TrialRuns._fill, []

    def interrupted(self: TrialRuns, run_id: str, trial: TrialNote) -> None:
        if filled:
            raise KeyboardInterrupt
        filled.append(run_id)
        fill(self, run_id, trial)

    with monkeypatch.context() as patch:
        patch.setattr(TrialRuns, "_fill", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tracker.register(fresh)
    found = children(uri, tracker.register(fresh).run_id)
    assert len(found) == 3
    assert found["lightgbm 0"].info.run_id == filled[0]
    client = MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    assert len(client.get_metric_history(filled[0], "loss_after_fold")) == 2
    statuses = [found[name].info.status for name in sorted(found)]
    assert statuses == ["FINISHED", "KILLED", "FINISHED"]


def test_a_run_that_other_code_left_is_completed(
    uri: tuple[str, Path],  # noqa: F811
    note: ModelNote,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracker = MlflowTracker(*uri, is_drawing=False)
    left = replace(note, fingerprint="left", params={"seed": 7, "code_version": "older"})
    with monkeypatch.context() as patch:
        patch.setattr(TrialRuns, "log", crashing(TrialRuns.log, True))
        with pytest.raises(KeyboardInterrupt):
            tracker.register(left)
    newer = replace(left, params={"seed": 7, "code_version": "newer", "trials": 3})
    run_id = tracker.register(newer).run_id
    found = MlflowClient(tracking_uri=uri[0], registry_uri=uri[0]).get_run(run_id)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"seed": "7", "code_version": "older", "trials": "3"}
