"""MLflow tells nobody of what runs here."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = (
    "from mlplatform.adapters.tracking.database import prepare_client\n"
    "prepare_client()\n"
    "import mlflow\n"
    "from mlflow.telemetry.client import get_telemetry_client\n"
    "print(get_telemetry_client())"
)
SILENCING = ("PYTEST_CURRENT_TEST", "CI", "GITHUB_ACTIONS", "DO_NOT_TRACK")
"""What MLflow takes for tests or a wish to be left alone: a user's machine has none of it."""


def test_its_telemetry_is_off_and_no_thread_of_it_touches_the_environment() -> None:
    told = {name: value for name, value in os.environ.items() if name not in SILENCING}
    told.pop("MLFLOW_DISABLE_TELEMETRY", None)
    words = [sys.executable, "-W", "ignore", "-c", CODE]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=told, check=True)
    assert done.stdout.strip() == "None"
