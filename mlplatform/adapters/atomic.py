"""Files that a reader sees whole or not at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_LEFT = re.compile(r"\..+\.[0-9a-f]{32}(-journal|-wal|-shm)?")
"""What `replacing` writes to, and what SQLite keeps beside it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden file beside `path` to write to: it takes its place, or on failure goes away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def unfinished(root: Path) -> Iterator[Path]:
    """The hidden files under a folder that a `replacing` writes to now, or was killed over."""
    found = (path for path in root.rglob(".*") if _LEFT.fullmatch(path.name))
    yield from sorted(path for path in found if path.is_file())
