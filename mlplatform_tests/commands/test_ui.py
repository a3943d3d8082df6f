"""`mlplatform ui` brings three processes up and takes all of them down."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from mlplatform_tests.conftest import Bench

UP_S = 120
_LISTENS = "0A"
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
"""As the kernel writes 127.0.0.1 and ::1."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(root: int) -> set[int]:
    """A process and all that descend from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
    found = {root}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def listening(root: int) -> set[tuple[str, int]]:
    """Addresses and ports that a process and its descendants listen on."""
    sockets = set()
    for process in family(root):
        for link in Path(f"/proc/{process}/fd").glob("*"):
            with suppress(OSError):
                sockets.add(link.readlink().name)
    heard = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for row in (line.split() for line in table.read_text().splitlines()[1:]):
            if row[3] == _LISTENS and f"socket:[{row[9]}]" in sockets:
                address, _, port = row[1].partition(":")
                heard.add((address, int(port, 16)))
    return heard


@pytest.mark.skipif(not Path("/proc/net/tcp").is_file(), reason="what listens is read from Linux")
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
        heard = listening(process.pid)
        assert {dagster, mlflow} <= {port for _, port in heard}
        assert {address for address, _ in heard} <= LOOPBACK, "of webserver, daemon or code server"
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Stopped." in rest
    for port in (dagster, mlflow):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
