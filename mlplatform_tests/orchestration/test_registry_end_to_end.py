"""The chain with MLflow itself: a step that dies is retried, and the champion says the same."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlplatform.adapters.tracking import mlflow_tracker
from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform.domain.series import Series
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.orchestration.running.runner import StepFailed
from mlplatform.setups.inputs import model_inputs_of, with_score
from mlplatform_tests.conftest import Bench

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own, and those of what it imports
SERIES, WINDOW = "MES-5m", "2025-04"


class PowerCut(RuntimeError):
    """What ends a step in its middle."""


@pytest.fixture(scope="module")
def retried(tmp_path_factory: pytest.TempPathFactory, small_bars: Path) -> tuple[Bench, str]:
    """A home of one window whose entry step died while its model was saved, and its MLflow."""
    root = tmp_path_factory.mktemp("retried") / "home"
    (root / "mlflow").mkdir(parents=True)
    uri = f"sqlite:///{root / 'mlflow' / 'mlflow.db'}"
    tracker = MlflowTracker(uri, root / "mlflow" / "artifacts", is_drawing=False)
    bench = Bench(root, tracker)  # type: ignore[arg-type]
    save = mlflow_tracker.save_model

    def dying(folder, note, model):
        saved = save(folder, note, model)
        if note.role == "entry":
            raise PowerCut
        return saved

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlflow_tracker, "save_model", dying)
        with pytest.raises(StepFailed, match="entry_model"):
            bench.run(small_bars, to_period=WINDOW, gate_min_trades=1)
    again = [
        asset
        for batch in bench.run(small_bars, to_period=WINDOW, gate_min_trades=1)
        for asset in batch.assets
    ]
    assert "stop_model" not in again, "what was done is not done again"
    assert "entry_model" in again
    return bench, uri


def test_a_retried_step_leaves_one_finished_run_a_role(retried) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=retried[1], registry_uri=retried[1])
    experiment = client.get_experiment_by_name(SERIES).experiment_id
    runs = list(client.search_runs([experiment], max_results=1000))
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    roles = Counter(run.data.tags["role"] for run in parents)
    assert roles["entry"] == roles["stop"] == roles["policy"] == 1
    assert set(roles.values()) == {1}
    assert {run.info.status for run in parents} == {"FINISHED"}
    entry = next(run for run in parents if run.data.tags["role"] == "entry")
    children = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == entry.info.run_id]
    assert len(children) == int(entry.data.metrics["trials_run"]) > 1
    assert len({run.data.tags["trial"] for run in children}) == len(children)


def test_runs_tell_what_a_model_was_fitted_on_and_how(retried) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=retried[1], registry_uri=retried[1])
    experiment = client.get_experiment_by_name(SERIES).experiment_id
    plan = core_plan(Series.parse(SERIES).timeframe)
    for run in client.search_runs([experiment], "tags.fingerprint != '' and tags.role != 'report'"):
        told = run.data.params
        assert told["train_from"] < told["train_to"] <= told["purged_from"] < told["purged_to"]
        assert told["purged_to"].startswith("2025-03-31"), "the session before the first of April"
        assert {"code_version", "platform_version", "seed", "embargo_minutes"} <= told.keys()
        assert run.data.tags["feature_plan"] == plan.fingerprint
        if run.data.tags["role"] in ("stop", "entry", "size"):
            assert len(told["data_sha256"]) == 64
            assert told["tuned_on"]
        else:
            pinned = {"stop_version", "entry_version", "size_version"}
            assert run.data.tags["role"] == "detector" or pinned <= told.keys()


def test_the_champion_decides_in_a_clean_process_what_the_chain_decided(retried, tmp_path) -> None:
    bench, uri = retried
    lake = bench.root / "lake"
    candidates, features, scores, decided = (
        pl.read_parquet(lake / asset / SERIES / f"{WINDOW}.parquet")
        for asset in ("candidates", "features", "detector_scores", "decisions")
    )
    code = (
        "import sys, mlflow, numpy as np, pandas as pd\n"
        f"mlflow.set_tracking_uri({uri!r}); mlflow.set_registry_uri({uri!r})\n"
        f"model = mlflow.pyfunc.load_model('models:/{SERIES}-policy@champion')\n"
        "names = model.metadata.signature.inputs.input_names()\n"
        f"x = pd.read_parquet({str(tmp_path / 'x.parquet')!r})[names]\n"
        f"np.save({str(tmp_path / 'said.npy')!r}, model.predict(x).to_numpy())\n"
        "assert 'dagster' not in sys.modules\n"
    )
    from mlplatform.setups.registry import SETUPS

    names = tuple(setup.name for setup in SETUPS)
    plan = core_plan(Series.parse(SERIES).timeframe)
    inputs = model_inputs_of(candidates, features, model_inputs(plan), names)
    inputs = with_score(inputs, candidates, scores)
    frame = pl.DataFrame(inputs.x, schema=list(inputs.names), orient="row")
    frame.with_columns(candidates["atr_points"]).write_parquet(tmp_path / "x.parquet")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said = np.load(tmp_path / "said.npy")
    ml = candidates.select("candidate_id").join(
        decided.filter(pl.col("policy") == "ml"), on="candidate_id", maintain_order="left"
    )
    assert ml.height == len(said) > 50
    np.testing.assert_array_equal(said[:, 1], ml["probability"])
    np.testing.assert_array_equal(said[:, 0] * candidates["atr_points"], ml["stop_points"])
    np.testing.assert_array_equal(said[:, 2], ml["contracts"])
