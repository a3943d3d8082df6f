"""Frames in a bucket of an object store.

Credentials, region and endpoint come from the AWS SDK's own environment names (AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL_S3); none is ever part of the address.
"""

import io
import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from mlplatform.domain.errors import InputError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]+)(/[A-Za-z0-9_./-]*)?")
_ATTEMPTS = 6


class Bucket:
    """A shelf in S3: an object shows only once it is complete, so a writer needs no second name."""

    def __init__(self, address: str) -> None:
        """Raises InputError unless the address reads s3://bucket or s3://bucket/prefix."""
        match = _ADDRESS.fullmatch(address)
        if match is None:
            raise InputError(f"The lake's address {address!r} must read s3://bucket/prefix.")
        self.address = address.rstrip("/")
        self._root = f"{match[1]}{(match[2] or '').rstrip('/')}"

    def put(self, name: str, frame: pl.DataFrame) -> str:
        """Keep a frame; raises InputError where the store refuses."""
        whole = io.BytesIO()
        frame.write_parquet(whole)
        try:
            with self._files.open_output_stream(f"{self._root}/{name}") as sink:
                sink.write(whole.getbuffer())
        except OSError as error:
            raise self._refused("written to", error) from error
        return f"{self.address}/{name}"

    def get(self, name: str) -> pl.DataFrame | None:
        """The frame of that name; raises InputError where the store refuses."""
        try:
            with self._files.open_input_file(f"{self._root}/{name}") as source:
                return pl.read_parquet(io.BytesIO(source.readall()))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused("read", error) from error

    def has(self, name: str) -> bool:
        """Whether there is one."""
        try:
            return bool(self._files.get_file_info(f"{self._root}/{name}").is_file)
        except OSError as error:
            raise self._refused("read", error) from error

    def names(self, folder: str) -> list[str]:
        """The objects right under a folder."""
        from pyarrow.fs import FileSelector

        try:
            found = self._files.get_file_info(
                FileSelector(f"{self._root}/{folder}", allow_not_found=True)
            )
        except OSError as error:
            raise self._refused("listed", error) from error
        return [item.base_name for item in found if item.is_file]

    def remove(self, name: str) -> None:
        """Remove the object of that name, if there is one."""
        try:
            self._files.delete_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._refused("written to", error) from error

    def create(self) -> None:
        """Whether the bucket answers; making it is the business of who runs the store."""
        self.names("")

    @cached_property
    def _files(self) -> "FileSystem":
        """The SDK tries again by itself, waiting longer each time."""
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

        return S3FileSystem(
            allow_bucket_creation=False,
            endpoint_override=_endpoint(),
            retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
            connect_timeout=5,
            request_timeout=60,
        )

    def _refused(self, done: str, error: OSError) -> InputError:
        return InputError(
            f"{self.address} cannot be {done}: {_reason(error)} Check AWS_ENDPOINT_URL_S3, the "
            f"credentials and the bucket, then give the same command again."
        )


def _endpoint() -> str | None:
    """Arrow does not read the SDK's names for it."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def _reason(error: OSError) -> str:
    """What the store said, without the request around it."""
    text = str(error).splitlines()[0]
    return text.rsplit("AWS Error ", 1)[-1].rstrip(". ") + "."
