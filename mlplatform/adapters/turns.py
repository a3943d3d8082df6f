"""Turns: who works on a partition now, among all processes that share a home.

A turn is held through `flock`, so that the system ends it with the process, however it ends.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_LOOK_S = 0.1
_GUARD = ".guard"


class Turns:
    """`<home>/turns/<place>`: one owner a place at a time; others wait until it is free.

    Several processes of one owner, such as the steps of one run, have the turn together.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def take(
        self, place: str, owner: str, on_wait: Callable[[], None] = lambda: None
    ) -> Iterator[None]:
        """Have the turn within the block; `on_wait` is told once where another has it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with self._path(place).open("a+") as file:
            is_told = False
            while not self._got(file, owner):
                if not is_told:
                    is_told = True
                    on_wait()
                time.sleep(_LOOK_S)
            yield  # closing the file ends the turn

    def is_free(self, place: str) -> bool:
        """Whether nobody has the turn."""
        if not self._path(place).is_file():
            return True
        with self._guarded(), self._path(place).open("a+") as file:
            return _locked(file)

    def _path(self, place: str) -> Path:
        return self.root / place.replace("|", "@")

    def _got(self, file: IO[str], owner: str) -> bool:
        with self._guarded():
            file.seek(0)
            if file.read() != owner:
                if not _locked(file):
                    return False
                file.truncate(0)
                file.write(owner)
                file.flush()
            # Only processes of the owner named in the file ever share it.
            fcntl.flock(file, fcntl.LOCK_SH)
            return True

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Looking and taking are one."""
        with (self.root / _GUARD).open("a") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def own_name() -> str:
    """What this process calls itself as an owner."""
    return f"{os.uname().nodename}-{os.getpid()}-{time.time_ns()}"
