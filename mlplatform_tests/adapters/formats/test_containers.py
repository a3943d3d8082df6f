"""Containers: the same bytes from every kind, and a sentence for each that is refused."""

import gzip
import io
import os
import re
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from mlplatform.adapters.bars.formats.containers import Limits, Member, members
from mlplatform.adapters.bars.formats.containers_streams import BoundedStream
from mlplatform.domain.errors import InputError

TEXT = b"ts,open\n" + b"".join(
    b"2025-06-02T13:%02d:00Z,5%03d.25\n" % (n % 60, n) for n in range(999)
)


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def contents(path: Path, limits: Limits | None = None) -> dict[str, bytes]:
    found = {}
    for member in members(path, limits):
        with member.open() as stream:
            found[member.name] = stream.read()
    return found


def drain(path: Path, limits: Limits | None, root: Path | None) -> None:
    for member in members(path, limits, root):
        with member.open() as stream:
            while stream.read(1 << 16):
                pass


def refusal(path: Path, limits: Limits | None = None, root: Path | None = None) -> str:
    with pytest.raises(InputError) as caught:
        drain(path, limits, root)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst", ".zip"])
def test_every_container_gives_the_same_bytes_under_the_same_name(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"es.csv{suffix}"
    if suffix == ".zip":
        zipped(path, {"es.csv": TEXT})
    else:
        path.write_bytes({"": TEXT, ".gz": gzip.compress(TEXT), ".zst": zstd(TEXT)}[suffix])
    assert contents(path) == {"es.csv": TEXT}
    (member,) = members(path)
    assert member.container == path


@pytest.mark.parametrize("data", [gzip.compress(TEXT), zstd(TEXT)])
def test_compression_is_recognised_by_content_not_by_suffix(tmp_path: Path, data: bytes) -> None:
    assert contents(written(tmp_path / "es.csv", data)) == {"es.csv": TEXT}


def test_plain_bytes_under_a_compressed_name_are_read_as_they_are(tmp_path: Path) -> None:
    assert contents(written(tmp_path / "es.csv.gz", TEXT)) == {"es.csv.gz": TEXT}


def test_several_frames_in_one_file_are_read_to_the_end(tmp_path: Path) -> None:
    assert contents(written(tmp_path / "a.gz", gzip.compress(TEXT) * 2)) == {"a": TEXT * 2}
    assert contents(written(tmp_path / "a.zst", zstd(TEXT) * 2)) == {"a": TEXT * 2}


def test_a_member_opens_as_often_as_asked(tmp_path: Path) -> None:
    (member,) = members(zipped(tmp_path / "a.zip", {"es.csv": TEXT}))
    for _ in range(2):
        with member.open() as stream:
            assert stream.read() == TEXT


def test_a_zip_gives_its_files_by_name_and_unpacks_those_compressed_in_it(tmp_path: Path) -> None:
    files = {
        "b/nq.csv.gz": gzip.compress(b"nq"),
        "a/es.csv": b"es",
        "__MACOSX/a/es.csv": b"x",
        ".DS_Store": b"x",
        "empty/": b"",
    }
    found = contents(zipped(tmp_path / "all.zip", files))
    assert list(found.items()) == [("es.csv", b"es"), ("nq.csv", b"nq")]


def test_a_folder_gives_its_files_by_name_without_notes_and_hidden_ones(tmp_path: Path) -> None:
    for name in (".hidden", "es.csv.reason.txt", "es.csv.sha256", "metadata.json", "README.md"):
        written(tmp_path / name, b"a note")
    written(tmp_path / "b.csv", b"b")
    written(tmp_path / "a.csv.gz", gzip.compress(b"a"))
    zipped(tmp_path / "c.zip", {"2.csv": b"2", "1.csv": b"1"})
    found = list(members(tmp_path))
    assert [member.name for member in found] == ["a.csv", "b.csv", "1.csv", "2.csv"]
    assert {member.container for member in found} == {tmp_path}


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


@pytest.mark.parametrize("name", ["/etc/es.csv", "../es.csv", "a/../../es.csv", "C:\\es.csv"])
def test_a_zip_entry_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "evil.zip", {name: b"x"})
    assert "zip the files again without folders" in refusal(path)


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("es.csv")
    link.external_attr = 0o120777 << 16
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "zip the file that it points at" in refusal(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "secret.zip", {"es.csv": TEXT})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert "unpack it with its password" in refusal(path)


