"""Several processes share one study on Postgres: no trial is lost, none is run twice."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

from mlplatform.adapters.studies import StudyStorage, worker_processes
from mlplatform.models.tuning import Tuner
from mlplatform_tests.deploy.compose import read_services
from mlplatform_tests.deploy.stack import SECRETS, Stack, free_port, postgres, postgres_programs
from mlplatform_tests.models.test_crew import SPACE, Noted

pytestmark = pytest.mark.skipif(
    postgres_programs() is None, reason="there is no Postgres (package postgresql) here"
)
TRIALS, WORKERS = 18, 3


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address that the compose file gives, of a database made as there."""
    root = Path(tempfile.mkdtemp(prefix="study-"))
    one = Stack(root, {"postgres": free_port()}, read_services(SECRETS))
    monkeypatch.setenv("PGPASSWORD", SECRETS["POSTGRES_PASSWORD"])
    with postgres(one):
        yield one.here(one.services["code"].environment["MLPLATFORM_OPTUNA_URL"])
    shutil.rmtree(root)


def test_processes_share_a_study_on_postgres(url: str, tmp_path: Path) -> None:
    storage = StudyStorage(tmp_path, url).open("MES-1m")
    objective = Noted(tmp_path / "diary", processes=WORKERS)
    tuner = Tuner((7, "entry", "2025-06"), TRIALS, storage, "s", crew=worker_processes(WORKERS))
    found = tuner.tune(objective, SPACE)
    entries = objective.entries()
    assert len(entries) == found.trials_run == TRIALS
    assert len({pid for pid, *_ in entries}) >= WORKERS, "all of them worked"
    study = optuna.load_study(study_name="s", storage=storage)
    judged = [trial for trial in study.trials if trial.state.name in ("COMPLETE", "PRUNED")]
    assert len(judged) == TRIALS
    told = sorted((repr(t.params["x"]), str(t.params["k"])) for t in judged)
    assert told == sorted((x, k) for _, x, k in entries), "each was run once, and kept"
    assert study.best_value == found.best_value
    storage.remove_session()
    storage.engine.dispose()
