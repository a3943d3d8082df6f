"""The finished worlds of `bench truth` in a home: a line of JSON each, so that it can go on."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mlplatform.adapters.home import write_text
from mlplatform.domain.errors import InputError
from mlplatform.studies.truth.outcome import Outcome


class TruthBook:
    """`<home>/truth/worlds.jsonl`: in its first line of what settings and code the rest is."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.path = folder / "worlds.jsonl"
        self._identity = identity

    def read(self) -> list[Outcome]:
        """The finished worlds; none where nothing ran.

        A line that broke off when the machine did is left out: that world runs again. Raises
        InputError where the worlds are of other settings or code.
        """
        if not self.path.is_file():
            return []
        first, *lines = self.path.read_text().split("\n")
        if _identity(first) != self._identity:
            raise InputError(
                f"{self.path} holds worlds of other settings or code: give another --home, or "
                "delete it."
            )
        whole = lines[:-1]  # behind the last line break stands nothing, or half a line
        return [Outcome.from_line(line) for line in whole]

    @contextmanager
    def writing(self) -> Iterator[list[Outcome]]:
        """The finished worlds, while no other command can add any."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path.with_suffix(".lock"), timeout=0):
                done = self.read()
                head = json.dumps({"identity": self._identity})
                write_text(self.path, "\n".join([head, *(item.to_line() for item in done), ""]))
                yield done
        except Timeout:
            raise InputError(f"Another `bench truth` is writing {self.path}.") from None

    def add(self, outcome: Outcome) -> None:
        """Add one world, on the disk when this returns."""
        with self.path.open("a") as file:
            file.write(outcome.to_line() + "\n")
            file.flush()
            os.fsync(file.fileno())


def _identity(line: str) -> str | None:
    try:
        told = json.loads(line)
    except json.JSONDecodeError:
        return None
    return told.get("identity") if isinstance(told, dict) else None
