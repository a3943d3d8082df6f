"""`bench truth` runs worlds through the chain, goes on where it stopped, and counts them."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import ClassVar

import pytest
from rich.console import Console
from typer.testing import CliRunner

from mlplatform.cli import app
from mlplatform.commands import truth as command
from mlplatform.commands.truth import Finished, TruthWish, truth
from mlplatform.commands.truth_book import TruthBook
from mlplatform.commands.truth_world import run_world
from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.orchestration.running.runner import StepFailed
from mlplatform.studies.truth.outcome import Earned
from mlplatform.studies.truth.worlds import PlannedWorld, TruthSettings, plan_worlds
from mlplatform_tests.studies.truth.outcomes import outcome

SMALL = TruthSettings(noise=4, planted=2)


class Worker:
    """Finishes worlds without running them, in another order than asked; some may fail."""

    def __init__(self, fails: Sequence[str] = (), stops_after: int | None = None) -> None:
        self.fails, self.stops_after = fails, stops_after
        self.asked: list[str] = []

    def __call__(self, left: Sequence[PlannedWorld]) -> Iterator[Finished]:
        self.asked = [world.name for world in left]
        for count, world in enumerate(reversed(left)):
            if count == self.stops_after:
                raise KeyboardInterrupt
            if world.name in self.fails:
                yield world, CheckStopped("the bars are spoilt")
                continue
            verdict = "edge" if world.kind == "strong" else "none"
            yield world, replace(outcome(world.kind, 1, verdict), world=world)


def run(home: Path, worker: Worker | None = None, **wish) -> str:
    out = StringIO()
    wanted = TruthWish(wish.pop("settings", SMALL), **wish)
    truth(home, wanted, Console(file=out, width=200), worker or Worker())
    return out.getvalue()


def told(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


def test_each_world_is_run_once_and_all_are_counted(tmp_path, capsys):
    worker = Worker()
    run(tmp_path, worker, as_json=True)
    assert worker.asked == [world.name for world in plan_worlds(SMALL)]
    found = told(capsys)
    assert (found["planned"], found["finished"]) == (10, 10)
    claims = {kind["kind"]: (kind["claims"]["hits"], kind["worlds"]) for kind in found["kinds"]}
    assert claims == {"noise": (0, 4), "weak": (0, 2), "modest": (0, 2), "strong": (2, 2)}
    assert found["passes"] == {"noise_claims": True, "strong_capture": False}


def test_the_same_command_goes_on_where_it_was_stopped(tmp_path):
    first, second = Worker(stops_after=3), Worker()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, first)
    said = run(tmp_path, second)
    assert sorted(second.asked) == sorted(first.asked[:-3])
    assert "10 of 10 worlds are finished" in said
    third = Worker()
    run(tmp_path, third)
    assert third.asked == []


def test_a_line_that_broke_off_is_run_again(tmp_path):
    run(tmp_path)
    path = tmp_path / "truth/worlds.jsonl"
    whole = path.read_text()
    path.write_text(whole[:-20])
    worker = Worker()
    run(tmp_path, worker)
    assert len(worker.asked) == 1
    assert path.read_text() == whole


def test_more_worlds_may_be_asked_for_later_and_fewer_are_told_alone(tmp_path, capsys):
    run(tmp_path)
    worker = Worker()
    run(tmp_path, worker, settings=replace(SMALL, noise=6))
    assert worker.asked == ["noise-005", "noise-006"]
    run(tmp_path, Worker(), settings=replace(SMALL, planted=0), as_json=True)
    assert [kind["kind"] for kind in told(capsys)["kinds"]] == ["noise"]


def test_worlds_of_other_settings_are_not_mixed_in(tmp_path):
    run(tmp_path)
    for change in ({"trials": 6}, {"train_periods": 4}, {"seed": 8}, {"families": ("xgboost",)}):
        with pytest.raises(InputError, match="of other settings or code"):
            run(tmp_path, settings=replace(SMALL, **change))


def test_worlds_of_other_code_are_not_mixed_in(tmp_path, monkeypatch):
    run(tmp_path)
    monkeypatch.setattr(command, "code_version", lambda modules, settings: "other")
    with pytest.raises(InputError, match="of other settings or code"):
        run(tmp_path)


def test_a_file_that_is_no_book_is_refused_and_kept(tmp_path):
    path = tmp_path / "truth/worlds.jsonl"
    path.parent.mkdir()
    for text in ("mine\n", "[]\n", ""):
        path.write_text(text)
        with pytest.raises(InputError, match="of other settings or code"):
            run(tmp_path)
        assert path.read_text() == text


def test_two_commands_cannot_fill_one_home_at_a_time(tmp_path):
    book = TruthBook(tmp_path / "truth", "x")
    with book.writing(), pytest.raises(InputError, match="Another"):
        run(tmp_path)


def test_so_far_runs_nothing_and_tells_what_is_done(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Worker(stops_after=4))
    worker = Worker()
    said = run(tmp_path, worker, so_far=True)
    assert worker.asked == []
    assert "4 of 10 worlds are finished" in said
    nothing = run(tmp_path / "empty", worker, so_far=True)
    assert "0 of 10 worlds are finished" in nothing
    assert nothing.count("not known yet") == 2
    assert not (tmp_path / "empty").exists()


def test_a_world_that_fails_stops_no_other_and_is_tried_again(tmp_path):
    failing = Worker(fails=["noise-002", "weak-001"])
    with pytest.raises(StepFailed, match=r"2 worlds failed.*the bars are spoilt"):
        run(tmp_path, failing)
    again = Worker()
    run(tmp_path, again)
    assert sorted(again.asked) == ["noise-002", "weak-001"]


def test_the_table_says_how_often_and_how_sure(tmp_path):
    class Earning(Worker):
        def __call__(self, left):
            for world, found in super().__call__(left):
                yield world, replace(found, ml=Earned(10, 2.7), day_low=0.5)

    said = run(tmp_path, Earning())
    rows = {line.split("│")[1].strip(): line for line in said.splitlines() if "│" in line}
    assert "At most 5% of noise worlds with a claim of an edge (nominal 1%): met." in said
    assert "At least 80% of the attainable expectancy captured in strong worlds: met." in said
    assert "0/4 0…60" in said  # exact: 1 - 0.025 ** (1 / 4)
    assert "2/2 16…100" in said
    assert "+0.270" in said
    assert "90% 90…90" in said
    assert "4/4 40…100" in said
    assert {"noise", "weak", "modest", "strong"} <= set(rows)


def test_the_command_line_hands_its_options_on(tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        command, "truth", lambda home, wish, console: seen.update(home=home, wish=wish)
    )
    options = ["--worlds", "3", "--planted", "1", "--workers", "2", "--trials", "4", "--json"]
    more = ["--keras", "--train-periods", "5", "--seed", "9", "--home", str(tmp_path)]
    found = CliRunner().invoke(app, ["bench", "truth", *options, *more], catch_exceptions=False)
    assert found.exit_code == 0
    assert seen["home"] == tmp_path
    assert seen["wish"] == TruthWish(
        TruthSettings(3, 1, 4, 5, 9, ("lightgbm", "xgboost", "linear", "keras")), 2, False, True
    )


class InThisProcess:
    """A pool that keeps no process, and fails as a pool does."""

    made: ClassVar[list[int]] = []

    def __init__(self, workers, context) -> None:
        assert context.get_start_method() == "spawn"
        assert os.environ["POLARS_MAX_THREADS"] == os.environ["OMP_NUM_THREADS"] == "1"
        self.made.append(workers)

    def submit(self, work, *given):
        future = Future()
        try:
            future.set_result(work(*given))
        except (CheckStopped, ZeroDivisionError) as error:
            future.set_exception(error)
        return future

    def shutdown(self, **_) -> None:
        """Nothing to end."""


def pooled(monkeypatch, result) -> None:
    monkeypatch.setattr(InThisProcess, "made", [])
    monkeypatch.setattr(command, "ProcessPoolExecutor", InThisProcess)
    monkeypatch.setattr(command, "run_world", result)


def found_in(world, settings, folder):
    assert folder.name == world.name
    if world.name == "weak-001":
        raise CheckStopped("the bars are spoilt")
    return replace(outcome(world.kind, 1), world=world)


def test_processes_run_all_worlds_on_one_thread_each_and_are_replaced(tmp_path, monkeypatch):
    pooled(monkeypatch, found_in)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    many = TruthSettings(noise=40, planted=1)
    with pytest.raises(StepFailed, match=r"1 worlds failed, the first of them weak-001"):
        truth(tmp_path, TruthWish(many, workers=2), Console(file=StringIO()))
    assert InThisProcess.made == [2, 2, 2]  # 43 worlds, 16 to a pool of two
    book = (tmp_path / "truth/worlds.jsonl").read_text().splitlines()
    assert len(book) == 1 + 42
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "POLARS_MAX_THREADS" not in os.environ


def test_a_defect_in_a_world_stops_the_bench_and_what_was_done_stays(tmp_path, monkeypatch):
    def broken(world, settings, folder):
        return found_in(world, settings, folder) if world.kind == "noise" else 1 / 0

    pooled(monkeypatch, broken)
    with pytest.raises(ZeroDivisionError):
        truth(tmp_path, TruthWish(SMALL), Console(file=StringIO()))
    assert (tmp_path / "truth/worlds.jsonl").exists()


def test_a_bench_without_a_worker_is_refused(tmp_path):
    with pytest.raises(InputError, match="--workers 1 or more"):
        truth(tmp_path, TruthWish(SMALL, workers=0), Console(file=StringIO()))


@pytest.fixture(scope="module", params=["noise", "strong"])
def short(request, tmp_path_factory) -> tuple:
    """Six weeks of a world through the whole chain: a month trains, the rest is tested."""
    planned = PlannedWorld(request.param, 1, 11)
    folder = tmp_path_factory.mktemp("truth") / "world"
    settings = TruthSettings(trials=1, train_periods=1, families=("lightgbm",))
    world = replace(planned.world, sessions=30)
    return planned, run_world(planned, settings, folder, world), folder


def test_a_world_goes_through_the_chain_to_its_verdict(short):
    planned, found, folder = short
    assert found.world == planned
    assert found.verdict in ("none", "loss", "too_little")  # that proves nothing
    assert found.ml.trades > 0
    assert found.baseline.trades > found.ml.trades
    assert found.seconds > 0.1
    assert not folder.exists()


def test_what_is_planted_is_known_and_noise_has_nothing_to_know(short):
    planned, found, _ = short
    if planned.kind == "noise":
        assert found.oracle is None
        assert found.observer is None
        assert found.choice.taken == 0
        return
    assert found.oracle.expectancy_r > found.observer.expectancy_r > 0
    assert found.oracle.expectancy_r > found.baseline.expectancy_r
    assert 0 < found.choice.hits <= min(found.choice.taken, found.choice.oracle)
    assert found.choice.oracle_static_r > 0
