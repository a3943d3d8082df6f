"""Three hundred bars as CSV in every way to write them, and how tests read them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.bars.formats import csv_rows, rows_text
from mlplatform.adapters.bars.formats.containers import Member, members
from mlplatform.adapters.bars.formats.rows import RawTable, read_table
from mlplatform.domain.errors import InputError

NAMES = ("time", "open", "high", "low", "close", "volume", "contract")
START = datetime.fromisoformat("2025-06-02 09:30:00")


def bar(n: int) -> list[str]:
    price = 5400 + (n * 7 % 31) / 4
    prices = [f"{price + offset:.2f}" for offset in (0, 1.5, -1.25, 0.5)]
    return [str(START + timedelta(minutes=n)), *prices, str(100 + n * 37 % 900), "ESM5"]


BARS = [bar(n) for n in range(300)]
TABLE = pl.DataFrame(BARS, schema=dict.fromkeys(NAMES, pl.String), orient="row").with_columns(
    row=pl.int_range(0, 300)
)


def lines(separator: str = ",", rows: list[list[str]] = BARS) -> list[str]:
    return [separator.join(NAMES), *(separator.join(row) for row in rows)]


def table_of(path: Path, data: bytes | str | list[str]) -> RawTable:
    text = "\n".join(data) + "\n" if isinstance(data, list) else data
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    (member,) = members(path)
    return read_table(member)


def frame_of(path: Path, data: bytes | str | list[str], size: int = 500_000) -> pl.DataFrame:
    return pl.concat(table_of(path, data).batches(size))


def read_all(path: Path, data: bytes | str | list[str]) -> None:
    for _ in table_of(path, data).batches(500_000):
        pass


def refusal(path: Path, data: bytes | str | list[str]) -> str:
    with pytest.raises(InputError) as caught:
        read_all(path, data)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def read_in_blocks(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    def blocks(member: Member, _: int = 0) -> Iterator[rows_text.LineBlock]:
        return rows_text.line_blocks(member, size)

    monkeypatch.setattr(csv_rows, "line_blocks", blocks)


def csv(tmp_path: Path) -> Path:
    return tmp_path / "es.csv"


TEXT = "\n".join(lines()) + "\n"
FORMS: dict[str, bytes | str] = {
    "plain": TEXT,
    "no newline at the end": TEXT.rstrip("\n"),
    "semicolons": TEXT.replace(",", ";"),
    "tabs": TEXT.replace(",", "\t"),
    "bars": TEXT.replace(",", "|"),
    "carriage returns": TEXT.replace("\n", "\r\n"),
    "old mac": TEXT.replace("\n", "\r"),
    "blanks": TEXT.replace(",", " , "),
    "blank lines": TEXT.replace("\n", "\n\n  \n"),
    "comments inside": TEXT.replace("\n", "\n# a note, with a comma\n"),
    "each cell quoted": "\n".join('"' + line.replace(",", '","') + '"' for line in lines()),
    "words quoted": TEXT.replace("ESM5", '"ESM5"'),
    "lines quoted, tabs inside": "\r\n".join(f'"{line}"' for line in lines("\t")) + "\r\n",
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "UTF-16 with a mark": TEXT.encode("utf-16"),
    "UTF-16 big-endian": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
}
