"""`mlplatform ui`: Dagster's webserver and daemon and MLflow's UI, on loopback, until Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mlplatform.adapters.home import Home
from mlplatform.adapters.tracking.database import UNTOLD
from mlplatform.domain.errors import InputError
from mlplatform.settings import SETTINGS_FILE, load_settings

LOOPBACK = "127.0.0.1"
_START_S = 90
_STOP_S = 15


@dataclass(frozen=True)
class Service:
    """One process of the UI; `port` is None where it serves nothing."""

    name: str
    command: list[str]
    port: int | None = None


def ui(home_root: Path, dagster_port: int, mlflow_port: int, console: Console) -> None:
    """Start all three, say where they are, and stop them all on Ctrl-C or when one ends."""
    if not (home_root / SETTINGS_FILE).is_file():
        raise InputError(f"{home_root} is no home yet: run `mlplatform run` first.")
    for port, option in ((dagster_port, "--dagster-port"), (mlflow_port, "--mlflow-port")):
        if not port_is_free(port):
            raise InputError(f"Port {port} is in use: give another {option}.")
    home = Home(home_root)
    home.create()
    settings = load_settings(home_root)
    uri = settings.mlflow_uri or f"sqlite:///{home.mlflow / 'mlflow.db'}"
    services = _services(home, uri, dagster_port, mlflow_port)
    environment = (
        UNTOLD
        | os.environ
        | {
            "DAGSTER_HOME": str(home.dagster),
            "MLPLATFORM_HOME": str(home.root),
            "MLFLOW_TRACKING_URI": uri,
        }
    )
    log = home.root / "ui.log"
    with log.open("ab") as sink:
        running = [
            subprocess.Popen(
                service.command, env=environment, stdout=sink, stderr=sink, start_new_session=True
            )
            for service in services
        ]
        try:
            _serve(services, running, log, console)
        finally:
            _stop(running)
            console.print("Stopped.")


def port_is_free(port: int) -> bool:
    """Whether nothing listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _services(home: Home, uri: str, dagster_port: int, mlflow_port: int) -> list[Service]:
    code = ["-m", "mlplatform.definitions"]
    python = [sys.executable, "-m"]
    web = ["dagster_webserver", "-h", LOOPBACK, "-p", str(dagster_port)]
    store = ["--backend-store-uri", uri, "--default-artifact-root", str(home.mlflow / "artifacts")]
    mlflow = ["mlflow", "server", "--host", LOOPBACK, "--port", str(mlflow_port), "--workers", "1"]
    return [
        Service("Dagster", [*python, *web, *code], dagster_port),
        Service("MLflow", [*python, *mlflow, *store], mlflow_port),
        Service("Dagster daemon", [*python, "dagster._daemon", "run", *code]),
    ]


def _serve(
    services: list[Service],
    running: list["subprocess.Popen[bytes]"],
    log: Path,
    console: Console,
) -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)  # a shell may have had them ignored
    console.print("Starting; this takes a few seconds.")
    waiting = {service.name: service.port for service in services if service.port is not None}
    started = time.monotonic()
    try:
        while True:
            for service, process in zip(services, running, strict=True):
                if process.poll() is not None:
                    raise InputError(f"{service.name} ended by itself: see {log}.")
            for name, port in list(waiting.items()):
                if not _answers(port):
                    continue
                del waiting[name]
                console.print(f"{name:<8} http://{LOOPBACK}:{port}", soft_wrap=True)
                if not waiting:
                    console.print("Ctrl-C stops them all.")
            if waiting and time.monotonic() - started > _START_S:
                raise InputError(f"{', '.join(waiting)} did not answer: see {log}.")
            time.sleep(0.3)
    except KeyboardInterrupt:
        return


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _stop(running: list["subprocess.Popen[bytes]"]) -> None:
    """Each service leads a process group: its children end with it. A second Ctrl-C must not
    leave half of them running.
    """
    for impatience in (signal.SIGINT, signal.SIGTERM):
        signal.signal(impatience, signal.SIG_IGN)
    for process in running:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_S
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()
        _signal(process, signal.SIGKILL)


def _signal(process: "subprocess.Popen[bytes]", what: signal.Signals) -> None:
    try:
        os.killpg(process.pid, what)
    except ProcessLookupError:
        return
