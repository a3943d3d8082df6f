"""The reverse proxy of the compose file as a plain process, by the file that it mounts."""

import base64
import os
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlplatform_tests.deploy.compose import ROOT

CADDY = shutil.which("caddy")
PASSWORD = "planted-proxy-password"
_START_S = 30


@dataclass(frozen=True)
class Proxy:
    """Where each page is, and whose certificate to trust."""

    ports: Mapping[str, int]
    authority: Path

    def status(self, page: str, path: str = "/", password: str | None = None) -> int:
        """The status of an answer, without a password or with one."""
        return self.ask(page, path, password)[0]

    def ask(self, page: str, path: str = "/", password: str | None = None) -> tuple[int, bytes]:
        """Status and body."""
        request = urllib.request.Request(f"https://localhost:{self.ports[page]}{path}")
        if password is not None:
            token = base64.b64encode(f"trader:{password}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        context = ssl.create_default_context(cafile=self.authority)
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@contextmanager
def proxy(root: Path, ports: Mapping[str, int], behind: Mapping[str, int]) -> Iterator[Proxy]:
    """Caddy on `ports` in front of what is on the ports `behind`, both by page."""
    assert CADDY is not None
    hashed = subprocess.run(
        [CADDY, "hash-password", "--plaintext", PASSWORD],
        capture_output=True,
        text=True,
        check=True,
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "XDG_DATA_HOME": str(root / "data"),
        "XDG_CONFIG_HOME": str(root / "config"),
        "PROXY_HOST": "localhost",
        "PROXY_USER": "trader",
        "PROXY_PASSWORD_HASH": hashed.stdout.strip(),
    }
    for page in ports:
        environment[f"PROXY_{page.upper()}_PORT"] = str(ports[page])
        environment[f"PROXY_{page.upper()}"] = f"127.0.0.1:{behind[page]}"
    words = [CADDY, "run", "--config", str(ROOT / "deploy/Caddyfile"), "--adapter", "caddyfile"]
    with (root / "caddy.log").open("wb") as log:
        process = subprocess.Popen(words, env=environment, cwd=root, stdout=log, stderr=log)
    one = Proxy(ports, root / "data/caddy/pki/authorities/local/root.crt")
    try:
        deadline = time.monotonic() + _START_S
        while not _answers(one):
            assert process.poll() is None, (root / "caddy.log").read_text()
            assert time.monotonic() < deadline, (root / "caddy.log").read_text()
            time.sleep(0.1)
        yield one
    finally:
        process.terminate()
        process.wait(20)


def _answers(one: Proxy) -> bool:
    try:
        return one.authority.is_file() and all(one.status(page) for page in one.ports)
    except (OSError, ssl.SSLError):
        return False
