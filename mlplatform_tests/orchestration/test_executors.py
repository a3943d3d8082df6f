"""A step that is lost is carried out again, one that fails is not; cores are shared."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.build import build_definitions
from mlplatform.orchestration.running import carrier, spread
from mlplatform.orchestration.running.runner import raise_for
from mlplatform.orchestration.steps import executors
from mlplatform.orchestration.steps.executors import executor_of
from mlplatform.orchestration.steps.threads import (
    families_at_once,
    limited_to,
    step_cores,
    thread_limits,
)
from mlplatform.orchestration.steps.turn import OWNER_TAG
from mlplatform.settings import StudySettings


def job_that(what: str, diary: str) -> dg.JobDefinition:
    """A job of one step that writes a line, then goes wrong in its way."""

    @dg.op
    def step() -> None:
        with Path(diary).open("a") as lines:
            lines.write(f"{os.environ['POLARS_MAX_THREADS']}\n")
        times = len(Path(diary).read_text().splitlines())
        if what == "is killed always" or (what == "is killed once" and times == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "fails":
            raise ValueError("a defect")

    settings = StudySettings(executor="multiprocess", windows_at_once=1)

    @dg.job(executor_def=executor_of(settings))
    def one_step() -> None:
        step()

    return one_step


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setattr(executors, "PRELOADED", ())
    monkeypatch.setattr(executors, "_LOST_WAIT_S", 0)
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("what", "succeeds", "times"),
    [("is killed once", True, 2), ("is killed always", False, 4), ("fails", False, 1)],
)
def test_a_killed_step_is_carried_out_again_and_a_failed_one_is_not(
    what: str,
    succeeds: bool,
    times: int,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in thread_limits(1):
        monkeypatch.delenv(name, raising=False)
    # The step's process imports this module, wherever pytest was started from.
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    diary = tmp_path / "diary"
    job = dg.build_reconstructable_job(__name__, job_that.__name__, (what, str(diary)))
    result = dg.execute_job(job, instance)
    assert result.success is succeeds
    lines = diary.read_text().splitlines()
    assert lines == [str(os.cpu_count())] * times
    for name in thread_limits(1):
        monkeypatch.delenv(name)  # what the executor set is gone with this test


def test_an_executor_that_cannot_begin_is_told_in_its_own_words(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    job = job_that("fails", str(tmp_path / "diary"))
    run = instance.create_run_for_job(job, tags={OWNER_TAG: "us"})
    try:
        raise InputError("No Ray cluster answers.")
    except InputError:
        carrier._note_failure(instance, "us")
    with pytest.raises(InputError, match=r"^No Ray cluster answers\.$"):
        raise_for(spread._events(instance, run.run_id))
    assert instance.get_run_by_id(run.run_id).is_finished  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["ray", "kubernetes"])
def test_without_its_extra_an_executor_is_refused_in_a_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(executors, "find_spec", lambda _: None)
    monkeypatch.setenv("MLPLATFORM_EXECUTOR", name)
    with pytest.raises(InputError, match=rf"pip install 'mlplatform\[{name}\]'"):
        build_definitions(tmp_path)


def test_one_process_is_the_default_and_light_jobs_never_leave_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def names() -> dict[str, str]:
        found = build_definitions(tmp_path)
        jobs = ("ingest", "train", "windows", "decide", "report", "compare", "intake", "landing")
        return {job: found.resolve_job_def(job).executor_def.name for job in jobs}

    assert set(names().values()) == {"in_process"}
    monkeypatch.setenv("MLPLATFORM_EXECUTOR", "multiprocess")
    sent = {job for job, executor in names().items() if executor == "multiprocess"}
    assert sent == {"train", "windows"}


@pytest.mark.parametrize("module", executors.PRELOADED)
def test_what_is_loaded_before_can_be_imported(module: str) -> None:
    assert executors.find_spec(module)


def test_a_step_has_its_share_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    here = StudySettings(model_threads=4)
    assert (step_cores(here), families_at_once(here)) == (8, 4)
    shared = here.model_copy(update={"executor": "multiprocess", "windows_at_once": 3})
    assert (step_cores(shared), families_at_once(shared)) == (2, 2)
    crowded = shared.model_copy(update={"windows_at_once": 20})
    assert (step_cores(crowded), families_at_once(crowded)) == (1, 1)
    away = here.model_copy(update={"executor": "ray", "step_cores": 3})
    assert (step_cores(away), families_at_once(away)) == (3, 3)


def test_limits_are_for_processes_that_start_within(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    with limited_to(2):
        assert os.environ["OMP_NUM_THREADS"] == os.environ["POLARS_MAX_THREADS"] == "2"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "POLARS_MAX_THREADS" not in os.environ
