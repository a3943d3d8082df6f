"""Where Optuna keeps its studies: a journal file in the home, or a database by URL; and who works
on one.
"""

import logging
import multiprocessing
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlplatform.adapters.atomic import replacing


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
            # A connection that a restart of the database broke is noticed before it is used.
            return RDBStorage(self._url, engine_kwargs={"pool_pre_ping": True})
        self._folder.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(self._journal(series))))

    def ages(self, series: str) -> dict[str, datetime]:
        """When the newest trial of each study of the series began or ended, UTC, by name; studies
        without trials are left out.
        """
        if self._url is None and not self._journal(series).is_file():
            return {}
        storage = self.open(series)
        found = {}
        for study in storage.get_all_studies():
            if study.study_name.startswith(f"{series}-"):
                trials = storage.get_all_trials(study._study_id, deepcopy=False)
                times = [at for t in trials for at in (t.datetime_start, t.datetime_complete) if at]
                if times:  # Optuna's times are local ones, without a zone
                    found[study.study_name] = max(times).astimezone(UTC)
        return found

    def forget(self, series: str, names: Collection[str]) -> None:
        """Remove these studies. A journal only ever grows: it is written anew without them, so
        nobody may be at work on it.
        """
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = self.open(series)
        if self._url is not None:
            for name in names:
                optuna.delete_study(study_name=name, storage=storage)
            return
        held = [study.study_name for study in storage.get_all_studies()]
        with replacing(self._journal(series)) as temporary:
            backend = optuna.storages.journal.JournalFileBackend(str(temporary))
            rest = optuna.storages.JournalStorage(backend)
            for name in held:
                if name not in names:
                    optuna.copy_study(from_study_name=name, from_storage=storage, to_storage=rest)

    def _journal(self, series: str) -> Path:
        return self._folder / f"{series}.log"


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
