"""The ingestion log: one line for each file that was looked at, and what became of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
from filelock import FileLock

INGESTED, ALREADY, REJECTED = "ingested", "already ingested", "rejected"


@dataclass(frozen=True)
class Entry:
    """What became of one file."""

    at: str
    """When, ISO, UTC."""
    file: str
    sha256: str
    """Empty where the file could not be read."""
    series: str
    """Empty where it was not found out."""
    outcome: str
    reason: str
    rows: int


_SCHEMA = pl.Schema(
    {name: pl.Int64 if name == "rows" else pl.String for name in Entry.__annotations__}
)


class IngestionLog:
    """`<home>/ingestion.jsonl`; lines are only ever added."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, entry: Entry) -> None:
        """Write one line; a line that a crash left half is closed first."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_name(f".{self.path.name}.lock")):
            torn = self.path.is_file() and self.path.read_bytes()[-1:] not in (b"", b"\n")
            with self.path.open("a") as log:
                log.write(("\n" if torn else "") + json.dumps(asdict(entry)) + "\n")

    def entries(self) -> list[Entry]:
        """All lines, oldest first; half lines are passed over."""
        if not self.path.is_file():
            return []
        return [
            Entry(**found) for line in self.path.read_text().splitlines() if (found := _parse(line))
        ]

    def frame(self) -> pl.DataFrame:
        """The log as a table."""
        return pl.DataFrame([asdict(entry) for entry in self.entries()], schema=_SCHEMA)


def _parse(line: str) -> dict[str, object] | None:
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and set(found) == set(Entry.__annotations__) else None
