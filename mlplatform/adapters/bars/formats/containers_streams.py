"""Decompressed bytes, bounded while they are read."""

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]

from mlplatform.domain.errors import InputError

BUFFER_BYTES = 1 << 20
_SKIPPABLE_ZSTD = range(0x184D2A50, 0x184D2A60)
_REFUSED = {
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
}


@dataclass(frozen=True)
class Limits:
    """How much a file may hold before it counts as a zip bomb."""

    max_bytes: int = 16 << 30
    """Decompressed bytes of a container."""
    max_ratio: int = 200
    """Decompressed per compressed byte; text of bars reaches about 20."""
    ratio_free_bytes: int = 64 << 20
    """What any file may inflate to, whatever its ratio."""
    max_members: int = 10_000
    """Files in a zip or a folder."""

    def inflated(self, compressed_bytes: int) -> int:
        """Most bytes that so many compressed ones may become."""
        return min(self.max_bytes, max(self.ratio_free_bytes, self.max_ratio * compressed_bytes))


class Closable(Protocol):
    """What holds a resource."""

    def close(self) -> None:
        """Free what is held."""


class Readable(Closable, Protocol):
    """What the streams of gzip, zipfile and pyarrow have in common."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class BoundedStream(io.RawIOBase):
    """Bytes of a source: more than `limit_bytes`, or broken ones, are an InputError."""

    def __init__(
        self, source: Readable, where: str, limit_bytes: int, also: tuple[Closable, ...] = ()
    ) -> None:
        self._source = source
        self._where = where
        self._limit_bytes = limit_bytes
        self._also = also
        self.bytes_read = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer; never asks the source for more than one byte beyond the limit."""
        wanted = min(len(buffer), self._limit_bytes - self.bytes_read + 1)
        try:
            data = self._source.read(wanted)
        except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError) as error:
            raise InputError(
                f"{self._where} is truncated or damaged ({_first_line(error)}): "
                "export or download it again."
            ) from None
        self.bytes_read += len(data)
        if self.bytes_read > self._limit_bytes:
            raise InputError(
                f"{self._where} grows beyond {self._limit_bytes:,} bytes when it is decompressed, "
                "which is what a zip bomb does: decompress it yourself and give the plain file, "
                "split in parts if it is that large."
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the source and what holds it."""
        if not self.closed:
            self._source.close()
            for each in self._also:
                each.close()
        super().close()


def open_bounded(
    raw: BinaryIO,
    where: str,
    compressed_bytes: int,
    limits: Limits,
    also: tuple[Closable, ...] = (),
) -> BinaryIO:
    """The stream behind `raw`, decompressed if its first bytes say so; closes `raw` and `also`.

    Raises InputError for another kind of compression, and while reading for what is truncated
    or grows beyond the limits.
    """
    buffered = (
        raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", raw))
    )
    try:
        compression = compression_of(buffered.peek(8)[:8], where)
        if compression == "zip":
            raise InputError(f"{where} is a zip inside a zip: unpack the outer one first.")
    except InputError:
        buffered.close()
        raise
    inflate = _INFLATE.get(compression or "")
    if inflate is None:
        stream = BoundedStream(buffered, where, limits.max_bytes, also)
    else:
        limit_bytes = limits.inflated(compressed_bytes)
        stream = BoundedStream(inflate(buffered), where, limit_bytes, (buffered, *also))
    return io.BufferedReader(stream, BUFFER_BYTES)


def compression_of(magic: bytes, where: str) -> str | None:
    """ "gz", "zst", "zip" or None (plain) by the first bytes; InputError for other kinds."""
    for prefix, name in _REFUSED.items():
        if magic.startswith(prefix):
            raise InputError(
                f"{where} is compressed by {name}: give it as gzip, zstd, zip or plain."
            )
    if magic.startswith(b"\x1f\x8b"):
        return "gz"
    number = int.from_bytes(magic[:4], "little")
    if len(magic) >= 4 and (number == 0xFD2FB528 or number in _SKIPPABLE_ZSTD):
        return "zst"
    if magic.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    return None


def _zstd(source: io.BufferedReader) -> Readable:
    return cast(
        "Readable", pa.CompressedInputStream(pa.PythonFile(source, mode="r"), compression="zstd")
    )


def _gzip(source: io.BufferedReader) -> Readable:
    return gzip.GzipFile(fileobj=source, mode="rb")


_INFLATE: dict[str, Callable[[io.BufferedReader], Readable]] = {"gz": _gzip, "zst": _zstd}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
