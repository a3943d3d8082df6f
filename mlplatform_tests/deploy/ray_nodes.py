"""A Ray cluster of two nodes on this machine: each is a session of processes of its own, which can
be killed as a machine would be.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlplatform_tests.deploy.stack import free_port

_START_S = 240
TOKEN = "planted-ray-token-0123456789abcdef"
"""Ray wants one of at least 32 signs."""
_PATIENT = {"RAY_health_check_period_ms": "2000", "RAY_raylet_start_wait_time_s": "240"}
"""A dead node is noticed within seconds; one that is slow to start is waited for."""


@dataclass
class Node:
    """One node: the process that leads its session."""

    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """End all that runs on it, at once and without a word."""
        mine = [self.process.pid, *_children(self.process.pid)]
        for pid in mine:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(20)


@dataclass
class Nodes:
    """Head and worker."""

    address: str
    head: Node
    worker: Node

    def jobs(self) -> list[Mapping[str, object]]:
        """What was submitted: one job a step. Asked without Ray's own client, which reads the token
        when Ray is imported, and pytest may have done that long before.
        """
        with _ask(f"{self.address}/api/jobs/") as answer:
            found: list[Mapping[str, object]] = json.load(answer)
        return found


@contextmanager
def two_nodes(environment: Mapping[str, str], logs: Path) -> Iterator[Nodes]:
    """Head and worker of one core each, with the environment of the platform's services."""
    port, dashboard = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as place:
        given = {**environment, **_PATIENT, "RAY_TMPDIR": place}
        given |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
        given.pop("RAY_API_SERVER_ADDRESS", None)
        given["PATH"] = (
            f"{Path(sys.executable).parent}:{given['PATH']}"  # a step is `dagster api ...`
        )
        common = ["--block", "--disable-usage-stats", "--num-cpus=1"]
        common += ["--object-store-memory=100000000"]
        address = f"http://127.0.0.1:{dashboard}"
        here = ["--node-ip-address=127.0.0.1", f"--dashboard-port={dashboard}"]
        here += [f"--ray-client-server-port={free_port()}"]  # its own is 10001, once a machine
        head = _start(["--head", f"--port={port}", *here, *common], given, logs / "head.log")
        try:
            _wait_for(f"{address}/api/version", head, logs / "head.log")
            _wait_until_said("Ray runtime started", head, logs / "head.log")  # it is registered
            words = [f"--address=127.0.0.1:{port}", "--node-ip-address=127.0.0.1", *common]
            worker = _start(words, given, logs / "worker.log")
            try:
                _wait_until_said("Ray runtime started", worker, logs / "worker.log")
                yield Nodes(address, head, worker)
            finally:
                worker.kill()
        finally:
            head.kill()


def _start(words: list[str], environment: Mapping[str, str], log: Path) -> Node:
    command = [str(Path(sys.executable).with_name("ray")), "start", *words]
    with log.open("ab") as file:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=file, stderr=file, start_new_session=True
        )
    return Node(process)


def _ask(address: str) -> Any:
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
    return urllib.request.urlopen(request, timeout=30)


def _wait_for(address: str, node: Node, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            with _ask(address):
                return
        except OSError:
            assert node.process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.5)


def _wait_until_said(words: str, node: Node, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while words not in log.read_text():
        assert node.process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.5)


def _children(pid: int) -> list[int]:
    """All that a process started, and what that started."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = stat.read_text()
        except OSError:
            continue  # it has just ended
        parents[int(stat.parent.name)] = int(told.rpartition(")")[2].split()[1])
    found, waiting = [], [pid]
    while waiting:
        above = waiting.pop()
        below = [child for child, parent in parents.items() if parent == above]
        found += below
        waiting += below
    return found
