"""Every place for the lake keeps one contract; a bucket also says what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from mlplatform.adapters.lake.folder import Folder
from mlplatform.adapters.lake.objects import Bucket
from mlplatform.domain.errors import InputError
from mlplatform.testing.shelves import FRAME, ShelfContract


class TestFolder(ShelfContract):
    @pytest.fixture
    def shelf(self, tmp_path: Path) -> Folder:
        shelf = Folder(tmp_path / "lake")
        shelf.create()
        return shelf


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The endpoint of an S3 server with one bucket, `lake`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "planted-secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            environment.setenv(name, value)
        client = boto3.client("s3", "us-east-1")
        client.create_bucket(Bucket="lake")
        client.close()
        yield endpoint
    server.stop()


class TestBucket(ShelfContract):
    @pytest.fixture
    def shelf(self, store: str, request: pytest.FixtureRequest) -> Bucket:
        return Bucket(f"s3://lake/{request.node.name}")


def test_two_prefixes_of_a_bucket_are_two_lakes(store: str) -> None:
    Bucket("s3://lake/one").put("a/b/1.parquet", FRAME)
    assert Bucket("s3://lake/two").get("a/b/1.parquet") is None


def test_a_bucket_that_is_missing_is_named(store: str) -> None:
    with pytest.raises(InputError, match=r"s3://nowhere cannot be written to"):
        Bucket("s3://nowhere").put("a/b/1.parquet", FRAME)


def test_what_is_said_of_a_refusal_holds_no_secret(store: str) -> None:
    with pytest.raises(InputError) as refused:
        Bucket("s3://nowhere").put("a/b/1.parquet", FRAME)
    assert "planted-secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["s3:/lake", "s3://", "http://lake", "s3://lake/a b"])
def test_an_address_that_names_no_bucket_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="must read s3://bucket/prefix"):
        Bucket(address)
