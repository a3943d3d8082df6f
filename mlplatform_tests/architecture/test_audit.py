"""`make check` tells known vulnerabilities, or that nobody could be asked."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from mlplatform_tests.architecture.ci_script import ROOT, ci_script

audit = ci_script("audit")


@contextmanager
def database(status: int, body: str) -> Iterator[str]:
    """What answers in the public database's place; gives its address."""

    class Database(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Database)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, json.dumps({"vulnerabilities": [{"id": "PYSEC-1"}]}), None),
        (200, json.dumps({"vulnerabilities": []}), "knows no vulnerabilities"),
        (200, "{}", "knows no vulnerabilities"),
        (200, "<html>", "does not answer"),
        (404, "", "does not answer"),
    ],
)
def test_only_a_database_that_knows_a_known_vulnerability_is_believed(
    status: int, body: str, said: str | None
) -> None:
    with database(status, body) as address:
        why = audit.silence(address)
    assert why is None if said is None else said in why


def test_where_nobody_answers_that_is_said_and_is_no_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit.main(lambda: "there is no network", ["false"]) == 0
    assert "NOT AUDITED" in capsys.readouterr().out


@pytest.mark.parametrize("code", [0, 1])
def test_where_it_answers_the_audit_decides(code: int) -> None:
    assert audit.main(lambda: None, [sys.executable, "-c", f"raise SystemExit({code})"]) == code


def test_check_and_audit_ask_for_the_same() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "$(BIN)/python .ci/audit.py" in makefile.partition("\ncheck:")[2].partition("\n\n")[0]
    options = makefile.partition("$(BIN)/pip-audit ")[2].partition("\n")[0].split()
    assert options[:-1] == audit.AUDIT[1:-1]
    assert ROOT / options[-1] == Path(audit.AUDIT[-1])
