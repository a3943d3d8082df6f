"""The services of the compose file as plain processes, by the file's own commands.

Only places differ: hosts become 127.0.0.1, ports free ones, /srv folders of a temporary place.
Postgres comes from the system's packages, S3 from moto.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from mlplatform_tests.deploy.compose import ROOT, Service, read_services
from mlplatform_tests.deploy.ending import end

SECRETS = {
    "POSTGRES_PASSWORD": "planted-postgres-password",
    "S3_ACCESS_KEY": "planted-access",
    "S3_SECRET_KEY": "planted-secret-key",
    "MLPLATFORM_NOTIFY": "json://127.0.0.1:9/planted-notify-token",
}
_PORTS = {"postgres": 5432, "s3": 8333, "mlflow": 5000, "code": 4000, "webserver": 3000}
_PORTS |= {"optuna": 8080, "metrics": 9400}
_ORDER = ("prepare", "mlflow", "code", "webserver", "daemon", "optuna", "metrics")
_START_S = 300


@dataclass
class Stack:
    """What runs, and where."""

    root: Path
    ports: dict[str, int]
    services: dict[str, Service]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """What is /srv/home in a container."""
        return self.root / "home"

    def here(self, text: str) -> str:
        """A word of the file as it reads on this machine."""
        for name, port in self.ports.items():
            text = re.sub(rf"\b{name}:{_PORTS[name]}\b", f"127.0.0.1:{port}", text)
            text = re.sub(rf"(127\.0\.0\.1:|--port=){_PORTS[name]}\b", rf"\g<1>{port}", text)
        text = text.replace("/srv/deploy", str(self.root / "deploy"))
        text = text.replace("/srv/home", str(self.home))
        return text.replace("0.0.0.0", "127.0.0.1")

    def command(self, words: list[str], own: str) -> list[str]:
        """A command of service `own`; programs are those of this environment."""
        told = [self.here(word) for word in words]
        for place, word in enumerate(told[:-1]):
            if word == "--port" and told[place + 1] == str(_PORTS.get(own)):
                told[place + 1] = str(self.ports[own])
        return [str(Path(sys.executable).with_name(told[0])), *told[1:]]

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a service, and nothing else of ours."""
        told = {key: self.here(value) for key, value in self.services[name].environment.items()}
        if "MLPLATFORM_CODE_HOST" in told:
            told |= {"MLPLATFORM_CODE_HOST": "127.0.0.1"}
            told |= {"MLPLATFORM_CODE_PORT": str(self.ports["code"])}
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return kept | {"PYTHONPATH": str(ROOT)} | told

    def run(self, words: list[str], timeout_s: int = 300) -> "subprocess.CompletedProcess[str]":
        """One command in the environment of the code location, as `docker compose exec code`."""
        return subprocess.run(
            self.command(words, "code"),
            env=self.environment("code"),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def start(self, name: str) -> None:
        """Start a service and wait until its health check is content."""
        service = self.services[name]
        with (self.root / "logs" / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                self.command(service.command, name),
                env=self.environment(name),
                cwd=self.home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if service.body["restart"] == "no":
            assert process.wait(_START_S) == 0, self.log(name)
            return
        self.running[name] = process
        self.wait_for(name)

    def wait_for(self, name: str) -> None:
        """Until the health check of the file says that the service is well."""
        deadline = time.monotonic() + _START_S
        check = self.command(self.services[name].healthcheck, name)
        while subprocess.run(
            check, env=self.environment(name), capture_output=True, check=False
        ).returncode:
            assert self.running[name].poll() is None, self.log(name)
            assert time.monotonic() < deadline, self.log(name)
            time.sleep(0.5)

    def log(self, name: str) -> str:
        """The end of what a service said."""
        return f"{name}:\n" + (self.root / "logs" / f"{name}.log").read_text()[-3000:]

    def stop(self, name: str) -> None:
        """End a service and its children."""
        end(self.running.pop(name))


@contextmanager
def stack(more: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """All services, started in order, stopped in the end; `more` are variables of .env."""
    root = Path(tempfile.mkdtemp(prefix="stack-"))
    for folder in ("home", "logs"):
        (root / folder).mkdir()
    shutil.copytree(ROOT / "deploy", root / "deploy")
    told = read_services(SECRETS | dict(more or {}))
    one = Stack(root, {name: free_port() for name in _PORTS}, told)
    try:
        with postgres(one), object_store(one):
            for name in _ORDER:
                one.start(name)
            yield one
            for name in list(reversed(one.running)):
                one.stop(name)
    finally:
        for name in list(reversed(one.running)):
            one.stop(name)
        shutil.rmtree(root, ignore_errors=True)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_programs() -> Path | None:
    """The folder of initdb and postgres, None where there is no Postgres."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").is_file():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def postgres(stack: Stack) -> "Iterator[PostgresServer]":
    """A Postgres with the file's user, password and databases; it never runs as root."""
    programs = postgres_programs()
    assert programs is not None
    told = stack.services["postgres"].environment
    place = Path(tempfile.mkdtemp(prefix="stack-postgres-"))
    secret = place / "password"
    secret.write_text(told["POSTGRES_PASSWORD"])
    user = "postgres" if os.getuid() == 0 else None
    if user:
        for path in (place, secret):
            shutil.chown(path, user)
    data = place / "data"
    made = [programs / "initdb", "-D", data, "-U", told["POSTGRES_USER"], "-A", "scram-sha-256"]
    subprocess.run([*made, f"--pwfile={secret}"], user=user, cwd=place, check=True, stdout=-3)
    server = PostgresServer(programs, data, stack.ports["postgres"], user)
    server.start()
    try:
        server.sql(told, f"CREATE DATABASE {told['POSTGRES_DB']}")
        for line in (ROOT / "deploy/postgres/databases.sql").read_text().splitlines():
            if not line.startswith("--"):
                server.sql(told, line)
        yield server
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


@dataclass(frozen=True)
class PostgresServer:
    """One server process over one data folder."""

    programs: Path
    data: Path
    port: int
    user: str | None

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._control("start", "-w", "-o", options, "-l", self.data.parent / "log")

    def stop(self) -> None:
        """End it at once, as a container would be."""
        self._control("stop", "-m", "fast")

    def sql(self, told: Mapping[str, str], statement: str) -> None:
        """One statement as the file's user."""
        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user=told["POSTGRES_USER"],
            password=told["POSTGRES_PASSWORD"],
            dbname="postgres",
        )
        connection.autocommit = True
        connection.cursor().execute(statement)
        connection.close()

    def _control(self, *words: object) -> None:
        command = [self.programs / "pg_ctl", "-D", self.data, *words]
        subprocess.run(
            [str(word) for word in command],
            user=self.user,
            cwd=self.data.parent,
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def object_store(stack: Stack) -> Iterator[None]:
    """An S3 server on the stack's port."""
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1"]
    with (stack.root / "logs" / "s3.log").open("ab") as log:
        process = subprocess.Popen([*command, "-p", str(stack.ports["s3"])], stdout=log, stderr=log)
    deadline = time.monotonic() + _START_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", stack.ports["s3"])) == 0:
                break
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
