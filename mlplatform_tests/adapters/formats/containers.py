"""How tests write containers, and read them to the end."""

import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from mlplatform.adapters.bars.formats.containers import Limits, members
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
