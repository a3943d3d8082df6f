"""Declared table schemas: the single place where a table's columns are described."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

UTC_US = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column: its type, and what it holds, with the unit."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    about: str
    nullable: bool = False
    optional: bool = False
    """May be left out by whoever makes the table: null then."""


@dataclass(frozen=True)
class Table:
    """A named list of columns in storage order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pl.Schema:
        """The Polars schema in storage order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @property
    def names(self) -> list[str]:
        """Column names in storage order."""
        return [column.name for column in self.columns]

    def empty(self) -> pl.DataFrame:
        """A frame of this table without rows."""
        return pl.DataFrame(schema=self.schema)

    def frame(self, columns: Mapping[str, object] | pl.DataFrame) -> pl.DataFrame:
        """The columns as a frame of this table: in order, cast strictly, checked for nulls.

        Raises ValueError where a column is missing, or null though it may not be: a defect of ours.
        """
        frame = columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(dict(columns))
        absent = [column for column in self.columns if column.name not in frame.columns]
        missing = [column.name for column in absent if not column.optional]
        if missing:
            raise ValueError(f"table {self.name} lacks {missing}")
        whole = frame.with_columns(pl.lit(None, c.dtype).alias(c.name) for c in absent)
        typed = whole.select(pl.col(column.name).cast(column.dtype) for column in self.columns)
        nulls = [c.name for c in self.columns if not c.nullable and typed[c.name].null_count()]
        if nulls:
            raise ValueError(f"table {self.name} has nulls in {nulls}")
        return typed
