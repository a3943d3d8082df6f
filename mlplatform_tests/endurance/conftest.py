"""One undisturbed run of the real command, which every disturbed one is held against."""

from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import pytest

from mlplatform_tests.endurance.outcome import content_of
from mlplatform_tests.endurance.world import command, run, write_bars


@dataclass(frozen=True)
class Reference:
    """Read it, do not change it."""

    data: Path
    home: Path
    content: dict[str, Any]
    processor_s: float
    """What the run used: how far another is shows by what it has used."""


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The home of a run that nobody disturbed, and the bars that it was given."""
    root = tmp_path_factory.mktemp("undisturbed")
    data = write_bars(root / "bars.parquet")
    before = getrusage(RUSAGE_CHILDREN)
    done = run(command(data, root / "home"))
    after = getrusage(RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    content = content_of(root / "home")
    assert content["champion"] is not None, "the world must promote a champion"
    assert content["quarantined"], "the world must hold broken rows"
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Reference(data, root / "home", content, used_s)
