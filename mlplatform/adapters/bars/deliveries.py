"""Deliveries: all that was taken in of each series, in order of arrival, with where it came from.

`<root>/<series>.json` lists them; `<root>/<series>/<identity>/<period>.parquet` are their rows.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
from filelock import FileLock

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.bars.port import SourceSpec
from mlplatform.adapters.bars.staging import Delivery, Staged
from mlplatform.domain.errors import InputError


@dataclass(frozen=True)
class Chapter:
    """One series as it was taken in: its deliveries, and their rows by period."""

    deliveries: tuple[Delivery, ...]
    folder_of: Callable[[Delivery], Path]

    @property
    def kind(self) -> str:
        """The kinds of its sources."""
        return ", ".join(dict.fromkeys(item.spec.kind for item in self.deliveries))

    @property
    def note(self) -> str | None:
        """What a reader of a report must know of its sources."""
        notes = dict.fromkeys(item.note for item in self.deliveries if item.note)
        return " ".join(notes) or None

    @property
    def periods(self) -> list[str]:
        """The periods that hold rows, sorted."""
        return sorted({period for item in self.deliveries for period in item.hashes})

    @property
    def hashes(self) -> dict[str, str]:
        """The content of each period."""
        return {period: self._hash(period) for period in self.periods}

    def frame(self, period: str) -> pl.DataFrame:
        """All rows of a period (table `raw_bars`), in order of arrival."""
        paths = [
            self.folder_of(item) / f"{period}.parquet"
            for item in self.deliveries
            if period in item.hashes
        ]
        return pl.concat([pl.read_parquet(path, memory_map=False) for path in paths])

    def told(self, period: str) -> dict[str, str]:
        """Which files a period came from, and which they were: name and SHA-256."""
        used = [item for item in self.deliveries if period in item.hashes]
        return {"source": self.kind} | {f"file: {item.name}": item.sha256 for item in used}

    def _hash(self, period: str) -> str:
        held = [item.hashes[period] for item in self.deliveries if period in item.hashes]
        return held[0] if len(held) == 1 else hashlib.sha256("".join(held).encode()).hexdigest()


class Deliveries:
    """The store of one home. Writers wait for each other; a reader sees a whole list or none."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def series(self) -> list[str]:
        """The series that have deliveries."""
        return sorted(path.stem for path in self.root.glob("*.json"))

    def of(self, series: str) -> tuple[Delivery, ...]:
        """A series' deliveries in order of arrival; empty where it has none."""
        path = self.root / f"{series}.json"
        if not path.is_file():
            return ()
        return tuple(_delivery(item) for item in json.loads(path.read_text()))

    def chapter(self, series: str) -> Chapter:
        """The series as it was taken in; raises InputError where nothing was."""
        held = self.of(series)
        if not held:
            raise InputError(
                f"Series {series} has no bars yet: run `mlplatform ingest FILE` or `mlplatform run "
                "--data ...` once."
            )
        return Chapter(held, lambda item: self._folder(series, item))

    def add(self, series: str, staged: Staged) -> None:
        """Make a staged delivery part of the home.

        A linked one takes the place of all linked ones before it; the same delivery again changes
        nothing. Raises InputError where files that were ingested would be mixed with it.
        """
        with self._writing(series):
            held, new = self.of(series), staged.delivery
            check_mixing(series, held, new)
            if new not in held:
                gone = [item for item in held if _succeeds(new, item)]
                kept = [item for item in held if item not in gone]
                self._move_in(series, staged)
                self._write(series, [*kept, new])
                self._clear(series, {item.identity for item in (*held, new)})
        staged.discard()

    def _folder(self, series: str, item: Delivery) -> Path:
        return self.root / series / item.identity

    def _move_in(self, series: str, staged: Staged) -> None:
        target = self._folder(series, staged.delivery)
        target.parent.mkdir(parents=True, exist_ok=True)
        arriving = target.with_name(f".{target.name}")
        shutil.rmtree(arriving, ignore_errors=True)
        shutil.copytree(staged.folder, arriving)
        shutil.rmtree(target, ignore_errors=True)  # of a writer that was cut off
        os.replace(arriving, target)

    def _clear(self, series: str, used: set[str]) -> None:
        """Remove what is in no list, nor was in the one before: somebody may still read that.
        What a killed writer left goes too.
        """
        for folder in (self.root / series).iterdir():
            if folder.name not in used:
                shutil.rmtree(folder, ignore_errors=True)

    def _write(self, series: str, items: list[Delivery]) -> None:
        with replacing(self.root / f"{series}.json") as temporary:
            temporary.write_text(json.dumps([asdict(item) for item in items], indent=1) + "\n")

    @contextmanager
    def _writing(self, series: str) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / f".{series}.lock"):
            yield


def check_mixing(series: str, held: tuple[Delivery, ...], new: Delivery) -> None:
    """Raise InputError where a delivery cannot stand beside those that the series has."""
    ingested = [item for item in held if not item.is_linked]
    again = any(item.is_linked and item.spec == new.spec for item in held)
    if new.is_linked and ingested and not again:
        raise InputError(
            f"{series} is made of {len(ingested)} ingested files: add {new.name} with `mlplatform "
            "ingest`, or give another --home."
        )
    linked = [item for item in held if item.is_linked]
    if linked and not new.is_linked and linked[0].spec.kind == "synthetic":
        raise InputError(
            f"{series} holds synthetic bars in this home: give another --home for real ones."
        )


def _succeeds(new: Delivery, old: Delivery) -> bool:
    """Whether the new takes the old one's place: the series' one source, or a network's newest
    answer, which holds the older ones.
    """
    if new.spec.kind != "file" and new.spec.kind == old.spec.kind:
        return True
    return new.is_linked and old.is_linked


def _delivery(item: dict[str, object]) -> Delivery:
    fields = dict(item)
    fields["spec"] = SourceSpec(**fields["spec"])  # type: ignore[arg-type]
    fields["understood"] = tuple(tuple(line) for line in fields["understood"])  # type: ignore[attr-defined]
    return Delivery(**fields)  # type: ignore[arg-type]
