"""A user's own Python file: imported from its path, its errors told in a sentence."""

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType, TracebackType

from mlplatform.domain.errors import InputError

_LONGEST = 200
"""Characters of an error that are told."""


class Blame:
    """Inside it, whatever a user's file raises becomes an InputError that names file and line."""

    def __init__(self, path: Path, doing: str) -> None:
        self.path, self.doing = path, doing

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say it in one sentence; nothing is swallowed."""
        # SystemExit: a script that was meant to be run calls sys.exit when it is imported.
        if isinstance(error, Exception | SystemExit) and not isinstance(error, InputError):
            said = " ".join(str(error).split())[:_LONGEST].rstrip(".")
            raise InputError(
                f"{self.path.name}{self._line(error)}: {self.doing} raised "
                f"{type(error).__name__}{f': {said}' if said else ''}."
            ) from error

    def _line(self, error: BaseException) -> str:
        if isinstance(error, SyntaxError) and error.lineno is not None:
            return f", line {error.lineno}"
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if self._is_own(f)]
        return f", line {lines[-1]}" if lines else ""

    def _is_own(self, frame: traceback.FrameSummary) -> bool:
        return Path(frame.filename) == self.path


def imported(path: Path, *, with_neighbours: bool = True) -> ModuleType:
    """The module that the file makes; it may import files beside it where it has neighbours.

    Raises InputError where it is no Python file, or raises.
    """
    name = f"own_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise InputError(f"{path.name} is no Python file: its name must end with .py.")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses look their module up by name
    with _beside(path) if with_neighbours else nullcontext(), Blame(path, "importing it"):
        found.loader.exec_module(module)
    return module


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    sys.path.insert(0, str(path.parent))
    try:
        yield
    finally:
        sys.path.remove(str(path.parent))