def test_a_zip_in_a_zip_is_refused_under_any_name(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"es.csv": TEXT}).read_bytes()
    for name in ("inner.zip", "inner.csv"):
        path = zipped(tmp_path / "outer.zip", {name: inner})
        assert "unpack the outer one first" in refusal(path)


def test_a_workbook_is_named_as_one(tmp_path: Path) -> None:
    path = zipped(tmp_path / "es.xlsx", {"[Content_Types].xml": b"<x/>", "xl/a.xml": b"<x/>"})
    assert "save it as CSV" in refusal(path)


@pytest.mark.parametrize("cut", [1, 9, 200])
@pytest.mark.parametrize("suffix", [".gz", ".zst", ".zip"])
def test_a_truncated_container_is_refused(tmp_path: Path, suffix: str, cut: int) -> None:
    path = zipped(tmp_path / "es.csv.zip", {"es.csv": TEXT})
    data = {".gz": gzip.compress(TEXT), ".zst": zstd(TEXT), ".zip": path.read_bytes()}[suffix]
    message = refusal(written(tmp_path / f"es.csv{suffix}", data[:-cut]))
    assert re.search(r"truncated or damaged.*: export or download it again\.$", message)


@pytest.mark.parametrize("suffix", [".gz", ".zip"])
def test_a_flipped_byte_is_found_by_the_checksum(tmp_path: Path, suffix: str) -> None:
    noise = os.urandom(5000)
    path = zipped(tmp_path / "es.zip", {"es.csv": noise}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes() if suffix == ".zip" else gzip.compress(noise))
    data[2500] ^= 0xFF
    assert "damaged" in refusal(written(tmp_path / f"es{suffix}", bytes(data)))


def test_files_of_zero_bytes_are_refused(tmp_path: Path) -> None:
    assert "has 0 bytes: export or download" in refusal(written(tmp_path / "es.csv", b""))
    path = zipped(tmp_path / "es.zip", {"es.csv": b"", "nq.csv": TEXT})
    assert "with 0 bytes: export that file again" in refusal(path)


def test_what_holds_no_files_is_refused(tmp_path: Path) -> None:
    assert "zip the files of bars again" in refusal(zipped(tmp_path / "none.zip", {}))
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "put the files of bars into it" in refusal(folder)
    assert "check the path" in refusal(tmp_path / "nowhere.csv")


def test_a_folder_in_a_folder_is_refused_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    written(tmp_path / "a.csv", b"a")
    assert "give that folder by itself" in refusal(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "give a file or a folder" in refusal(tmp_path / "pipe.csv")


@pytest.mark.parametrize(
    ("magic", "kind"), [(b"BZh9", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"Rar!\x1a", "RAR")]
)
def test_other_compressions_are_named(tmp_path: Path, magic: bytes, kind: str) -> None:
    message = refusal(written(tmp_path / "es.csv.x", magic + TEXT))
    assert f"compressed by {kind}: give it as gzip, zstd, zip or plain" in message


def test_nothing_outside_of_the_root_is_read(tmp_path: Path) -> None:
    root = tmp_path / "landing"
    root.mkdir()
    outside = written(tmp_path / "secret.csv", TEXT)
    remedy = "put the file itself into that folder"
    (root / "link.csv").symlink_to(outside)
    assert remedy in refusal(root / "link.csv", root=root)
    assert remedy in refusal(root / ".." / "secret.csv", root=root)
    with pytest.raises(InputError, match=remedy):
        list(members(root, root=root))
    assert [m.name for m in members(root / "link.csv")] == ["link.csv"], "no root, no fence"
    (root / "link.csv").unlink()
    written(root / "es.csv", TEXT)
    (root / "inside.csv").symlink_to(root / "es.csv")
    inside: list[Member] = list(members(root, root=root))
    assert [member.name for member in inside] == ["es.csv", "inside.csv"]
