"""A run that is killed (signal 9) goes on with the same command, and ends like an undisturbed one.

`make soak` does the same at twenty random moments.
"""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from mlplatform_tests.endurance import outcome
from mlplatform_tests.endurance.conftest import Reference
from mlplatform_tests.endurance.dying import PLACES
from mlplatform_tests.endurance.killing import end_of
from mlplatform_tests.endurance.world import command, run


def test_a_run_killed_between_writes_that_belong_together_ends_like_an_undisturbed_one(
    reference: Reference, tmp_path: Path
) -> None:
    """Killed at each place in turn: each command goes on where the one before was killed."""
    home = tmp_path / "home"
    words = command(reference.data, home)
    for place in PLACES:
        dying = [sys.executable, "-m", "mlplatform_tests.endurance.dying", place, *words[3:]]
        assert end_of(dying) == -signal.SIGKILL, f"it never came to: {place}"
        assert outcome.torn_files(home) == [], place
        assert outcome.champion_of(home) in (None, reference.content["champion"]), place
    done = run(words)
    assert done.returncode == 0, done.stderr
    assert outcome.differences(outcome.content_of(home), reference.content) == []
    assert outcome.unfinished_runs(home) == []
    assert "Nothing was new" in run(words).stdout


@pytest.mark.parametrize("lost", ["lake/decisions", "reports"])
def test_a_lost_result_would_be_seen(reference: Reference, tmp_path: Path, lost: str) -> None:
    """The harness itself can fail."""
    home = tmp_path / "home"
    shutil.copytree(reference.home, home)
    newest = sorted(path for path in (home / lost).rglob("*.parquet"))[-1]
    newest.write_bytes(newest.read_bytes()[:-100])
    assert outcome.torn_files(home) == [str(newest.relative_to(home))]
