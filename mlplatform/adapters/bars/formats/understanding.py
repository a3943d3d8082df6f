"""What was understood of a file of bars or trades, and how sure each part of it is."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlplatform.adapters.bars.formats.plan import Plan
from mlplatform.adapters.bars.formats.settle import CERTAIN, Finding
from mlplatform.domain.series import Timeframe


@dataclass(frozen=True)
class Part:
    """One file of the container: a zip or a folder has several."""

    name: str
    where: str
    """Its place on the disk and in a zip, which no other part has."""
    plan: Plan
    source: str
    """Start of the SHA-256 of the file that it lies in."""
    first_row: int
    """Number that its first row has in that file."""
    rows: int
    opening: datetime | None
    """Its first time, as written."""


@dataclass(frozen=True)
class Understanding:
    """A file as it was understood; `lines` is for a person, the rest reads it."""

    path: Path
    vendor: str
    kind: str
    """bars or ticks."""
    columns: dict[str, str]
    """Ours to theirs."""
    clock: str
    """IANA zone, "UTC", or "as written, with offset"."""
    clock_finding: Finding
    """Its value is the zone by which times are read."""
    label: Finding
    timeframe: Timeframe
    timeframe_finding: Finding
    contracts: tuple[str, ...]
    """Normalised names, sorted; empty where none is named."""
    rows: int
    """Rows of the file; of a file of ticks, trades."""
    first: datetime
    """Start of the first bar, UTC; of ticks, the first trade."""
    last: datetime
    sha256: str
    """Of the file; of a folder, that of its files' names and hashes."""
    parts: tuple[Part, ...]
    """In order of their first bar."""

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the files, in order of their first bar."""
        return tuple(part.name for part in self.parts)

    @property
    def source(self) -> str:
        """What rows carry as their `source`, where the file is a single one."""
        return self.sha256[:16]

    def lines(self) -> list[tuple[str, str, str]]:
        """What, as what it was understood, and how sure that is."""
        columns = ", ".join(f"{ours} = {theirs}" for ours, theirs in self.columns.items())
        contracts = ", ".join(self.contracts) if self.contracts else "not named (continuous)"
        span = f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC"
        found = [
            ("source", f"{self.vendor} ({self.kind})", "by its header and shape"),
            ("columns", columns, "by their names"),
            ("clock", self.clock, _told(self.clock_finding)),
            ("bar label", self.label.value, _told(self.label)),
            ("timeframe", self.timeframe.name, _told(self.timeframe_finding)),
            ("contracts", contracts, CERTAIN if self.contracts else ""),
            ("rows", f"{self.rows:,}, {span}", CERTAIN),
        ]
        if len(self.parts) > 1:
            found.append(("files", f"{len(self.parts)}: {', '.join(self.members[:5])}", ""))
        return found


def _told(finding: Finding) -> str:
    return f"{finding.how_sure}: {finding.evidence}"
