"""One owner has a turn at a time; it ends with the process, however that ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import dagster as dg

from mlplatform.adapters.turns import Turns
from mlplatform.orchestration.steps.turn import INTAKE, OWNER_TAG, close_abandoned
from mlplatform_tests.deploy.compose import ROOT

PLACE = "2025-02|MES-5m"
_HOLDER = """
import sys, time
from pathlib import Path
from mlplatform.adapters.turns import Turns
with Turns(Path(sys.argv[1])).take(sys.argv[2], sys.argv[3]):
    print("has it", flush=True)
    time.sleep(600)
"""


def holding(root: Path, owner: str) -> "subprocess.Popen[str]":
    """Another process that has the turn."""
    words = [sys.executable, "-c", _HOLDER, str(root), PLACE, owner]
    other = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert other.stdout is not None
    assert other.stdout.readline() == "has it\n"
    return other


def ended(other: "subprocess.Popen[str]") -> None:
    other.kill()
    other.wait(20)
    assert other.stdout is not None
    other.stdout.close()


def test_a_turn_is_waited_for_and_had_once_its_process_was_killed(tmp_path: Path) -> None:
    turns, other, told = Turns(tmp_path), holding(tmp_path, "one"), []
    try:
        assert not turns.is_free(PLACE)
        killing = threading.Timer(0.5, os.kill, (other.pid, signal.SIGKILL))
        killing.start()
        with turns.take(PLACE, "another", lambda: told.append("waits")):
            assert other.wait(20) == -signal.SIGKILL, "it ended before"
    finally:
        ended(other)
    assert told == ["waits"], "told once"
    assert turns.is_free(PLACE)


def test_processes_of_one_owner_have_it_together(tmp_path: Path) -> None:
    turns, other = Turns(tmp_path), holding(tmp_path, "one run")
    try:
        with turns.take(PLACE, "one run"):
            assert other.poll() is None
        assert not turns.is_free(PLACE), "the other step is still at work"
    finally:
        ended(other)


def test_other_places_are_free_meanwhile(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    with turns.take(PLACE, "one"), turns.take("2025-03|MES-5m", "another"):
        assert turns.is_free("MES-5m")
        assert not turns.is_free("2025-03|MES-5m")


def test_many_owners_at_once_never_overlap(tmp_path: Path) -> None:
    turns, inside, most = Turns(tmp_path), [], []

    def work(number: int) -> None:
        for _ in range(5):
            with turns.take(PLACE, f"owner {number}"):
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.01)
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(most) == 20, "all had their turns"
    assert max(most) == 1


def test_runs_of_killed_commands_are_closed_and_no_others(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:

        def going_on(tags: dict[str, str]) -> str:
            run = dg.DagsterRun(job_name="windows", status=dg.DagsterRunStatus.STARTED, tags=tags)
            return instance.add_run(run).run_id

        partition = {"dagster/partition": PLACE}
        working = going_on({OWNER_TAG: "alive", "dagster/partition": "2025-03|MES-5m"})
        killed = going_on({OWNER_TAG: "dead", **partition})
        taken_in = going_on({OWNER_TAG: "dead"})
        of_the_daemon = going_on(partition)
        with turns.take("2025-03|MES-5m", "alive"):
            assert close_abandoned(instance, turns) == 2

        def status(run_id: str) -> str:
            run = instance.get_run_by_id(run_id)
            assert run is not None
            return run.status.value

        assert [status(run_id) for run_id in (killed, taken_in)] == ["FAILURE", "FAILURE"]
        assert [status(run_id) for run_id in (working, of_the_daemon)] == ["STARTED", "STARTED"]
        with turns.take(INTAKE, "me"):
            assert close_abandoned(instance, turns) == 1, "whose command has ended since"
