"""What a killed intake left outside of the home goes away with the next one."""

import os
import subprocess
import sys
from pathlib import Path

from mlplatform.adapters.bars.staging import clear_abandoned


def test_folders_of_killed_processes_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(20)
    left = tmp_path / f"mlplatform-staging-{gone.pid}-abc"
    working = tmp_path / f"mlplatform-staging-{os.getpid()}-abc"
    other = tmp_path / "mlplatform-staging-abc"
    for folder in (left, working, other):
        folder.mkdir()
        (folder / "2025-01.parquet").write_bytes(b"rows")
    clear_abandoned(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([working, other])
