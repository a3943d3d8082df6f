"""Containers: nothing grows beyond its bounds."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from mlplatform.adapters.bars.formats.containers import Limits, members
from mlplatform.adapters.bars.formats.containers_streams import BoundedStream
from mlplatform.domain.errors import InputError
from mlplatform_tests.adapters.formats.containers import (
    TEXT,
    contents,
    refusal,
    written,
    zipped,
    zstd,
)


class Endless:
    """A source that would fill the memory, and says how much was taken from it."""

    taken = 0

    def read(self, size: int, /) -> bytes:
        self.taken += size
        return bytes(size)

    def close(self) -> None:
        pass


def test_no_byte_but_one_is_taken_beyond_the_limit() -> None:
    source = Endless()
    stream = io.BufferedReader(BoundedStream(source, "bomb.gz", 10_000), 4096)
    with pytest.raises(InputError, match="zip bomb"):
        stream.read()
    assert source.taken == 10_001


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_bomb_is_refused_before_it_is_inflated(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = bytes(64 << 20)
    data = gzip.compress(zeros) if suffix == ".gz" else zstd(zeros)
    assert len(zeros) > 900 * len(data)
    path = written(tmp_path / f"bomb.csv{suffix}", data)
    limits = Limits(max_ratio=20, ratio_free_bytes=1 << 20)
    read = []
    close = BoundedStream.close

    def note(self: BoundedStream) -> None:
        read.append(self.bytes_read)
        close(self)

    monkeypatch.setattr(BoundedStream, "close", note)
    assert "decompress it yourself" in refusal(path, limits)
    assert max(read) <= limits.inflated(len(data)) + 1 < 3 << 20


def test_the_ratio_counts_only_beyond_what_any_file_may_have(tmp_path: Path) -> None:
    zeros = bytes(1 << 20)
    path = written(tmp_path / "flat.gz", gzip.compress(zeros))
    assert contents(path, Limits(max_ratio=2, ratio_free_bytes=1 << 20)) == {"flat": zeros}
    assert "zip bomb" in refusal(path, Limits(max_ratio=2, ratio_free_bytes=(1 << 20) - 1))
    assert "zip bomb" in refusal(path, Limits(max_bytes=(1 << 20) - 1))


def test_a_zip_that_declares_too_much_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {f"{n}.csv": bytes(1 << 20) for n in range(4)})
    assert "unpack it yourself" in refusal(path, Limits(max_ratio=5, ratio_free_bytes=2 << 20))


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_declares(tmp_path: Path) -> None:
    path = zipped(tmp_path / "lie.zip", {"es.csv": bytes(4 << 20)})
    true, false = (4 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true, false))
    assert "damaged" in refusal(path)


def test_compression_that_cannot_be_bounded_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bz.zip", {"es.csv": TEXT}, zipfile.ZIP_BZIP2)
    assert "zip it with deflate" in refusal(path)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "many.zip", {f"{n}.csv": b"x" for n in range(4)})
    assert "give it in parts" in refusal(path, Limits(max_members=3))
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(4):
        written(folder / f"{n}.csv", b"x")
    assert "give it in parts" in refusal(folder, Limits(max_members=3))
    assert len(list(members(folder, Limits(max_members=4)))) == 4


def test_a_zip_with_a_huge_list_of_entries_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "list.zip", {f"{n:01000}.csv": b"x" for n in range(3)})
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was read"))
    assert "give it in parts" in refusal(path, Limits(max_members=2))
