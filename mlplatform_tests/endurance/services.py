"""Postgres, S3 and MLflow of the compose file, each behind a gate that can be shut."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlplatform_tests.deploy.compose import read_services
from mlplatform_tests.deploy.stack import (
    SECRETS,
    PostgresServer,
    Stack,
    free_port,
    object_store,
    postgres,
)
from mlplatform_tests.endurance.gate import Gate
from mlplatform_tests.endurance.world import SETTINGS, command

_PORTS = ("postgres", "s3", "mlflow", "code", "webserver", "optuna")


@dataclass(frozen=True)
class Services:
    """What runs, and how a command is given that uses it."""

    stack: Stack
    """As a command sees it: behind the gates."""
    gates: dict[str, Gate]
    database: PostgresServer

    def start(
        self, words: list[str], more: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """A command that uses the services."""
        return subprocess.Popen(
            words,
            env=self.stack.environment("code") | SETTINGS | dict(more or {}),
            cwd=self.stack.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, words: list[str], more: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """The same, to its end."""
        process = self.start(words, more)
        told, wrong = process.communicate(timeout=600)
        return subprocess.CompletedProcess(words, process.returncode, told, wrong)

    def command(self, data: Path) -> list[str]:
        """`mlplatform run` in the home of the services."""
        return command(data, self.stack.home)


@contextmanager
def services() -> Iterator[Services]:
    """Started in order, stopped in the end; all gates are open."""
    root = Path(tempfile.mkdtemp(prefix="services-"))
    for folder in ("home", "logs"):
        (root / folder).mkdir()
    told, ports = read_services(SECRETS), {name: free_port() for name in _PORTS}
    real = Stack(root, ports, told)
    gates = {name: Gate(ports[name]) for name in ("postgres", "s3", "mlflow")}
    seen = Stack(root, ports | {name: gate.port for name, gate in gates.items()}, told)
    shutil.copytree(Path(__file__).parents[2] / "deploy", root / "deploy")
    try:
        with postgres(real) as database, object_store(real):
            for name in ("prepare", "mlflow"):
                real.start(name)
            for gate in gates.values():
                gate.open()
            yield Services(seen, gates, database)
            for gate in gates.values():
                gate.shut()
    finally:
        for name in list(real.running):
            real.stop(name)
        shutil.rmtree(root, ignore_errors=True)
