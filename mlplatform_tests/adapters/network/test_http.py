"""HTTP against a server on loopback."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlplatform.adapters.bars.network import http
from mlplatform.adapters.bars.network.http import http_get
from mlplatform.adapters.bars.network.port import TransientError
from mlplatform.domain.errors import InputError
from mlplatform.testing.network_sources import TOKEN, is_one_sentence


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        what = self.path.removeprefix("/").split("?")[0]
        if what == "hang":
            self.server.released.wait(5)  # type: ignore[attr-defined]
            return
        if what == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"short")
            return
        self.send_response(int(what))
        if what == "429":
            self.send_header("Retry-After", "33")
        body = b"body" if what == "200" else TOKEN.encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def root() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.released = threading.Event()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.released.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def test_a_body_comes_and_a_missing_page_is_nothing(root: str) -> None:
    assert http_get(f"{root}/200") == b"body"
    assert http_get(f"{root}/404") is None


@pytest.mark.parametrize("what", ["408", "429", "500", "503", "cut"])
def test_what_may_pass_is_told_as_such(root: str, what: str) -> None:
    with pytest.raises(TransientError) as told:
        http_get(f"{root}/{what}?token={TOKEN}")
    assert TOKEN not in str(told.value)
    assert told.value.pause_s == (33.0 if what == "429" else 0.0)


@pytest.mark.parametrize("what", ["400", "401", "403", "451"])
def test_a_refusal_is_told_in_one_sentence_without_the_address(root: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as told:
        http_get(f"{root}/{what}?token={TOKEN}")
    is_one_sentence(str(told.value).replace("127.0.0.1", "host"))
    assert TOKEN not in str(told.value)


def test_a_server_that_hangs_is_left_in_time(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_TIMEOUT_S", 0.1)
    with pytest.raises(TransientError, match="no answer in time"):
        http_get(f"{root}/hang")


def test_a_port_where_nobody_listens_may_pass() -> None:
    with pytest.raises(TransientError, match="connection failed"):
        http_get("http://127.0.0.1:1/x")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://host/x", "host/x"])
def test_only_http_is_asked(url: str) -> None:
    with pytest.raises(InputError) as told:
        http_get(url)
    is_one_sentence(str(told.value))


def test_a_body_without_end_is_not_read_to_it(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LARGEST_BYTES", 3)
    with pytest.raises(InputError, match="more than"):
        http_get(f"{root}/200")
