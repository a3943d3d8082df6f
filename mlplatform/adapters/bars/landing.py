"""The landing folder: a file that is dropped there is taken in exactly once, then put away.

The order is: take in (atomic), write the log, move the file. A crash in between leaves the file
where it is; the next sweep finds it taken in already, and only puts it away.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.bars.intake import Intake, Looked
from mlplatform.adapters.bars.log import REJECTED, Entry
from mlplatform.adapters.bars.port import Source
from mlplatform.adapters.home import Home
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import INSTRUMENTS
from mlplatform.domain.series import Series

SETTLED_S = 5.0
"""A file that was written to so recently may still be on its way."""
REASON = ".reason.txt"
_SWEEPING = ".sweeping"

OpenDropped = Callable[[Path, str, str | None], Source]
"""Path, instrument and timeframe (None where the file must say) to an understood source."""


@dataclass(frozen=True)
class Landing:
    """`landing/` with `archive/` and `rejected/` beside it."""

    home: Home
    settled_s: float = SETTLED_S

    @property
    def folder(self) -> Path:
        """Where files are dropped, directly or in a folder named by instrument or series."""
        return self.home.root / "landing"

    def waiting(self) -> list[Path]:
        """Files that are complete, oldest first; links that lead out of the folder are left."""
        if not self.folder.is_dir():
            return []
        newest = time.time() - self.settled_s
        inside = self.folder.resolve()
        found = [
            path
            for path in self.folder.rglob("*")
            if not any(part.startswith(".") for part in path.relative_to(self.folder).parts)
            and path.is_file()
            and path.resolve().is_relative_to(inside)
            and path.stat().st_mtime <= newest
        ]
        return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))

    def sweep(self, intake: Intake, open_dropped: OpenDropped) -> list[Entry]:
        """Take in every waiting file; one that cannot be used goes to `rejected/` with its reason.

        Two sweeps at once do not happen: the second finds the folder taken and does nothing.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / _SWEEPING, timeout=0):
                return list(self._sweep(intake, open_dropped))
        except Timeout:
            return []

    def is_being_swept(self) -> bool:
        """Whether a sweep is at work now; one that died let go of the folder."""
        if not self.folder.is_dir():
            return False
        try:
            with FileLock(self.folder / _SWEEPING, timeout=0):
                return False
        except Timeout:
            return True

    def _sweep(self, intake: Intake, open_dropped: OpenDropped) -> Iterator[Entry]:
        for path in self.waiting():
            looked = intake.look(path, lambda file: open_dropped(file, *self._named(file)))
            entry = intake.take(looked)
            self._put_away(path, looked, entry)
            yield entry

    def _named(self, path: Path) -> tuple[str, str | None]:
        """Instrument and timeframe as the folder or the file's name say."""
        for name in reversed(path.relative_to(self.folder).parts[:-1]):
            if name.upper() in INSTRUMENTS:
                return name.upper(), None
            if "-" in name:
                series = Series.parse(name)
                return series.instrument.symbol, series.timeframe.name
        for symbol in sorted(INSTRUMENTS, key=len, reverse=True):
            if path.name.upper().startswith(symbol) and not path.name[len(symbol) :][:1].isalpha():
                return symbol, None
        known = ", ".join(INSTRUMENTS)
        raise InputError(
            f"{path.name} does not say its instrument: put it into landing/ES/ (one of {known})."
        )

    def _put_away(self, path: Path, looked: Looked, entry: Entry) -> None:
        if entry.outcome == REJECTED:
            target = self._free(self.home.root / "rejected" / path.name)
            with replacing(target.with_name(target.name + REASON)) as temporary:
                temporary.write_text(entry.reason + "\n")
        else:
            target = self._free(self.home.root / "archive" / looked.series / path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)

    @staticmethod
    def _free(target: Path) -> Path:
        """A name that no other file has."""
        tried, number = target, 1
        while tried.exists():
            number += 1
            tried = target.with_name(f"{target.stem}-{number}{target.suffix}")
        return tried
