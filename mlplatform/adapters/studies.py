"""Where Optuna keeps its studies: a journal file in the home, or a database by URL; and who works
on one.
"""

import logging
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any


class StudyStorage:
    """Opens the storage anew for each fit: the journal is read from the file."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self._folder = folder
        self._url = url

    def open(self, series: str) -> Any:
        """An Optuna storage; locally each series has its own journal, which is read whole."""
        from optuna.storages import JournalStorage, RDBStorage  # slow to import
        from optuna.storages.journal import JournalFileBackend

        if self._url is not None:
            return RDBStorage(self._url)
        self._folder.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(self._folder / f"{series}.log")))


def worker_processes(count: int) -> Callable[[Callable[[], None]], None]:
    """Has so many processes of their own do the same work, which goes to them by pickle.

    They are spawned: a fork would copy the locks of the boosters' thread pools. One that dies is
    told in the log, its work is the caller's to finish; all are stopped where the caller is.
    """

    def work_together(work: Callable[[], None]) -> None:
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=work, daemon=True) for _ in range(count)]
        try:
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        finally:
            for worker in workers:
                if worker.is_alive():
                    worker.terminate()
        lost = sum(worker.exitcode != 0 for worker in workers)
        if lost:
            logging.getLogger(__name__).warning("%d of %d tuning workers died", lost, count)

    return work_together
