"""A server that refuses: for a moment it is asked again, for good it is a sentence."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from mlplatform.adapters.lake.objects import Bucket
from mlplatform.adapters.tracking.mlflow_tracker import MlflowTracker
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.steps.outages import kinds, outage_of, told_of

FRAME = pl.DataFrame({"a": [1, 2]})
_REFUSED = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>%s</Message></Error>"
WRONG_KEY = (403, _REFUSED % (b"InvalidAccessKeyId", b"The key does not exist in our records."))
_UPLOAD = "<?xml version='1.0'?><{0}><Key>k</Key><UploadId>1</UploadId><ETag>e</ETag></{0}>"
WRONG_HOST = (403, b"Invalid Host header - possible DNS rebinding attack detected")
"""MLflow's answer to a name that its option --allowed-hosts does not allow."""
BUSY = (503, _REFUSED % (b"SlowDown", b"Please reduce your request rate."))


@contextmanager
def store(answers: list[tuple[int, bytes]], asked: list[str]) -> Iterator[str]:
    """A server that gives these answers to what is written, then takes everything."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answers.pop(0) if answers else (200, self._taken())
            self.send_response(status)
            self.send_header("ETag", '"whole"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _taken(self) -> bytes:
            part = "Complete" if "uploadId" in self.path else "Initiate"
            return _UPLOAD.format(f"{part}MultipartUploadResult").encode()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer

        def log_message(self, *told: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "planted-secret",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def test_a_store_that_is_busy_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    with store([BUSY, BUSY], asked) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        assert Bucket("s3://lake").put("bars/MES-5m/1.parquet", FRAME)
    assert asked[0] == asked[1] == asked[2], "twice refused, then taken"
    assert asked[3] != asked[2]


def test_a_key_that_is_wrong_is_a_sentence_without_the_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    with store([WRONG_KEY] * 20, asked) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        with pytest.raises(InputError) as refused:
            Bucket("s3://lake").put("bars/MES-5m/1.parquet", FRAME)
    told = str(refused.value)
    assert told.startswith("s3://lake cannot be written to: ")
    assert "the credentials" in told
    assert "planted-secret" not in told
    assert 1 <= len(asked) <= 2, "asking again does not help"


def test_an_mlflow_that_does_not_allow_this_host_is_not_told_to_be_started() -> None:
    asked: list[str] = []
    with store([WRONG_HOST] * 20, asked) as endpoint:
        tracker = MlflowTracker(endpoint)
        with pytest.raises(Exception, match="error code 403") as refused:
            tracker.champion("MES-5m")
    assert isinstance(refused.value, kinds())
    told = outage_of(told_of(refused.value))
    assert told is not None
    assert told.startswith("MLflow refuses with error code 403: let its server allow this host")
    assert len(asked) == 1, "asking again does not help"
