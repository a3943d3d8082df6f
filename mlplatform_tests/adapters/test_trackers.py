"""The contract of a tracker, held by both: the one in memory and the one on MLflow."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform.adapters.tracking.port import ModelNote, Tracker, TrialNote
from mlplatform.models.serial import fingerprint, from_bytes, to_bytes
from mlplatform.models.stop import StopConfig, StopRows, fit_stop
from mlplatform.models.tuning import Tuner
from mlplatform.testing.tracking import MemoryTracker

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own, and those of what it imports


@pytest.fixture(scope="module")
def note() -> ModelNote:
    """A small fitted stop model, as the chain would note it."""
    rng = np.random.default_rng(1)
    n, grid = 120, np.array([1.0, 2.0])
    x, start = rng.normal(size=(n, 2)), np.arange(n, dtype=np.int64) * 10**9
    rows = StopRows(x, ["a", "b"], start, start + 10**8, rng.normal(size=(n, 2)), grid)
    model = fit_stop(rows, StopConfig(), Tuner((7, "stop"), trials=2))
    return ModelNote(
        series="MES-5m",
        role="stop",
        period="2025-04",
        fingerprint=fingerprint(model),
        payload=to_bytes(model),
        params={"seed": 7},
        metrics={"gain": 0.5},
        tags={"feature_plan": "abc"},
        input_names=("a", "b"),
        example=x[:3],
        trials=(TrialNote(0, {"depth": 3}, 0.4), TrialNote(1, {"depth": 4}, None)),
    )


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("mlflow")
    return f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts"


@pytest.fixture(scope="module", params=["memory", "mlflow"])
def tracker(request: pytest.FixtureRequest, uri: tuple[str, Path]) -> Tracker:
    return MemoryTracker() if request.param == "memory" else MlflowTracker(*uri)


def policy_of(note: ModelNote, identity: str) -> ModelNote:
    return replace(note, role="policy", fingerprint=identity, tags={"recipe": identity})


def test_registering_twice_gives_the_same_version(tracker: Tracker, note: ModelNote) -> None:
    first, second = tracker.register(note), tracker.register(note)
    assert (first.version, first.run_id) == (second.version, second.run_id)
    assert second.tags["feature_plan"] == "abc"


def test_another_fingerprint_is_another_version(tracker: Tracker, note: ModelNote) -> None:
    one, other = tracker.register(note), tracker.register(replace(note, fingerprint="other"))
    assert one.version != other.version
    found = tracker.find("MES-5m-stop", "other")
    assert found is not None
    assert found.version == other.version


def test_what_was_never_registered_is_not_found(tracker: Tracker) -> None:
    assert tracker.find("MES-5m-stop", "unknown") is None
    assert tracker.find("NQ-1m-stop", "unknown") is None


def test_a_series_starts_without_champion(tracker: Tracker) -> None:
    assert tracker.champion("NQ-1m") is None
    assert tracker.champion_payload("NQ-1m") is None


def test_the_alias_moves_and_carries_its_evidence(tracker: Tracker, note: ModelNote) -> None:
    old = tracker.register(policy_of(note, "old"))
    new = tracker.register(policy_of(note, "new"))
    tracker.promote("MES-5m", old.version, {"evidence": "{}"})
    tracker.promote("MES-5m", new.version, {"evidence": '{"2025-04": [3, 1.5]}'})
    champion = tracker.champion("MES-5m")
    assert champion is not None
    assert champion.version == new.version
    assert champion.tags["evidence"] == '{"2025-04": [3, 1.5]}'
    assert tracker.champion_payload("MES-5m") == note.payload


def test_mlflow_holds_params_metrics_study_signature_and_example(
    uri: tuple[str, Path], note: ModelNote
) -> None:
    import mlflow

    registered = MlflowTracker(*uri).register(note)
    client = mlflow.MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    run = client.get_run(registered.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["seed"] == "7"
    assert run.data.metrics["gain"] == 0.5
    assert "optuna_study.json" in {item.path for item in client.list_artifacts(registered.run_id)}
    info = mlflow.models.get_model_info(run.info.artifact_uri.removeprefix("file://") + "/model")
    assert info.signature is not None
    assert info.signature.inputs.input_names() == ["a", "b"]
    assert info.saved_input_example_info is not None


def test_a_registered_model_predicts_the_same_in_a_clean_process(
    uri: tuple[str, Path], note: ModelNote
) -> None:
    version = MlflowTracker(*uri).register(note).version
    code = (
        "import mlflow, pandas as pd\n"
        f"mlflow.set_tracking_uri({uri[0]!r}); mlflow.set_registry_uri({uri[0]!r})\n"
        f"model = mlflow.pyfunc.load_model('models:/MES-5m-stop/{version}')\n"
        f"x = pd.DataFrame({note.example.tolist()!r}, columns=['a', 'b'])\n"
        "print(model.predict(x)['stop_atr'].tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True
    )
    expected = from_bytes(note.payload).predict(note.example).tolist()
    assert done.stdout.strip().splitlines()[-1] == str(expected), done.stderr


def test_an_interrupted_registration_reuses_its_run(
    uri: tuple[str, Path], note: ModelNote, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    tracker, fresh = MlflowTracker(*uri), replace(note, fingerprint="interrupted")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MlflowTracker, "_log", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tracker.register(fresh)
    tracker.register(fresh)
    client = mlflow.MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    experiment = client.get_experiment_by_name("MES-5m").experiment_id
    runs = client.search_runs([experiment], "tags.fingerprint = 'interrupted'")
    assert [run.info.status for run in runs] == ["FINISHED"]
