"""Windows in processes of their own give the report of one process, though one of them dies."""

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import dagster as dg
import pytest

from mlplatform.commands.study import open_study
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.planning.planner import Batch
from mlplatform.orchestration.running import spread
from mlplatform.orchestration.running.carrier import carry
from mlplatform.orchestration.running.spread import run_spread
from mlplatform.orchestration.steps.reasons import StepFailed
from mlplatform.settings import load_settings
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench
from mlplatform_tests.homes import copy_without

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own, and those of what it imports
SERIES = "MES-5m"
WINDOWS = ["2025-04", "2025-05"]
MODELS = ("stop_model", "entry_model", "size_model", "policy")
MADE_AGAIN = (*MODELS, "decisions", "backtest", "equity", "walk_forward_report")


@pytest.fixture
def unfitted(finished: Bench, tmp_path: Path) -> Bench:
    """A copy of the finished home that has lost its windows, its searches and its reports."""
    home = copy_without(finished.root, tmp_path / "home", MADE_AGAIN, ("optuna", "reports"))
    return Bench(home, MemoryTracker())


def carry_and_die_once(home: str, batch: Batch, owner: str) -> None:
    """As `carry`; the first process that has an entry model is killed, as for want of memory."""
    threading.Thread(target=die_half_way, args=(Path(home), batch), daemon=True).start()
    carry(home, batch, owner)


def die_half_way(home: Path, batch: Batch) -> None:
    while not (home / f"lake/entry_model/{SERIES}/{batch.partition.period}.parquet").is_file():
        time.sleep(0.01)
    try:
        (home / "died").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def die(home: str, batch: Batch, owner: str) -> None:
    os._exit(9)


def run(bench: Bench, data: Path) -> tuple[list[Batch], list[str], spread.Done]:
    """Spread over two processes; the batches, the steps told, what was done."""
    study = open_study(bench.root, bench.wish(data, executor="multiprocess", windows_at_once=2))
    study.settle()
    platform = build_platform(bench.root, study.platform.settings)
    batches: list[Batch] = []
    steps: list[str] = []
    with open_instance(platform.home) as instance:
        done = run_spread(
            platform, instance, SERIES, lambda batch, _: batches.append(batch), steps.append
        )
    return batches, steps, done


def test_two_windows_at_once_of_which_one_dies_give_the_same_report(
    finished: Bench, unfitted: Bench, small_bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "carry", carry_and_die_once)
    batches, steps, done = run(unfitted, small_bars)
    assert (unfitted.root / "died").is_file()
    sent = Counter(b.partition.period for b in batches if "policy" in b.assets)
    assert sorted(sent.values()) == [1, 2], "the window that died was sent again"
    begun = sorted(b.partition.period for b in batches if "stop_model" in b.assets)
    assert begun == WINDOWS, "each window was sent, and a model that was finished is kept"
    assert done.batches == len(batches) - 1
    assert steps.count("models") >= len(MODELS) * len(WINDOWS) - 2, "all but what died is told"
    one, other = dict(finished.report()), dict(unfitted.report())
    assert one.pop("provenance") != other.pop("provenance")
    assert one == other
    assert one["certainty"]["permutation"]["candidates"] > 0, "models judged something"
    home = build_platform(unfitted.root, load_settings(unfitted.root)).home
    with open_instance(home) as instance:
        failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        going_on = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    assert (len(failed), len(going_on)) == (1, 0), "only the run that died is told as failed"


def test_a_window_that_dies_every_time_is_given_up_in_a_sentence(
    unfitted: Bench, small_bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "carry", die)
    with pytest.raises(StepFailed, match="died 3 times, last with exit code 9"):
        run(unfitted, small_bars)
