"""Postgres ends a connection at any statement of a run: the run goes on, and ends the same."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import dagster as dg
import polars as pl
import psycopg2
import pytest
import sqlalchemy as sa
from rich.console import Console

from mlplatform.commands.ingest import Files, ingest
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.running.runner import run_chain
from mlplatform.settings import load_settings
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.deploy.compose import ROOT, read_services
from mlplatform_tests.deploy.stack import (
    SECRETS,
    PostgresServer,
    Stack,
    free_port,
    postgres,
    postgres_programs,
)
from mlplatform_tests.endurance.world import SERIES, bars_of

pytestmark = pytest.mark.skipif(
    postgres_programs() is None, reason="there is no Postgres (package postgresql) here"
)
When = Literal["before the server had it", "after the server did it"]
MADE = frozenset({"features", "candidates", "labels"})
SHARES = [n / 40 for n in range(1, 41)] if "MLPLATFORM_SOAK" in os.environ else [0.4, 0.7]
"""How far a chain is when a statement is broken: the soak breaks many of its some 400."""


@dataclass
class Breaker:
    """Counts the statements of this process, and ends the connection of one of them."""

    server: "Server"
    at: int = 0
    when: When = "before the server had it"
    count: int = 0

    def before(self, connection: sa.Connection, *_: object) -> None:
        """Has the server end the connection, as a restart does."""
        self.count += 1
        if self.count == self.at and self.when == "before the server had it":
            ended = connection.connection.dbapi_connection
            self.server.sql(f"SELECT pg_terminate_backend({ended.info.backend_pid})")  # type: ignore[union-attr]

    def after(self, _: sa.Connection, cursor: Any, statement: str, *__: object) -> None:
        """What was done stays done, and nobody hears of it."""
        if self.count == self.at and self.when == "after the server did it":
            lost = psycopg2.OperationalError("server closed the connection unexpectedly")
            raise sa.exc.OperationalError(statement, {}, lost)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """To all engines."""
        heard = {"before_cursor_execute": self.before, "after_cursor_execute": self.after}
        for name, hear in heard.items():
            sa.event.listen(sa.Engine, name, hear)
        try:
            yield
        finally:
            for name, hear in heard.items():
                sa.event.remove(sa.Engine, name, hear)


@dataclass(frozen=True)
class Server:
    """A Postgres with a home whose bars were taken in, and nothing made of them yet."""

    stack: Stack
    running: PostgresServer

    def sql(self, statement: str) -> None:
        """As its owner."""
        self.running.sql(self.stack.services["postgres"].environment, statement)

    @contextmanager
    def home(self, name: str) -> Iterator[Path]:
        """A copy of the home with a database of its own."""
        root = self.stack.root / name
        if name != "first":
            shutil.copytree(self.stack.root / "first", root)
            self.sql(f"CREATE DATABASE {name} TEMPLATE first")
        else:
            self.sql(f"CREATE DATABASE {name}")
        place = f"127.0.0.1:{self.stack.ports['postgres']}/{name}"
        with pytest.MonkeyPatch.context() as patched:
            for key, value in {
                "MLPLATFORM_DAGSTER_HOME": str(ROOT / "deploy"),
                "MLPLATFORM_DAGSTER_URL": f"postgresql+psycopg2://mlplatform@{place}",
                "MLPLATFORM_DAGSTER_FILES": str(root / "dagster"),
                "MLPLATFORM_RUNS": "2",
                "PGPASSWORD": SECRETS["POSTGRES_PASSWORD"],
            }.items():
                patched.setenv(key, value)
            yield root

    def run(self, name: str, at: int = 0, when: When = "before the server had it") -> "Ran":
        """The chain in a copy of the home, broken at one statement."""
        breaker = Breaker(self, at, when)
        with self.home(name) as root:
            platform = build_platform(root, load_settings(root), {"tracker": MemoryTracker()})
            with open_instance(platform.home) as instance:
                with breaker.listening():
                    done = run_chain(platform, instance, SERIES, lambda *_: None, MADE)
                again = run_chain(platform, instance, SERIES, lambda *_: None, MADE)
                runs = instance.get_runs(dg.RunsFilter(job_name="windows"))
        lake = platform.home.lake
        made = {asset: lake.read(asset, SERIES, lake.periods(asset, SERIES)) for asset in MADE}
        statuses = sorted(run.status.value for run in runs)
        return Ran(breaker.count, done.assets, again.assets, made, statuses)


@dataclass(frozen=True)
class Ran:
    """What came of a chain."""

    statements: int
    assets: int
    left: int
    """What the same again had to make."""
    made: dict[str, pl.DataFrame]
    statuses: list[str]
    """Of all runs, as Dagster has them."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    root = Path(tempfile.mkdtemp(prefix="broken-"))
    stack = Stack(root, {"postgres": free_port()}, read_services(SECRETS))
    try:
        with postgres(stack) as running:
            found = Server(stack, running)
            path = root / "bars.parquet"
            bars_of(sessions=8).drop("contract").write_parquet(path)
            with found.home("first") as home:
                files = Files(path, "MES", "5m", None, None, None)
                ingest(home, files, False, Console(quiet=True))
            yield found
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def whole(server: Server) -> Ran:
    """A chain that nobody disturbed."""
    ran = server.run("whole")
    assert (ran.assets, ran.statuses) == (len(MADE), ["SUCCESS"])
    return ran


@pytest.mark.parametrize("when", get_args(When))
@pytest.mark.parametrize("share", SHARES)
def test_a_chain_whose_connection_ends_at_any_statement_is_made_as_if_nothing_had_been(
    server: Server, whole: Ran, share: float, when: When
) -> None:
    at = max(1, round(share * whole.statements))
    ran = server.run(f"broken_{at}_{when.split()[0]}", at, when)
    assert ran.left == 0, "nothing is left to be made"
    for asset in MADE:
        assert ran.made[asset].equals(whole.made[asset])
    assert set(ran.statuses) <= {"SUCCESS", "FAILURE"}, "no run seems to be going on"
