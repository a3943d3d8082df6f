"""The `mlplatform` command that dies by signal 9 at a named place, with its whole process group.

    python -m mlplatform_tests.endurance.dying PLACE run --data ...

Random moments hardly ever hit the instants between two writes that belong together.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from mlplatform.cli import main

PLACES = {
    "bars taken in": ("mlplatform.adapters.bars.deliveries", "Deliveries._move_in", 1),
    "asset written": ("mlplatform.adapters.lake.folder", "Folder.put", 9),
    "trial told": ("mlplatform.models.trials", "judge", 3),
    "model registered": ("mlflow", "MlflowClient.create_model_version", 2),
    "policy promoted": ("mlflow", "MlflowClient.set_registered_model_alias", 1),
    "page written": ("mlplatform.orchestration.desks.report_files", "write_text", 1),
}
"""Module, what is called there, and after which call the process dies."""


def dying(original: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    """Does its work so many times, and nothing ever comes after."""

    def call(*given: Any, **named: Any) -> Any:
        done = original(*given, **named)
        left[0] -= 1
        if not left[0]:
            os.killpg(os.getpgid(0), signal.SIGKILL)
        return done

    return call


def plant(place: str) -> None:
    """Have the process die there."""
    module, name, times = PLACES[place]
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    setattr(owner, last, dying(getattr(owner, last), [times]))


if __name__ == "__main__":
    plant(sys.argv.pop(1))
    main()
