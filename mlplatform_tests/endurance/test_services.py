"""Services of a team's server that fail while a run uses them, or are down when it begins."""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlplatform_tests.deploy.stack import postgres_programs
from mlplatform_tests.endurance.conftest import Reference
from mlplatform_tests.endurance.killing import processor_s
from mlplatform_tests.endurance.services import Services, services
from mlplatform_tests.endurance.world import SERIES

pytestmark = [
    pytest.mark.skipif(
        "MLPLATFORM_SOAK" not in os.environ,
        reason="three minutes of waiting for what is down: `make soak` runs it",
    ),
    pytest.mark.skipif(
        postgres_programs() is None, reason="there is no Postgres (package postgresql) here"
    ),
    pytest.mark.filterwarnings("ignore"),  # MLflow's own, and those of what it imports
]
DOWN = {
    "postgres": "Postgres does not answer",
    "s3": "s3://lake cannot be",
    "mlflow": "MLflow does not answer",
}
FAILING = {"s3": 0.4, "postgres": 0.55, "mlflow": 0.7}
"""How far the run is when each fails, as a share of the processor time of an undisturbed one."""
AGAIN = "the same command again"
PATIENT_S = 200
"""MLflow's own would be four minutes and more."""


@dataclass(frozen=True)
class Disturbed(Services):
    """The services after a run during which they failed, and what it left."""

    report: dict[str, Any]
    trades: pl.DataFrame


@pytest.fixture(scope="module")
def up() -> Iterator[Services]:
    with services() as started:
        yield started


@pytest.fixture(scope="module")
def ran(up: Services, reference: Reference) -> Disturbed:
    """A whole run, in the middle of which each service fails for some seconds."""
    process = up.start(up.command(reference.data))
    try:
        for name, share in FAILING.items():
            while (used_s := processor_s(process.pid)) is not None:
                if used_s > share * reference.processor_s:
                    break
                time.sleep(0.05)
            assert process.poll() is None, f"it ended before {name} failed"
            up.gates[name].shut()
            if name == "postgres":
                up.database.stop()
                up.database.start()
            else:
                time.sleep(2)
            up.gates[name].open()
        told, wrong = process.communicate(timeout=600)
    finally:
        process.kill()
        process.wait(20)
    assert process.returncode == 0, told + wrong
    folder = up.stack.home / "reports" / SERIES
    report = json.loads((folder / "report.json").read_text())
    report.pop("provenance")
    return Disturbed(**vars(up), report=report, trades=pl.read_parquet(folder / "trades.parquet"))


def test_a_run_outlasts_services_that_come_back_postgres_too_and_nothing_is_lost(
    ran: Disturbed, reference: Reference
) -> None:
    assert ran.report == reference.content["report"]
    assert ran.trades.equals(reference.content["trades"])


def test_services_that_are_down_are_told_in_a_sentence_and_the_same_command_goes_on(
    ran: Disturbed, reference: Reference
) -> None:
    # Another bar of the gate: champion and report have to be made again.
    bar, words = {"MLPLATFORM_GATE_MIN_TRADES": "4"}, ran.command(reference.data)
    for name, sentence in DOWN.items():
        ran.gates[name].shut()
        try:
            started = time.monotonic()
            done = ran.run(words, bar)
            took_s = time.monotonic() - started
        finally:
            ran.gates[name].open()
        assert done.returncode == 2, done.stderr
        lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, done.stderr
        assert sentence in lines[0]
        assert AGAIN in lines[0]
        assert "Traceback" not in done.stderr
        assert took_s < PATIENT_S
    again = ran.run(words, bar)
    assert again.returncode == 0, again.stderr
    kept = json.loads((ran.stack.home / "settings.json").read_text())
    assert kept["gate_min_trades"] == 4
    assert "Nothing was new" not in again.stdout, "there was work left"


def test_a_plan_with_postgres_down_is_a_sentence(ran: Disturbed) -> None:
    ran.gates["postgres"].shut()
    try:
        words = [sys.executable, "-m", "mlplatform.cli", "plan", "--home", str(ran.stack.home)]
        done = ran.run(words)
    finally:
        ran.gates["postgres"].open()
    assert done.returncode == 2
    assert DOWN["postgres"] in done.stderr
    assert "Traceback" not in done.stderr


def test_no_service_lost_or_doubled_a_version(ran: Disturbed, reference: Reference) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"http://127.0.0.1:{ran.gates['mlflow'].port}")
    for role in ("stop", "entry", "size", "policy"):
        found = client.search_model_versions(f"name='{SERIES}-{role}'")
        fingerprints = sorted(version.tags["fingerprint"] for version in found)
        assert fingerprints == reference.content["registry"][role]


def test_reports_are_whole(ran: Disturbed) -> None:
    page = Path(ran.stack.home / "reports" / SERIES / "report.html").read_text()
    assert page.rstrip().endswith("</html>")
