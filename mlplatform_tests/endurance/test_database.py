"""MLflow's database of a home is there whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform_tests.deploy.compose import ROOT

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own, and those of what it imports
_DYING = """
import os, signal, sys
from alembic.runtime.migration import HeadMaintainer
from mlplatform.adapters.tracking.database import prepare_database

def die(*given):
    os.kill(os.getpid(), signal.SIGKILL)

HeadMaintainer.update_to_step = die  # the first migration has made its tables, and nobody noted it
prepare_database(sys.argv[1])
"""


def test_a_process_killed_while_tables_are_made_leaves_no_database(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    words = [sys.executable, "-W", "ignore", "-c", _DYING, uri]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [name for name in os.listdir(tmp_path) if name[0] != "."] == []
    assert MlflowTracker(uri, tmp_path / "artifacts").champion("MES-5m") is None
    assert (tmp_path / "mlflow.db").is_file()
