"""`mlplatform prune` on a home: it says what goes, removes just that, and nothing runs again."""

import copy
import io
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import optuna
import pytest
from rich.console import Console

from mlplatform.adapters.studies import StudyStorage
from mlplatform.adapters.tracking.port import Registered
from mlplatform.commands.prune import prune, prune_platform
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.build import Platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.retention.removing import require_rest
from mlplatform.orchestration.running.runner import run_intake
from mlplatform_tests.conftest import Bench
from mlplatform_tests.deploy.compose import ROOT

_KILLED_WRITE = """
import os, signal, sys
from pathlib import Path
from mlplatform.adapters.atomic import replacing

with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
LATER = datetime.now(UTC) + timedelta(days=200)
SERIES = "MES-5m"


@dataclass
class Aged:
    """A finished home, with some things in it that nothing refers to, looked at in 200 days."""

    bench: Bench
    platform: Platform
    idle_run: str

    def prune(self, is_dry: bool = False) -> list[str]:
        console = Console(record=True, width=200, file=io.StringIO())
        prune_platform(self.platform, is_dry, console, LATER)
        return console.export_text().splitlines()


@pytest.fixture
def aged(finished: Bench, small_bars: Path, tmp_path: Path) -> Aged:
    shutil.copytree(finished.root, tmp_path / "home")
    tracker = copy.deepcopy(finished.tracker)
    for role in ("stop", "policy"):
        mine = tracker.versions[f"{SERIES}-{role}"]
        tags = {"fingerprint": "superseded", "recipe": mine[0].tags.get("recipe", "")}
        mine[:0] = [Registered(number, f"old{number}-0", tags) for number in ("90", "91")]
    bench = Bench(tmp_path / "home", tracker)
    platform = bench.open(small_bars, keep_versions=2).platform
    with open_instance(platform.home) as instance:
        run_intake(platform, instance, [SERIES])
        (idle,) = instance.get_runs(dg.RunsFilter(job_name="intake"))
    return Aged(bench, platform, idle.run_id)


def test_the_dry_run_says_what_the_real_one_removes_and_a_second_one_removes_nothing(
    aged: Aged,
) -> None:
    before = {path: path.stat().st_mtime_ns for path in aged.bench.root.rglob("*.parquet")}
    told = aged.prune(is_dry=True)
    assert told == aged.prune(is_dry=True), "a dry run removes nothing"
    done = aged.prune()
    assert told[:-1] == done[:-1]
    assert told[-1].removeprefix("Would go") == done[-1].removeprefix("Gone")
    assert {line.split()[0] for line in done[:-1]} == {"study", "version", "run"}
    assert [line for line in done if aged.idle_run in line]
    assert aged.prune() == ["Nothing is old enough to go."]
    assert before == {path: path.stat().st_mtime_ns for path in aged.bench.root.rglob("*.parquet")}


def test_after_pruning_nothing_has_to_run_again_and_the_champion_decides(
    aged: Aged, small_bars: Path
) -> None:
    champion = aged.bench.tracker.champion(SERIES)
    recipes = aged.bench.tracker.recipes(SERIES)
    report = aged.bench.report()
    aged.prune()
    assert aged.bench.run(small_bars, keep_versions=2) == []
    assert aged.bench.tracker.champion(SERIES) == champion
    assert aged.bench.tracker.recipes(SERIES) == recipes
    versions = {one.version for one in aged.bench.tracker.versions[f"{SERIES}-policy"]}
    assert versions >= {v for v in report["provenance"]["policy_versions"].values() if v}
    assert "90" not in versions
    with open_instance(aged.platform.home) as instance:
        assert instance.get_run_by_id(report["provenance"]["dagster_run"]) is not None
        assert instance.get_run_by_id(aged.idle_run) is None


def test_a_removal_that_dies_halfway_is_taken_up(
    aged: Aged, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = aged.prune(is_dry=True)
    with monkeypatch.context() as patched:
        patched.setattr(dg.DagsterInstance, "delete_run", _killed)
        with pytest.raises(KeyboardInterrupt):
            aged.prune()
    rest = aged.prune()
    assert 1 < len(rest) < len(told)
    assert set(rest[:-1]) < set(told)
    assert [line.split()[0] for line in rest[:-1]] == ["run"]


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_files_of_an_asset_that_is_no_more_go_and_their_witness_with_them(aged: Aged) -> None:
    lake, old = aged.platform.home.lake, dg.AssetKey("old_asset")
    lake.write(lake.read("bars", SERIES, ["2025-01"]), "old_asset", SERIES, "2025-01")
    with open_instance(aged.platform.home) as instance:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(old, partition=f"2025-01|{SERIES}")
        )
    done = aged.prune()
    assert [line for line in done if line.startswith(f"file     old_asset/{SERIES}/2025-01: ")]
    assert not lake.has("old_asset", SERIES, "2025-01")
    assert lake.has("bars", SERIES, "2025-01")


def test_what_a_killed_write_of_the_lake_left_is_told_and_goes_after_a_day(aged: Aged) -> None:
    folder = aged.platform.home.lake.shelf.root / "bars" / SERIES
    words = [sys.executable, "-c", _KILLED_WRITE, str(folder / "2025-01.parquet")]
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    for _ in range(2):
        assert subprocess.run(words, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    left, young = sorted(path for path in folder.iterdir() if path not in before)
    for path, hours in ((left, 25), (young, 23)):
        os.utime(path, times=((LATER - timedelta(hours=hours)).timestamp(),) * 2)
    why = "never finished; whoever wrote it stopped 1 day ago"
    line = f"part     lake/bars/{SERIES}/{left.name}: {why}"
    assert line in aged.prune(is_dry=True)
    assert left.is_file(), "a dry run removes nothing"
    assert line in aged.prune()
    assert not left.exists()
    assert young.is_file(), "a writer may be at it"
    young.unlink()
    assert before == {path: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_the_job_does_the_same_and_tells_its_counts(aged: Aged) -> None:
    job = aged.platform.definitions.resolve_job_def("prune")
    with open_instance(aged.platform.home) as instance:
        for is_dry in (True, False):
            config = {"ops": {"remove_what_is_old": {"config": {"dry_run": is_dry}}}}
            result = job.execute_in_process(instance=instance, run_config=config)
            assert result.success
    assert len(aged.prune()) > 1, "today nothing but models is old"
    assert "90" not in {one.version for one in aged.bench.tracker.versions[f"{SERIES}-stop"]}


def test_while_a_run_is_at_work_nothing_is_removed() -> None:
    now = datetime.now(UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.DagsterRun("train", status=dg.DagsterRunStatus.STARTED)
        instance.add_run(run)
        with pytest.raises(InputError, match=f"Run {run.run_id} of train is at work"):
            require_rest(instance, now)
        require_rest(instance, now + timedelta(hours=25))
        instance.delete_run(run.run_id)
        instance.add_run(dg.DagsterRun("prune", status=run.status))
        require_rest(instance, now)


def test_no_home_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no home yet"):
        prune(tmp_path, True, Console())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["journal", "database"])
def test_studies_that_are_forgotten_are_gone_and_the_others_resume(
    kind: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'optuna.db'}" if kind == "database" else None
    storage = StudyStorage(tmp_path / "optuna", url)
    assert storage.ages(SERIES) == {} or kind == "database"
    for name in ("old", "new", "empty"):
        study = optuna.create_study(storage=storage.open(SERIES), study_name=f"{SERIES}-{name}")
        if name != "empty":
            study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    began = storage.ages(SERIES)
    assert set(began) == {f"{SERIES}-old", f"{SERIES}-new"}
    assert all(abs(at - datetime.now(UTC)) < timedelta(minutes=5) for at in began.values())
    before = optuna.load_study(storage=storage.open(SERIES), study_name=f"{SERIES}-new").trials
    storage.forget(SERIES, {f"{SERIES}-old"})
    assert set(storage.ages(SERIES)) == {f"{SERIES}-new"}
    kept = optuna.load_study(storage=storage.open(SERIES), study_name=f"{SERIES}-new")
    assert [(t.number, t.params, t.value) for t in kept.trials] == [
        (t.number, t.params, t.value) for t in before
    ]
    kept.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert len(kept.trials) == 4
