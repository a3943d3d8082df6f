"""A disk that is full, a home that can only be read, a database that is locked."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mlplatform_tests.endurance import outcome
from mlplatform_tests.endurance.conftest import Reference
from mlplatform_tests.endurance.world import command, run
from mlplatform_tests.homes import copy_without

ENOUGH = "64m"
LEFT_BYTES = 150_000


@pytest.fixture
def home(reference: Reference, tmp_path: Path) -> Path:
    """A finished home whose study has to be made again."""
    lost = ("backtest", "walk_forward_report")
    return copy_without(reference.home, tmp_path / "home", lost, ("reports",))


def is_one_sentence(done: "subprocess.CompletedProcess[str]", words: str) -> bool:
    """Whether a command said it plainly, with the exit code of what the user can mend."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return len(lines) == 1 and words in lines[0]


def ends_like_the_reference(root: Path, reference: Reference) -> bool:
    """Whether the same command finished the work, and nothing is other than undisturbed."""
    assert outcome.torn_files(root) == []
    done = run(command(reference.data, root))
    assert done.returncode == 0, done.stderr
    assert outcome.unfinished_runs(root) == []
    return outcome.differences(outcome.content_of(root), reference.content) == []


@contextmanager
def mounted(*words: str) -> Iterator[Path]:
    """A mount of its own; skips the test where that is not allowed."""
    target = Path(words[-1])
    target.mkdir(exist_ok=True)
    if subprocess.run(["mount", *words], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here: needs root and CAP_SYS_ADMIN")
    try:
        yield target
    finally:
        subprocess.run(["umount", "-l", target], check=True)


def test_a_full_disk_is_told_and_the_run_goes_on_once_there_is_room(
    home: Path, reference: Reference, tmp_path: Path
) -> None:
    with mounted("-t", "tmpfs", "-o", f"size={ENOUGH}", "tmpfs", str(tmp_path / "disk")) as disk:
        root = disk / "home"
        shutil.copytree(home, root)
        room = os.statvfs(disk)
        (disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize - LEFT_BYTES))
        done = run(command(reference.data, root))
        assert is_one_sentence(done, "The disk is full"), done.stderr
        (disk / "ballast").unlink()
        assert ends_like_the_reference(root, reference)


def test_a_home_that_can_only_be_read_is_told(home: Path, reference: Reference) -> None:
    with only_readable(home):
        for words in (
            command(reference.data, home),
            [sys.executable, "-m", "mlplatform.cli", "plan", "--home", str(home)],
            [sys.executable, "-m", "mlplatform.cli", "status", "--home", str(home)],
        ):
            assert is_one_sentence(run(words), "writ"), words
    assert ends_like_the_reference(home, reference)


@contextmanager
def only_readable(home: Path) -> Iterator[None]:
    """Root writes wherever it likes, except to a mount that can only be read."""
    if os.getuid() == 0:
        with mounted("--bind", str(home), str(home)):
            words = ["mount", "-o", "remount,ro,bind", str(home)]
            subprocess.run(words, check=True)
            yield
        return
    folders = [path for path in (home, *home.rglob("*")) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_locked_database_is_waited_for_then_told(home: Path, reference: Reference) -> None:
    """Dagster's database of runs is locked by another: for a moment, then for good."""
    database = home / "dagster" / "history" / "runs.db"
    with locked(database):
        done = run(command(reference.data, home))
    assert is_one_sentence(done, "is locked by another process"), done.stderr
    with locked(database, seconds=5):
        assert ends_like_the_reference(home, reference)


@contextmanager
def locked(path: Path, seconds: float | None = None) -> Iterator[None]:
    """Hold the write lock of a database; for so many seconds, or as long as the block."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        release = threading.Timer(seconds or 3600, holder.rollback)
        release.start()
        try:
            yield
        finally:
            release.cancel()
            release.join()
            if holder.in_transaction:
                holder.rollback()
