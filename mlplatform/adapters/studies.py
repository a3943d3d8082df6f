"""Where Optuna keeps its studies: a journal file in the home, or a database by URL."""

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
