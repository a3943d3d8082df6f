"""Containers: the same bytes from every kind, and a sentence for each that is refused."""

import gzip
import os
import re
import zipfile
from pathlib import Path

import pytest

from mlplatform.adapters.bars.formats.containers import Member, members
from mlplatform.domain.errors import InputError
from mlplatform_tests.adapters.formats.containers import (
    TEXT,
    contents,
    refusal,
    written,
    zipped,
    zstd,
)


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
