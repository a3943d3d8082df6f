"""`mlplatform bench truth`: runs the platform on worlds whose truth is known, and counts."""

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mlplatform.commands.truth_book import TruthBook
from mlplatform.commands.truth_table import tell
from mlplatform.commands.truth_world import run_world
from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.orchestration.code import code_version
from mlplatform.orchestration.running.runner import StepFailed
from mlplatform.orchestration.steps.threads import limited_to
from mlplatform.studies.truth.outcome import Outcome
from mlplatform.studies.truth.tally import passes, tally
from mlplatform.studies.truth.worlds import PlannedWorld, TruthSettings, left_over, plan_worlds

_CODE = ("commands.truth_world", "orchestration.build")
_WORLDS_A_PROCESS = 8
"""Then it is replaced, so that what a hundred runs leave in memory does not add up."""

Finished = tuple[PlannedWorld, Outcome | Exception]
Work = Callable[[Sequence[PlannedWorld]], Iterator[Finished]]
"""Runs worlds, and gives each as it is finished, or the error that it ended with."""


@dataclass(frozen=True)
class TruthWish:
    """What the user asked for."""

    settings: TruthSettings
    workers: int = 1
    so_far: bool = False
    """Only tell what is finished."""
    as_json: bool = False


def truth(home: Path, wish: TruthWish, console: Console, work: Work | None = None) -> None:
    """Run the worlds that are not finished yet, and print what all of them say.

    Raises StepFailed where worlds could not be run, after all others did; the same command tries
    those again. `work` stands in for the processes.
    """
    folder, settings = home / "truth", wish.settings
    planned = plan_worlds(settings)
    book = TruthBook(folder, _identity(settings))
    failed: dict[str, Exception] = {}
    if not wish.so_far:
        with book.writing() as done:
            left = left_over(planned, [item.world for item in done])
            run = work or _processes(settings, folder, wish.workers)
            failed = _run(run, left, book, console)
    wanted = set(planned)
    outcomes = [item for item in book.read() if item.world in wanted]
    tallies = tally(outcomes, settings.seed)
    if wish.as_json:
        met = passes(tallies)
        told = {
            "settings": asdict(settings),
            "planned": len(planned),
            "finished": len(outcomes),
            "kinds": [asdict(item) for item in tallies],
            "passes": met,
        }
        print(json.dumps(told))  # noqa: T201 - for programs: no colours, no wrapping
    else:
        tell(tallies, len(planned), book.path, console)
    if failed:
        name, error = next(iter(failed.items()))
        raise StepFailed(f"{len(failed)} worlds failed, the first of them {name}: {error}")


def _run(
    work: Work, left: Sequence[PlannedWorld], book: TruthBook, console: Console
) -> dict[str, Exception]:
    """Run what is left, writing each world down as it is finished; what failed, by name."""
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    failed = {}
    # Not on the standard output, which a program may read.
    shown = console if console.is_terminal else Console(stderr=True)
    with Progress(*columns, console=shown, transient=True) as progress:
        bar = progress.add_task("worlds", total=len(left))
        for world, found in work(left):
            if isinstance(found, Outcome):
                book.add(found)
            else:
                failed[world.name] = found
            progress.update(bar, advance=1, description=world.name)
    return failed


def _processes(settings: TruthSettings, folder: Path, workers: int) -> Work:
    """Each world in one of `workers` processes, each of them on one core."""
    if workers < 1:
        raise InputError("Worlds need a worker at least: --workers 1 or more.")

    def work(left: Sequence[PlannedWorld]) -> Iterator[Finished]:
        # Not by `max_tasks_per_child`: under Python 3.11 a pool hangs when it comes to that.
        for shift in _shifts(left, workers * _WORLDS_A_PROCESS):
            with limited_to(1):
                yield from _shift(shift, settings, folder / "now", workers)

    return work


def _shifts(worlds: Sequence[PlannedWorld], size: int) -> Iterator[Sequence[PlannedWorld]]:
    yield from (worlds[start : start + size] for start in range(0, len(worlds), size))


def _shift(
    worlds: Sequence[PlannedWorld], settings: TruthSettings, folder: Path, workers: int
) -> Iterator[Finished]:
    """Worlds in fresh processes, which end with them."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
    try:
        futures = {
            pool.submit(run_world, world, settings, folder / world.name): world for world in worlds
        }
        for future in as_completed(futures):
            error = future.exception()
            if isinstance(error, CheckStopped | InputError | StepFailed):
                yield futures[future], error
            else:
                yield futures[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _identity(settings: TruthSettings) -> str:
    """Of what decides a world's result; how many worlds are wanted does not."""
    told = {name: value for name, value in asdict(settings).items() if name not in _COUNTS}
    return code_version(_CODE, told)


_COUNTS = ("noise", "planted")
