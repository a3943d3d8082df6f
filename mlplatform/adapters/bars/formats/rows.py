"""The rows of one file, whatever it is written in."""

from mlplatform.adapters.bars.formats.containers import Member
from mlplatform.adapters.bars.formats.csv_rows import csv_table
from mlplatform.adapters.bars.formats.json_rows import json_table
from mlplatform.adapters.bars.formats.parquet_rows import MAGIC, parquet_table
from mlplatform.adapters.bars.formats.rows_table import BATCH_ROWS, RawTable
from mlplatform.adapters.bars.formats.rows_text import text_start
from mlplatform.domain.errors import InputError

__all__ = ["BATCH_ROWS", "RawTable", "read_table"]

_START_BYTES = 1 << 18
_OTHERS = {
    b"DBN": "a Databento DBN file",
    b"\xd0\xcf\x11\xe0": "an old Office workbook",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"ARROW1": "an Arrow file",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"%PDF": "a PDF",
    b"<": "a web page or XML",
}


def read_table(member: Member) -> RawTable:
    """The member as CSV, JSON or Parquet, recognised by its content.

    Reads only the beginning (a JSON object as a whole). Raises InputError, one sentence that
    names the file, the line where there is one, and what to do; rows further down are judged
    while the batches are read.
    """
    with member.open() as stream:
        magic = stream.read(16)
    if magic.startswith(MAGIC):
        return parquet_table(member)
    if not magic:
        raise InputError(f"{member.where} holds nothing: export or download it again.")
    if member.name.lower().endswith((".parquet", ".pq")):
        raise InputError(f"{member.where} is no Parquet file: write or download it again.")
    for prefix, name in _OTHERS.items():
        if magic.startswith(prefix) and not _is_metatrader(magic):
            raise InputError(f"{member.where} is {name}: export it as CSV, JSON or Parquet.")
    start = text_start(member, _START_BYTES)
    if start.lstrip().startswith(("[", "{")):
        return json_table(member, start)
    return csv_table(member)


def _is_metatrader(magic: bytes) -> bool:
    """MetaTrader names its columns like <DATE>."""
    return magic[:1] == b"<" and magic[1:2].isupper() and b">" in magic
