"""A home with Dagster's daemon at work on it, a clock to move, and somebody who is told."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import dagster as dg
import polars as pl

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.home import Home
from mlplatform.orchestration.instance import open_instance
from mlplatform_tests.deploy.compose import ROOT
from mlplatform_tests.deploy.ending import end
from mlplatform_tests.deploy.moved_clock import FILE

SMALL = {
    "MLPLATFORM_FAMILIES": '["lightgbm"]',
    "MLPLATFORM_DETECTOR": "off",
    "MLPLATFORM_MODEL_PLOTS": "false",
    "MLPLATFORM_TRIALS": "1",
    "MLPLATFORM_TRAIN_PERIODS": "1",
    "MLPLATFORM_GATE_MIN_TRADES": "1",
    "MLPLATFORM_DRIFT_LIMIT_FRAC": "0.001",
    "MLPLATFORM_LOG_FORMAT": "json",
}
"""What makes runs small, and drift certain: some feature always moves a little."""
_PATIENCE_S = 300
_MODULE = ("-m", "mlplatform.definitions")


@dataclass
class Living:
    """What runs, and where."""

    root: Path
    told: list[dict[str, str]]
    environment: dict[str, str]
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def home(self) -> Home:
        """The home that is watched."""
        return Home(self.root / "home")

    def drop(self, bars: pl.DataFrame, name: str) -> None:
        """Put a file into the landing folder, whole."""
        with replacing(self.home.root / "landing" / name) as temporary:
            bars.write_parquet(temporary)

    def move_clock(self, at: datetime) -> None:
        """It is `at` now, for Dagster."""
        with replacing(self.root / "clock") as temporary:
            temporary.write_text(str(at.timestamp() - time.time()))

    def command(self, *words: str) -> str:
        """What `mlplatform ...` prints."""
        return self._finished("-m", "mlplatform.cli", *words)

    def set_going(self, kind: str, *names: str) -> None:
        """Start schedules or sensors, as a click in the UI does; all where none is named."""
        for name in names or ("--start-all",):
            self._dagster("dagster._cli", kind, "start", name, *_MODULE)

    def start_daemon(self) -> None:
        """Dagster's daemon, by its own command."""
        words = ("dagster._daemon.cli", "run", *_MODULE)
        with (self.root / "daemon.log").open("ab") as log:
            self.running.append(
                subprocess.Popen(
                    self._moved(*words),
                    env=self.environment,
                    cwd=self.root,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def stop(self) -> None:
        """End what was started, children too."""
        while self.running:
            end(self.running.pop())

    def runs(self, job: str, by: str) -> list[dg.DagsterRun]:
        """Runs of a job that a schedule or sensor `by` name began, newest first."""
        with open_instance(self.home) as instance:
            found = instance.get_runs(dg.RunsFilter(job_name=job))
        begun = ("dagster/schedule_name", "dagster/sensor_name")
        return [run for run in found if by in {run.tags.get(tag) for tag in begun}]

    def wait_for(self, job: str, by: str, status: str = "SUCCESS", count: int = 1) -> dg.DagsterRun:
        """The newest of so many runs of the job by that schedule or sensor, once it ended so."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            ended = [run for run in self.runs(job, by) if run.is_finished]
            if len(ended) >= count:
                assert ended[0].status.value == status, self.log()
                return ended[0]
            assert time.monotonic() < deadline, f"{job} by {by}:\n{self.log()}"
            assert self.running[0].poll() is None, self.log()
            time.sleep(0.5)

    def wait_to_be_told(self, title: str) -> dict[str, str]:
        """The first notice whose title has these words."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            found = [notice for notice in self.told if title in notice["title"]]
            if found:
                return found[0]
            assert time.monotonic() < deadline, f"{self.told}\n{self.log()}"
            time.sleep(0.5)

    def log(self) -> str:
        """The end of what the daemon said."""
        return (self.root / "daemon.log").read_text()[-4000:]

    def _dagster(self, *words: str) -> str:
        return self._finished(*self._moved(*words)[1:])

    def _moved(self, *words: str) -> list[str]:
        return [sys.executable, "-W", "ignore", "-m", "mlplatform_tests.deploy.moved_clock", *words]

    def _finished(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def living(root: Path, **settings: str) -> Iterator[Living]:
    """A place for a home; whatever was started in it is stopped."""
    with receiver() as (address, told):
        home = root / "home"
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        own = {
            "PYTHONPATH": str(ROOT),
            FILE: str(root / "clock"),
            "DAGSTER_HOME": str(home / "dagster"),
            "MLPLATFORM_HOME": str(home),
            "MLPLATFORM_NOTIFY": address,
        }
        one = Living(root, told, kept | own | SMALL | settings)
        try:
            yield one
        finally:
            one.stop()


@contextmanager
def receiver() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A webhook on loopback: its address as apprise writes it, and what it was told."""
    told: list[dict[str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/", told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
