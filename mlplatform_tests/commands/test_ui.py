"""`mlplatform ui` brings three processes up and takes all of them down."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request

from mlplatform_tests.conftest import Bench

UP_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_ui_answers_and_ends_with_ctrl_c(finished: Bench) -> None:
    dagster, mlflow = free_port(), free_port()
    command = [sys.executable, "-m", "mlplatform.cli", "ui", "--home", str(finished.root)]
    command += ["--dagster-port", str(dagster), "--mlflow-port", str(mlflow)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        told = []
        deadline = time.monotonic() + UP_S
        while not any("Ctrl-C" in line for line in told) and time.monotonic() < deadline:
            told.append(process.stdout.readline())
        assert f"http://127.0.0.1:{dagster}" in "".join(told)
        assert f"http://127.0.0.1:{mlflow}" in "".join(told)
        for port in (dagster, mlflow):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=30) as answer:
                assert answer.status == 200
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Stopped." in rest
    for port in (dagster, mlflow):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
