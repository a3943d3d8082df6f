"""Rows of a Parquet file, streamed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]

from mlplatform.adapters.bars.formats.containers import Member
from mlplatform.adapters.bars.formats.rows_table import RawTable, regroup, unique_names
from mlplatform.domain.errors import InputError

MAGIC = b"PAR1"
_MEMORY_BYTES = 64 << 20
_BATCH_ROWS = 100_000


def parquet_table(member: Member) -> RawTable:
    """The member as a typed table; an index that pandas stored is a column like any other."""
    with _opened(member) as file:
        names = unique_names(file.schema_arrow.names)
        if not names or not file.metadata.num_rows:
            raise InputError(f"{member.where} holds no rows: give a file with bars in it.")
        for field in file.schema_arrow:
            if pa.types.is_nested(field.type):
                raise InputError(
                    f"Column '{field.name}' of {member.where} holds lists or records: write one "
                    "bar a row with plain columns."
                )
    return RawTable(member.name, names, True, "typed", (), partial(_batches, member, names))


def _batches(member: Member, names: tuple[str, ...], size: int) -> Iterator[pl.DataFrame]:
    return regroup(_frames(member, names, min(size, _BATCH_ROWS)), size)


def _frames(member: Member, names: tuple[str, ...], size: int) -> Iterator[pl.DataFrame]:
    with _opened(member) as file:
        for batch in file.iter_batches(batch_size=size, use_threads=False):
            frame = pl.from_arrow(batch.rename_columns(list(names)))
            yield cast("pl.DataFrame", frame).with_columns(
                pl.col(pl.Categorical, pl.Enum).cast(pl.String)
            )


@contextmanager
def _opened(member: Member) -> Iterator[pq.ParquetFile]:
    try:
        with _seekable(member) as source, pq.ParquetFile(source) as file:
            yield file
    except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise InputError(
            f"{member.where} is a truncated or damaged Parquet file ({reason}): write or download "
            "it again."
        ) from None


@contextmanager
def _seekable(member: Member) -> Iterator[BinaryIO | Path]:
    """The bytes with random access, which a Parquet file needs: the file itself if it is plain."""
    if member.plain is not None:
        yield member.plain
        return
    with tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as copy:
        with member.open() as stream:
            while chunk := stream.read(1 << 20):
                copy.write(chunk)
        copy.seek(0)
        yield cast("BinaryIO", copy)
