"""The contract of a tracker, held by both: the one in memory and the one on MLflow."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform.adapters.tracking.port import ModelNote, Tracker, TrialNote, pins_of
from mlplatform.models.errors import AlteredModel
from mlplatform.models.serial import fingerprint, from_bytes, to_bytes
from mlplatform.models.stop import fit_stop
from mlplatform.models.stop_judgement import StopConfig
from mlplatform.models.stop_rows import StopRows
from mlplatform.models.tuning import Tuner
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.laws.research import fitted

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
        trials=(
            TrialNote(0, {"depth": 3}, 0.4, "lightgbm", "complete", (0.3, 0.5)),
            TrialNote(1, {"depth": 4}, None, "lightgbm", "pruned", (0.9,)),
            TrialNote(0, {"depth": 2}, 0.6, "xgboost"),
        ),
        sample=x[:40],
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


def test_a_report_is_kept_once_by_its_identity(tracker: Tracker) -> None:
    files = {"report.json": b"{}", "equity.png": b"png"}
    first = tracker.keep_report("MES-5m", "a" * 64, files, {"ml_net_usd": 1.0})
    assert tracker.keep_report("MES-5m", "a" * 64, files, {"ml_net_usd": 1.0}) == first
    other = tracker.keep_report("MES-5m", "b" * 64, files, {"ml_net_usd": 2.0})
    assert first["experiment"] == other["experiment"] == "MES-5m"
    assert first["report_run"] != other["report_run"]


def test_mlflow_shows_the_files_and_figures_of_a_report(uri: tuple[str, Path]) -> None:
    from mlflow import MlflowClient

    tracker = MlflowTracker(*uri)
    kept = tracker.keep_report("MES-5m", "c" * 64, {"equity.png": b"png"}, {"ml_net_usd": 3.0})
    client = MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    run = client.get_run(kept["report_run"])
    assert run.data.metrics == {"ml_net_usd": 3.0}
    assert run.info.status == "FINISHED"
    assert [f.path for f in client.list_artifacts(run.info.run_id, "report")] == [
        "report/equity.png"
    ]


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


def test_every_recipe_that_a_series_was_looked_at_with_is_counted_once(
    tracker: Tracker, note: ModelNote
) -> None:
    assert tracker.recipes("ES-30m") == frozenset()
    for identity, recipe in (("1", "a"), ("2", "b"), ("3", "b")):
        tagged = replace(policy_of(note, identity), series="ES-30m", tags={"recipe": recipe})
        tracker.register(tagged)
    tracker.register(replace(note, series="ES-30m", tags={"recipe": "of no policy"}))
    assert tracker.recipes("ES-30m") == {"a", "b"}


def test_a_champion_that_was_altered_is_refused(uri: tuple[str, Path], note: ModelNote) -> None:
    memory, mlflow = MemoryTracker(), MlflowTracker(*uri)
    for tracker in (memory, mlflow):
        made = tracker.register(replace(policy_of(note, "altered"), series="ES-5m"))
        tracker.promote("ES-5m", made.version, {})
        assert tracker.champion_payload("ES-5m") == note.payload
    key = ("ES-5m-policy", memory.champions["ES-5m"])
    memory.payloads[key] = memory.payloads[key].replace(b"[", b"[ ", 1)
    payload = payload_on_disk(uri, mlflow, "ES-5m-policy", "altered")
    payload.write_bytes(note.payload.replace(b"[", b"[ ", 1))
    for tracker in (memory, mlflow):
        with pytest.raises(AlteredModel, match="checksum does not match"):
            tracker.champion_payload("ES-5m")


def payload_on_disk(
    uri: tuple[str, Path], tracker: MlflowTracker, name: str, identity: str
) -> Path:
    found = tracker.find(name, identity)
    assert found is not None
    return uri[1] / found.run_id / "artifacts" / "model" / "artifacts" / "payload.json"


@pytest.mark.parametrize("change", ["whitespace", "a figure", "cut short"])
def test_a_registered_model_that_was_altered_on_disk_does_not_load(
    uri: tuple[str, Path], note: ModelNote, change: str
) -> None:
    import mlflow

    tracker = MlflowTracker(*uri)
    version = tracker.register(replace(note, fingerprint=change)).version
    payload = payload_on_disk(uri, tracker, "MES-5m-stop", change)
    altered = {
        "whitespace": note.payload + b" ",
        "a figure": note.payload.replace(b'"depth":2', b'"depth":3', 1),
        "cut short": note.payload[:-20],
    }[change]
    mlflow.set_tracking_uri(uri[0])
    mlflow.set_registry_uri(uri[0])
    assert mlflow.pyfunc.load_model(f"models:/MES-5m-stop/{version}")
    assert altered != note.payload
    payload.write_bytes(altered)
    with pytest.raises(AlteredModel, match="checksum does not match"):
        mlflow.pyfunc.load_model(f"models:/MES-5m-stop/{version}")


def children(uri: tuple[str, Path], run_id: str) -> dict:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    experiment = client.get_run(run_id).info.experiment_id
    found = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'")
    assert len({run.data.tags["trial"] for run in found}) == len(found)
    return {run.data.tags["trial"]: run for run in found}


def test_each_trial_is_a_child_run_with_its_params_loss_and_fold_losses(
    uri: tuple[str, Path], note: ModelNote
) -> None:
    import mlflow

    run_id = MlflowTracker(*uri).register(note).run_id
    found = children(uri, run_id)
    assert set(found) == {"lightgbm 0", "lightgbm 1", "xgboost 0"}
    first, pruned = found["lightgbm 0"], found["lightgbm 1"]
    assert (first.info.status, pruned.info.status) == ("FINISHED", "KILLED")
    assert first.data.params == {"depth": "3"}
    assert first.data.metrics["loss"] == 0.4
    assert "loss" not in pruned.data.metrics
    client = mlflow.MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    history = client.get_metric_history(first.info.run_id, "loss_after_fold")
    assert [(item.step, item.value) for item in history] == [(0, 0.3), (1, 0.5)]


def test_the_run_carries_plots_of_its_model_unless_they_are_switched_off(
    uri: tuple[str, Path], note: ModelNote
) -> None:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    run_id = MlflowTracker(*uri).register(note).run_id
    plots = {Path(item.path).name for item in client.list_artifacts(run_id, "plots")}
    assert plots == {"importance.png", "contributions.png", "search_history.png"}
    plain = MlflowTracker(*uri, is_drawing=False).register(replace(note, fingerprint="plain"))
    assert client.list_artifacts(plain.run_id, "plots") == []


def test_the_model_says_what_it_needs_and_which_it_is(
    uri: tuple[str, Path], note: ModelNote
) -> None:
    import mlflow

    registered = MlflowTracker(*uri).register(note)
    folder = uri[1] / registered.run_id / "artifacts" / "model"
    pinned = (folder / "requirements.txt").read_text().split()
    assert all("==" in line for line in pinned)
    assert any(line.startswith("lightgbm==") for line in pinned)
    metadata = mlflow.models.get_model_info(str(folder)).metadata
    assert metadata["fingerprint"] == note.fingerprint
    assert metadata["feature_plan"] == "abc"
    assert registered.tags["payload_sha256"] == note.payload_sha256


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


def test_the_champion_policy_predicts_the_same_in_a_clean_process(uri: tuple[str, Path]) -> None:
    held = fitted()
    names, x = (*held.policy.names, "atr_points"), held.train.x[:25]
    inputs = np.column_stack([x, held.train.atr_points[:25]])
    note = ModelNote(
        "MES-1m", "policy", "p", "f", held.payload, {}, {}, {"recipe": "r"}, names, inputs[:3]
    )
    tracker = MlflowTracker(*uri)
    tracker.promote("MES-1m", tracker.register(note).version, {})
    np.save(uri[1] / "inputs.npy", inputs)
    code = (
        "import mlflow, numpy as np, pandas as pd\n"
        f"mlflow.set_tracking_uri({uri[0]!r}); mlflow.set_registry_uri({uri[0]!r})\n"
        "model = mlflow.pyfunc.load_model('models:/MES-1m-policy@champion')\n"
        f"x = pd.DataFrame(np.load({str(uri[1] / 'inputs.npy')!r}), columns={list(names)!r})\n"
        f"np.save({str(uri[1] / 'said.npy')!r}, model.predict(x).to_numpy())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    plan = held.policy.plan(x, inputs[:, -1])
    contracts = np.where(plan.take, plan.contracts, 0)
    expected = np.column_stack([plan.stop_atr, plan.probability, contracts])
    np.testing.assert_array_equal(np.load(uri[1] / "said.npy"), expected)


def test_what_is_tracked_of_a_series_is_told_with_version_alias_and_tags(
    tracker: Tracker, note: ModelNote
) -> None:
    mine = replace(note, series="NQ-15m")
    stop = tracker.register(mine)
    policy = tracker.register(replace(policy_of(mine, "p"), tags={"stop_version": stop.version}))
    tracker.promote("NQ-15m", policy.version, {})
    kept = tracker.keep_report("NQ-15m", "d" * 64, {"report.json": b"{}"}, {})
    tracker.register(replace(note, series="NQ-15m-not", role="stop"))
    held = {item.role: item for item in tracker.tracked("NQ-15m")}
    assert set(held) == {"stop", "policy", "report"}
    assert (held["stop"].version, held["stop"].run_id) == (stop.version, stop.run_id)
    assert held["stop"].fingerprint == mine.fingerprint
    assert held["stop"].aliases == frozenset()
    assert held["policy"].aliases == {"champion"}
    assert pins_of(held["policy"]) == {("NQ-15m", "stop", stop.version)}
    assert pins_of(held["stop"]) == frozenset()
    assert (held["report"].run_id, held["report"].version) == (kept["report_run"], None)
    assert tracker.tracked("ES-10m") == ()


def test_what_is_forgotten_is_gone_and_may_be_registered_again(
    tracker: Tracker, note: ModelNote
) -> None:
    mine = replace(note, series="ES-15m")
    first = tracker.register(mine)
    other = tracker.register(replace(mine, fingerprint="other"))
    tracker.keep_report("ES-15m", "e" * 64, {"report.json": b"{}"}, {})
    for item in tracker.tracked("ES-15m"):
        if item.run_id != other.run_id:
            tracker.forget(item)
    assert [item.run_id for item in tracker.tracked("ES-15m")] == [other.run_id]
    assert tracker.find("ES-15m-stop", mine.fingerprint) is None
    again = tracker.register(mine)
    assert again.version not in (first.version, other.version)


def test_nothing_of_a_forgotten_model_is_left_on_disk(
    uri: tuple[str, Path], note: ModelNote
) -> None:
    """Nor do its trials show; a removal that was interrupted is found again, and finished."""
    from mlflow import MlflowClient

    tracker, client = MlflowTracker(*uri), MlflowClient(tracking_uri=uri[0], registry_uri=uri[0])
    made = tracker.register(replace(note, series="MNQ-15m"))
    client.delete_model_version("MNQ-15m-stop", made.version)
    (left,) = tracker.tracked("MNQ-15m")
    assert (left.run_id, left.version) == (made.run_id, None)
    assert children(uri, made.run_id)
    tracker.forget(left)
    assert tracker.tracked("MNQ-15m") == ()
    assert children(uri, made.run_id) == {}
    assert not [path for path in (uri[1] / made.run_id).rglob("*") if path.is_file()]


def test_nobody_is_told_that_mlflow_is_used() -> None:
    code = (
        "from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker\n"
        "MlflowTracker('http://127.0.0.1:1')._client\n"
        "from mlflow.telemetry.client import get_telemetry_client\n"
        "print(get_telemetry_client())"
    )
    silent = ("CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST", "MLFLOW_DISABLE_TELEMETRY")
    heard = {name: value for name, value in os.environ.items() if name not in silent}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=heard, capture_output=True, text=True
    )
    assert done.stdout.strip() == "None", done.stderr
