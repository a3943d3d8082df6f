"""Windows on two Ray nodes, over Postgres and an S3 store: the same report, though a node dies."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from mlplatform_tests.deploy.compose import read_services
from mlplatform_tests.deploy.ray_nodes import TOKEN, Nodes, two_nodes
from mlplatform_tests.deploy.stack import (
    SECRETS,
    Stack,
    free_port,
    object_store,
    postgres,
    postgres_programs,
)

pytestmark = [
    pytest.mark.skipif(
        find_spec("dagster_ray") is None or find_spec("ray") is None,
        reason="the extra `ray` is not installed: pip install 'mlplatform[ray]'",
    ),
    pytest.mark.skipif(postgres_programs() is None, reason="there is no Postgres here"),
]
_STUDY = ["--data", "synthetic", "--to", "2025-08", "--train-periods", "2", "--trials", "2"]
_WINDOWS = 6
_SMALL = {"MLPLATFORM_FAMILIES": '["lightgbm","xgboost"]', "MLPLATFORM_MODEL_PLOTS": "false"}
_LONGEST_S = 3000
_COMMAND = [sys.executable, "-W", "ignore", "-m", "mlplatform.cli", "run", *_STUDY]
_PORTS = ("postgres", "s3", "mlflow", "code", "webserver", "optuna")


@dataclass(frozen=True)
class Ended:
    """What is left of a study in which a node died."""

    report: dict[str, Any]
    events: list[str]
    """The event types of all runs, in order."""
    jobs: str
    """All that Ray tells of what it was given."""
    nodes_used: int
    died_with: int
    """Steps that had succeeded when the node died."""


def report_of(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "reports" / "MES-5m" / "report.json").read_text())
    found.pop("provenance")
    return found


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of the same study, made by one process."""
    home = tmp_path_factory.mktemp("alone") / "home"
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "PYTHONPATH") if key in os.environ}
    command = [*_COMMAND, "--home", str(home)]
    done = subprocess.run(
        command, env=kept | _SMALL, capture_output=True, text=True, timeout=_LONGEST_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return report_of(home)


@pytest.fixture(scope="module")
def ended() -> Iterator[Ended]:
    root = Path(tempfile.mkdtemp(prefix="ray-stack-"))
    for folder in ("home", "logs"):
        (root / folder).mkdir()
    shutil.copytree(Path(__file__).parents[2] / "deploy", root / "deploy")
    one = Stack(root, {name: free_port() for name in _PORTS}, read_services(SECRETS))
    try:
        with postgres(one), object_store(one):
            one.start("prepare")
            one.start("mlflow")
            found = study_in_which_a_node_dies(one)
            for name in list(one.running):
                one.stop(name)
        yield found
    finally:
        for name in list(one.running):
            one.stop(name)
        shutil.rmtree(root, ignore_errors=True)


def study_in_which_a_node_dies(one: Stack) -> Ended:
    environment = one.environment("code") | _SMALL
    with two_nodes(environment, one.root / "logs") as nodes:
        told = {"MLPLATFORM_EXECUTOR": "ray", "RAY_API_SERVER_ADDRESS": nodes.address}
        told |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
        with (one.root / "logs" / "run.log").open("ab") as log:
            command = subprocess.Popen(
                _COMMAND, env=environment | told, cwd=one.home, stdout=log, stderr=log
            )
        try:
            used, died_with = kill_worker_at_work(one, nodes, command)
            assert command.wait(_LONGEST_S) == 0, one.log("run")
        finally:
            command.kill()
            command.wait(20)
        jobs = str(nodes.jobs())
    return Ended(report_of(one.home), events_of(one), jobs, used, died_with)


def kill_worker_at_work(
    one: Stack, nodes: Nodes, command: "subprocess.Popen[bytes]"
) -> tuple[int, int]:
    """Wait until some steps are done and both nodes are at one, then kill the worker; the nodes
    that worked, and the steps that were done.
    """
    deadline = time.monotonic() + _LONGEST_S
    while time.monotonic() < deadline:
        assert command.poll() is None, one.log("run")
        jobs = nodes.jobs()
        at_work = {job["driver_node_id"] for job in jobs if job["status"] == "RUNNING"} - {None}
        done = sum(job["status"] == "SUCCEEDED" for job in jobs)
        if done >= _WINDOWS and len(at_work) == 2:
            nodes.worker.kill()
            return len(at_work), done
        time.sleep(0.5)
    raise AssertionError(one.log("run"))


def events_of(one: Stack) -> list[str]:
    connection = psycopg2.connect(
        host="127.0.0.1",
        port=one.ports["postgres"],
        user="mlplatform",
        password=SECRETS["POSTGRES_PASSWORD"],
        dbname="dagster",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT dagster_event_type FROM event_logs ORDER BY id")
        found = [kind for (kind,) in cursor.fetchall() if kind]
    connection.close()
    return found


def test_the_report_is_that_of_one_process_though_a_node_died(
    alone: dict[str, Any], ended: Ended
) -> None:
    assert ended.report == alone
    assert len(ended.report["windows"]) == _WINDOWS


def test_the_node_died_at_work_and_its_step_was_carried_out_again(ended: Ended) -> None:
    assert ended.nodes_used == 2
    assert ended.died_with < _WINDOWS * 6
    assert ended.events.count("STEP_UP_FOR_RETRY") >= 1
    assert "its node has died" in ended.jobs
    assert ended.events.count("STEP_FAILURE") == 0


def test_ray_is_told_no_secret(ended: Ended) -> None:
    assert not [secret for secret in SECRETS.values() if secret in ended.jobs]
