"""The profile `proxy`: each page is behind TLS and a password."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mlplatform_tests.deploy.proxy import CADDY, PASSWORD, Proxy, proxy
from mlplatform_tests.deploy.stack import free_port

pytestmark = pytest.mark.skipif(CADDY is None, reason="there is no caddy here")
PAGES = ("dagster", "mlflow", "optuna")


@contextmanager
def page(name: str) -> Iterator[int]:
    """A page that says its name, and under which name it was asked for; gives its port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{name} {self.headers['Host']}".encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with ExitStack() as held:
        behind = {name: held.enter_context(page(name)) for name in PAGES}
        ports = {name: free_port() for name in PAGES}
        yield held.enter_context(proxy(tmp_path_factory.mktemp("proxy"), ports, behind))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("password", [None, "", "another"])
def test_without_the_password_nobody_gets_in(front: Proxy, name: str, password: str | None) -> None:
    for path in ("/", "/graphql", "/health", "/api/2.0/mlflow/experiments/search"):
        status, body = front.ask(name, path, password)
        assert status == 401
        assert name.encode() not in body


@pytest.mark.parametrize("name", PAGES)
def test_with_it_the_page_behind_answers(front: Proxy, name: str) -> None:
    status, body = front.ask(name, "/", PASSWORD)
    assert (status, body.split()[0]) == (200, name.encode())


def test_mlflow_is_asked_by_the_name_that_it_allows(front: Proxy) -> None:
    assert front.ask("mlflow", "/", PASSWORD)[1] == b"mlflow mlflow:5000"


def test_nothing_is_said_without_tls(front: Proxy) -> None:
    for port in front.ports.values():
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://localhost:{port}/", timeout=30)
        assert refused.value.code == 400
        refused.value.close()
