"""The files inside what a user gives: a plain or compressed file, a zip, a folder."""

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from mlplatform.adapters.bars.formats.containers_streams import (
    BoundedStream,
    Limits,
    Readable,
    compression_of,
    open_bounded,
)
from mlplatform.domain.errors import InputError

__all__ = ["Limits", "Member", "members"]

_COMPRESSION_SUFFIX = re.compile(r"\.(gz|gzip|zst|zstd)$", re.IGNORECASE)
_VENDOR_NOTES = {"metadata.json", "condition.json", "manifest.json", "symbology.json"}
_NOTES = re.compile(
    r"(^\.)|(\.reason(\.|$))|(\.(md|md5|sha1|sha256|crc|log)$)|(^(readme|license|thumbs\.db|"
    r"desktop\.ini|_success)(\.|$))",
    re.IGNORECASE,
)
_DIRECTORY_BYTES_A_MEMBER = 1024
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Those that zipfile inflates in bounded steps; bzip2 and LZMA it does not."""
_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True)
class Member:
    """One file of rows inside a container."""

    name: str
    """File name without compression suffix, such as `es.csv`."""
    container: Path
    """What the user gave: the file itself, the zip or the folder."""
    size: int | None
    """Bytes as stored (zip: decompressed as declared); a hint only."""
    where: str
    """How messages name it."""
    plain: Path | None
    """The file itself, where its bytes need no decompression."""
    opener: Callable[[], BinaryIO]

    def open(self) -> BinaryIO:
        """Its bytes from the start, decompressed and bounded; the caller closes it.

        Raises InputError, also later while it is read, where it is damaged or grows beyond the
        limits.
        """
        return self.opener()


def members(path: Path, limits: Limits | None = None, root: Path | None = None) -> Iterator[Member]:
    """The files that `path` holds, a folder's and a zip's sorted by name.

    Hidden files and notes that stand beside data (reasons, checksums, readme, a vendor's
    metadata.json) are passed over. With `root` nothing that resolves outside of it is read.
    Raises InputError for what is missing, empty, damaged, encrypted or out of bounds.
    """
    bounds = limits or Limits()
    _check_inside(path, root)
    if not path.is_dir():
        yield from _file_members(path, path, bounds)
        return
    files = sorted(each for each in path.iterdir() if not _is_note(each.name))
    if not files:
        raise InputError(f"{path} holds no files: put the files of bars into it.")
    _check_count(path, len(files), bounds)
    for file in files:
        _check_inside(file, root)
        if file.is_dir():
            raise InputError(
                f"{path} holds the folder {file.name}: give that folder by itself, or move its "
                "files up."
            )
    for file in files:
        yield from _file_members(file, path, bounds)


def _file_members(path: Path, container: Path, limits: Limits) -> Iterator[Member]:
    size = _checked_size(path)
    with path.open("rb") as file:
        compression = compression_of(file.read(8), str(path))
    if compression == "zip":
        yield from _zip_members(path, container, limits)
        return
    if compression is None and size > limits.max_bytes:
        raise InputError(f"{path} has {size:,} bytes, more than is read at once: split it.")
    name = _COMPRESSION_SUFFIX.sub("", path.name) if compression else path.name
    yield Member(
        name,
        container,
        size,
        str(path),
        None if compression else path,
        lambda: open_bounded(path.open("rb"), str(path), size, limits),
    )


def _zip_members(path: Path, container: Path, limits: Limits) -> Iterator[Member]:
    _check_directory(path, limits)
    with _open_zip(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.filename == "[Content_Types].xml" for info in infos):
        raise InputError(f"{path} is an Office workbook: save it as CSV and give that file.")
    _check_count(path, len(infos), limits)
    for info in infos:
        _check_entry(path, info)
    # The sum, as entries of a bomb may overlap: each small for itself, all of them endless.
    declared, bound = sum(info.file_size for info in infos), limits.inflated(_checked_size(path))
    if declared > bound:
        raise InputError(
            f"{path} says that it decompresses to {declared:,} bytes, more than the {bound:,} "
            "allowed, which is what a zip bomb does: unpack it yourself and give the folder."
        )
    kept = sorted((i for i in infos if not _is_entry_note(i.filename)), key=lambda i: i.filename)
    if not kept:
        raise InputError(f"{path} holds no files: zip the files of bars again.")
    for info in kept:
        inner = PurePosixPath(info.filename).name
        yield Member(
            _COMPRESSION_SUFFIX.sub("", inner),
            container,
            info.file_size,
            f"{path} ({info.filename})",
            None,
            lambda info=info: _open_entry(path, info, limits),  # type: ignore[misc]
        )


def _check_entry(path: Path, info: zipfile.ZipInfo) -> None:
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in PurePosixPath(name).parts:
        raise InputError(
            f"{path} holds a file named '{info.filename}', which leads outside of it: zip the "
            "files again without folders."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise InputError(
            f"{path} holds '{info.filename}' as a symbolic link: zip the file that it points at."
        )
    if info.flag_bits & 0x1:
        raise InputError(f"{path} is encrypted: unpack it with its password and give the files.")
    if info.compress_type not in _METHODS:
        raise InputError(
            f"{path} holds '{info.filename}' in a rare kind of compression: zip it with deflate, "
            "which is what zip programs do when not told otherwise."
        )
    if name.lower().endswith(".zip"):
        raise InputError(
            f"{path} holds '{info.filename}', a zip inside a zip: unpack the outer one first."
        )
    if info.file_size == 0 and not _is_entry_note(name):
        raise InputError(f"{path} holds '{info.filename}' with 0 bytes: export that file again.")


def _check_directory(path: Path, limits: Limits) -> None:
    """Judge the list of entries by its size before zipfile takes it into memory."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 256))
        tail = file.read()
    end, end64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    size = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if size == 0xFFFFFFFF and end64 >= 0:
        size = int.from_bytes(tail[end64 + 40 : end64 + 48], "little")
    if size > limits.max_members * _DIRECTORY_BYTES_A_MEMBER:
        raise InputError(f"{path} lists more than {limits.max_members:,} files: give it in parts.")


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"{path} is a truncated or damaged zip ({error}): export or download it again."
        ) from None


