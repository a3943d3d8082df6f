"""Several workers on one study: no trial is lost, none is run twice, whoever dies."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage

from mlplatform.adapters.studies import StudyStorage, worker_processes
from mlplatform.models.crew import Share, TimeLimit
from mlplatform.models.errors import NotTrainable
from mlplatform.models.space import Real, Space, Whole
from mlplatform.models.tuning import Tuner

SPACE = Space({"x": Real(-3.0, 3.0), "k": Whole(1, 9)}, first={"x": 0.5, "k": 4})
TRIALS = 8


@dataclass(frozen=True)
class Noted:
    """A bowl told fold by fold, that writes down who ran it; kills one process on demand."""

    diary: Path
    dies_in: int | None = None
    """The line of the diary at which the process that writes it ends."""
    processes: int = 0
    """So many must be at work before a worker goes on with its first trial."""

    def __call__(self, params):
        with self.diary.open("a") as diary:
            diary.write(f"{os.getpid()} {params['x']!r} {params['k']}\n")
        if self.dies_in is not None and len(self.entries()) == self.dies_in:
            os._exit(9)
        while self.diary_of_others() and len({pid for pid, *_ in self.entries()}) < self.processes:
            time.sleep(0.01)
        for share in (0.9, 1.0):
            time.sleep(0.01)
            yield (params["x"] - 1.0) ** 2 * share + abs(params["k"] - 3)

    def diary_of_others(self) -> bool:
        """Whether this is not the process that began it."""
        return self.entries()[0][0] != str(os.getpid())

    def entries(self) -> list[list[str]]:
        return [line.split() for line in self.diary.read_text().splitlines()]


def storage_of(kind: str, folder: Path) -> BaseStorage:
    url = f"sqlite:///{folder / 'optuna.db'}" if kind == "rdb" else None
    return StudyStorage(folder, url).open("MES-1m")


def tuner(storage: BaseStorage, crew: Callable[[Share], None] | None) -> Tuner:
    return Tuner((7, "entry", "2025-06"), TRIALS, storage, "s", crew=crew)


def states(storage: BaseStorage) -> Counter[str]:
    return Counter(t.state.name for t in optuna.load_study(study_name="s", storage=storage).trials)


def threads(count: int) -> Callable[[Share], None]:
    """A crew in this process: quicker to start, and to break."""

    def work_together(share: Share) -> None:
        workers = [threading.Thread(target=share) for _ in range(count)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return work_together


@pytest.mark.parametrize("kind", ["journal", "rdb"])
def test_processes_share_a_study_and_no_trial_is_lost_or_run_twice(tmp_path, kind):
    noted = Noted(tmp_path / "diary", processes=3)
    found = tuner(storage_of(kind, tmp_path), worker_processes(2)).tune(noted, SPACE)
    entries = noted.entries()
    assert len(entries) == found.trials_run == TRIALS
    assert len({(x, k) for _, x, k in entries}) == TRIALS
    assert len({pid for pid, *_ in entries} - {str(os.getpid())}) == 2
    assert found.history[0].params == SPACE.first
    assert [float(x) for _, x, _ in entries].count(0.5) == 1
    again = Noted(tmp_path / "again")
    (tmp_path / "again").touch()
    assert tuner(storage_of(kind, tmp_path), worker_processes(2)).tune(again, SPACE) == found
    assert again.entries() == []


def test_what_a_dead_worker_left_is_done_again_and_counted_once(tmp_path, caplog):
    noted, storage = Noted(tmp_path / "diary", dies_in=4), storage_of("journal", tmp_path)
    found = tuner(storage, worker_processes(2)).tune(noted, SPACE)
    assert found.trials_run == TRIALS
    assert len(noted.entries()) == TRIALS + 1
    assert len({r.params["x"] for r in found.history}) == TRIALS
    left = states(storage)
    assert left["RUNNING"] == left["WAITING"] == 0
    assert left["COMPLETE"] + left["PRUNED"] == TRIALS
    assert "1 of 2 tuning workers died" in caplog.text


def test_many_at_once_get_each_trial_once(tmp_path):
    for attempt in range(2):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        noted = Noted(folder / "diary")
        found = tuner(storage_of("rdb", folder), threads(4)).tune(noted, SPACE)
        assert len(noted.entries()) == len(found.history) == TRIALS
        assert len({r.params["x"] for r in found.history}) == TRIALS


def test_trials_of_a_crew_are_pruned_and_refused_ones_keep_their_place(tmp_path):
    calls = []

    def picky(params):
        calls.append(params)
        if len(calls) == 3:
            raise NotTrainable("no losers")
        yield from ((params["x"] * 1e6) % 1.0 + i for i in range(2))

    storage = storage_of("journal", tmp_path)
    found = replace(tuner(storage, threads(2)), trials=30).tune(picky, SPACE)
    counts = Counter(r.state for r in found.history)
    assert counts["fail"] == 1
    assert counts["pruned"] > 3
    assert counts.total() == len(calls) == 30
    assert [r.number for r in found.history] == list(range(30))


def test_a_limit_in_seconds_holds_for_workers_too(tmp_path):
    now = [0.0]

    def slow(params):
        now[0] += 1.0
        return params["x"] ** 2

    limit = TimeLimit(5.0, lambda: now[0])
    found = replace(tuner(storage_of("rdb", tmp_path), threads(1)), limit=limit).tune(slow, SPACE)
    assert found.trials_run == 5


def test_without_a_storage_nothing_is_shared():
    def none(share: Share) -> None:
        raise AssertionError

    alone = replace(tuner(storage_of, none), storage=None)
    assert alone.tune(lambda params: params["x"] ** 2, SPACE).trials_run == TRIALS


def test_a_study_in_a_database_resumes_to_the_same_trials_as_in_a_journal(tmp_path):
    def bowl(params):
        return (params["x"] - 1.0) ** 2

    whole = tuner(storage_of("journal", tmp_path), None).tune(bowl, SPACE)
    replace(tuner(storage_of("rdb", tmp_path), None), trials=6).tune(bowl, SPACE)
    assert tuner(storage_of("rdb", tmp_path), None).tune(bowl, SPACE) == whole
