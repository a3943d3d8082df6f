"""Intake: files become deliveries, each by itself; what cannot be used is told and left alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mlplatform.adapters.bars.deliveries import Deliveries, check_mixing
from mlplatform.adapters.bars.log import ALREADY, INGESTED, REJECTED, Entry, IngestionLog
from mlplatform.adapters.bars.port import Source
from mlplatform.adapters.bars.staging import Staged, stage
from mlplatform.adapters.home import Home
from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import PeriodAxis

OpenFile = Callable[[Path], Source]
"""Understands a file; raises InputError where it cannot be used."""


@dataclass(frozen=True)
class Looked:
    """One file after the look at it: a source that is staged, known already, or refused."""

    path: Path
    source: Source | None = None
    staged: Staged | None = None
    refusal: str | None = None

    @property
    def series(self) -> str:
        """The series it belongs to; empty where that was not found out."""
        return self.source.series.name if self.source else ""


@dataclass
class Intake:
    """Takes files into one home."""

    home: Home
    axis: PeriodAxis
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.deliveries = Deliveries(self.home.root / "deliveries")
        self.log = IngestionLog(self.home.root / "ingestion.jsonl")

    def look(self, path: Path, open_file: OpenFile) -> Looked:
        """Understand and stage a file; nothing is written to the home."""
        source = None
        try:
            source = open_file(path)
            if self.holds(source):
                return Looked(path, source)
            staged = stage(source, self.axis, is_linked=False)
        except InputError as error:
            return Looked(path, source, refusal=str(error))
        try:
            check_mixing(
                source.series.name, self.deliveries.of(source.series.name), staged.delivery
            )
            self._check_first(staged)
        except InputError as error:
            staged.discard()
            return Looked(path, source, refusal=str(error))
        return Looked(path, source, staged)

    def holds(self, source: Source) -> bool:
        """Whether the very same file was taken in before."""
        held = self.deliveries.of(source.series.name)
        return any(item.sha256 == source.sha256 for item in held)

    def take(self, looked: Looked) -> Entry:
        """Make it part of the home, and say in the log what became of the file."""
        outcome = INGESTED
        if looked.staged is not None:
            self.deliveries.add(looked.series, looked.staged)
        elif looked.refusal is None:
            outcome = ALREADY if self._is_logged(looked) else INGESTED
        else:
            outcome = REJECTED
        entry = Entry(
            at=self.clock().isoformat(timespec="seconds"),
            file=looked.path.name,
            sha256=looked.source.sha256 if looked.source else "",
            series=looked.series,
            outcome=outcome,
            reason=looked.refusal or "",
            rows=self._rows(looked),
        )
        self.log.add(entry)
        return entry

    def _rows(self, looked: Looked) -> int:
        held = self.deliveries.of(looked.series) if looked.source else ()
        sha256 = looked.source.sha256 if looked.source else ""
        return next((item.rows for item in held if item.sha256 == sha256), 0)

    def _is_logged(self, looked: Looked) -> bool:
        """Whether the log knows of it: else a crash came between taking in and saying so."""
        sha256 = looked.source.sha256 if looked.source else ""
        return any(
            entry.sha256 == sha256 and entry.outcome == INGESTED for entry in self.log.entries()
        )

    def _check_first(self, staged: Staged) -> None:
        first = min(staged.delivery.hashes)
        if self.axis.first and first < self.axis.first:
            raise InputError(
                f"{self.home.root} begins with {self.axis.first}, {staged.delivery.name} with "
                f"{first}: give another --home."
            )