def _open_entry(path: Path, info: zipfile.ZipInfo, limits: Limits) -> BinaryIO:
    archive = _open_zip(path)
    where = f"{path} ({info.filename})"
    try:
        entry = archive.open(info)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        archive.close()
        raise InputError(
            f"{where} cannot be unpacked ({error}): unpack the zip yourself and give the files."
        ) from None
    # Twice bounded: the zip entry by what it takes in the zip, a .gz in it by its own size.
    plain = _inflated(entry, where, info, limits)
    try:
        return open_bounded(plain, where, info.file_size, limits, (archive,))
    except InputError:
        archive.close()
        raise


def _inflated(entry: object, where: str, info: zipfile.ZipInfo, limits: Limits) -> BinaryIO:
    bound = limits.inflated(info.compress_size)
    return cast("BinaryIO", BoundedStream(cast("Readable", entry), where, bound))


def _checked_size(path: Path) -> int:
    try:
        found = path.stat()
    except OSError:
        raise InputError(f"No file {path}: check the path.") from None
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path} is no file: give a file or a folder of files.")
    if found.st_size == 0:
        raise InputError(f"{path} has 0 bytes: export or download it again.")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} may not be read: give yourself the right to read it.")
    return found.st_size


def _check_inside(path: Path, root: Path | None) -> None:
    if root is not None and not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{path} leads outside of {root}: put the file itself into that folder.")


def _check_count(path: Path, count: int, limits: Limits) -> None:
    if count > limits.max_members:
        raise InputError(
            f"{path} holds {count:,} files, more than {limits.max_members:,}: give it in parts."
        )


def _is_note(name: str) -> bool:
    return name.lower() in _VENDOR_NOTES or _NOTES.search(name) is not None


def _is_entry_note(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return _is_note(parts[-1]) or "__MACOSX" in parts
