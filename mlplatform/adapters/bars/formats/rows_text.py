"""Lines of text from bytes: UTF-8, UTF-16 and Latin-1, a block at a time."""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]

from mlplatform.adapters.bars.formats.containers import Member
from mlplatform.domain.errors import InputError

BLOCK_BYTES = 16 << 20
_LETTERS_BEYOND_ASCII = "€£¥§°«»–—‘’“”·²³µ\u00a0"


@dataclass(frozen=True)
class LineBlock:
    """Consecutive lines without their line ends."""

    first: int
    """Number of the first line in the file, from 1."""
    lines: pl.Series
    is_cut: bool = False
    """The file ends in this block's last line, without a line end."""


def line_blocks(member: Member, block_bytes: int = BLOCK_BYTES) -> Iterator[LineBlock]:
    """The member's lines in order, a block of about `block_bytes` in memory at a time.

    Raises InputError for bytes that are no text, and for lines longer than a block.
    """
    text = _Utf8(member)
    first, pending = 1, b""
    for chunk in text.chunks(block_bytes):
        data = pending + chunk
        end = data.rfind(b"\n") + 1
        if not end and len(data) > block_bytes:
            raise InputError(
                f"{member.where} has no line end within {len(data):,} bytes, so it is no table "
                "of text: export it as CSV with one bar a line."
            )
        pending = data[end:]
        if end:
            lines = _lines(text.checked(data[:end], first))
            yield LineBlock(first, lines)
            first += len(lines)
    if pending:
        yield LineBlock(first, _lines(text.checked(pending, first) + b"\n"), is_cut=True)


def text_chunks(member: Member, chunk_bytes: int = BLOCK_BYTES) -> Iterator[str]:
    """The member's text, decoded, in pieces of about `chunk_bytes`; raises as `line_blocks`."""
    text = _Utf8(member)
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for chunk in text.chunks(chunk_bytes):
        try:
            piece = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            line += chunk.count(b"\n", 0, error.start)
            raise text.undecodable(line) from None
        line += piece.count("\n")
        yield piece
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise text.undecodable(line) from None


def text_start(member: Member, size: int) -> str:
    """About the first `size` bytes as text, with marks for what cannot be decoded."""
    return next(_Utf8(member).chunks(size), b"").decode("utf-8", errors="replace")


class _Utf8:
    """A member's bytes as UTF-8, whatever it is written in."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._is_latin = False
        self._has_multibyte = False

    def chunks(self, size: int) -> Iterator[bytes]:
        with self._member.open() as stream:
            start = stream.read(4096)
            if not start:
                raise InputError(f"{self._member.where} holds nothing: export it again.")
            decode = self._decoder(start)
            lone_returns = False
            chunk = start + stream.read(size)
            is_first = True
            while chunk:
                data = decode(chunk, False)
                if is_first:
                    data = data.removeprefix(codecs.BOM_UTF8)
                    # Line ends of old Macs: a carriage return alone.
                    lone_returns = b"\n" not in data and b"\r" in data
                    is_first = False
                yield data.replace(b"\r", b"\n") if lone_returns else data
                chunk = stream.read(size)
            if rest := decode(b"", True):
                yield rest

    def checked(self, data: bytes, first_line: int) -> bytes:
        """Whole lines as valid UTF-8; Latin-1 where the file never was anything else."""
        if b"\0" in data:
            line = first_line + data.count(b"\n", 0, data.index(b"\0"))
            raise InputError(
                f"{self._member.where} is no text (a NUL byte in line {line}): export it as CSV, "
                "JSON or Parquet."
            )
        if data.isascii():
            return data
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            latin = None if self._has_multibyte else _from_latin(data)
            if latin is None:
                line = first_line + data.count(b"\n", 0, error.start)
                raise self.undecodable(line) from None
            self._is_latin = True
            return latin
        if self._is_latin:
            return data.decode("cp1252", errors="replace").encode()
        self._has_multibyte = True
        return data

    def undecodable(self, line: int) -> InputError:
        """What to say of bytes that no encoding explains."""
        return InputError(
            f"{self._member.where} has bytes in line {line} that are neither UTF-8, UTF-16 nor "
            "Latin-1: save it as UTF-8."
        )

    def _decoder(self, start: bytes) -> Callable[[bytes, bool], bytes]:
        name = _utf16(start)
        if name is None:
            return _as_it_is
        decoder = codecs.getincrementaldecoder(name)()

        def decode(data: bytes, final: bool) -> bytes:
            try:
                return decoder.decode(data, final).lstrip("\ufeff").encode()
            except UnicodeError:
                raise InputError(
                    f"{self._member.where} begins as UTF-16 and then is not, or is cut off: "
                    "export it again, best as UTF-8."
                ) from None

        return decode


def _as_it_is(data: bytes, _final: bool) -> bytes:
    return data


def _utf16(start: bytes) -> str | None:
    if start.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if start.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    # Without a mark: text of tables is ASCII, so that every second byte is zero.
    even, odd = start[0:200:2], start[1:200:2]
    if odd and not any(odd) and all(even):
        return "utf-16-le"
    if even and not any(even) and all(odd):
        return "utf-16-be"
    return None


def _from_latin(data: bytes) -> bytes | None:
    """UTF-8 of Western European text; None where it does not look like that."""
    beyond = np.frombuffer(data, np.uint8) >= 0x80
    # Three in a row are no word of Western Europe but another alphabet, or no text at all.
    if (beyond[2:] & beyond[1:-1] & beyond[:-2]).any():
        return None
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    strange = {c for c in set(text) if not c.isascii()} - set(_LETTERS_BEYOND_ASCII)
    return text.encode() if all(c.isalpha() for c in strange) else None


def _lines(data: bytes) -> pl.Series:
    """The lines of UTF-8 that ends with a line end; the bytes are shared, not copied."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")).astype(np.int64) + 1
    offsets = np.concatenate([np.zeros(1, np.int64), ends])
    lines = pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data))
    return pl.Series("line", lines).str.strip_chars_end("\r\n")
