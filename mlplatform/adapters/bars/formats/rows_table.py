"""A table as its file has it, before anybody asks what the columns mean."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

BATCH_ROWS = 500_000
ROW = "row"
"""Column of each batch: number of the data row in the file, from 0."""


@dataclass(frozen=True)
class RawTable:
    """One file's rows, read in the order of the file as often as asked."""

    name: str
    columns: tuple[str, ...]
    """As the file names them, in its order, without `row`; a name that comes again (or is `row`)
    gets `_2`, one that is empty gets `column_<its number from 1>`."""
    has_header: bool
    kind: Literal["text", "typed"]
    """text: String columns as written, whitespace stripped; typed: the file's own types."""
    comments: tuple[str, ...]
    """Comment lines before the first row, as written."""
    batches: Callable[[int], Iterator[pl.DataFrame]]
    """Frames of at most so many rows (usual: BATCH_ROWS) with `row`; raises InputError while it
    reads, where a row is broken."""


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names that a frame can have: see `RawTable.columns`."""
    taken = {ROW}
    unique: list[str] = []
    for number, given in enumerate(names, start=1):
        name = base = given.strip() or f"column_{number}"
        copy = 2
        while name in taken:
            name, copy = f"{base}_{copy}", copy + 1
        taken.add(name)
        unique.append(name)
    return tuple(unique)


def regroup(frames: Iterable[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of `size` (the last one smaller), with their number as `row`."""
    waiting: list[pl.DataFrame] = []
    height = first = 0
    for frame in frames:
        waiting.append(frame)
        height += frame.height
        if height < size:
            continue
        joined = pl.concat(waiting, how="vertical_relaxed", rechunk=False)
        cut = height - height % size
        for start in range(0, cut, size):
            yield _numbered(joined.slice(start, size), first + start)
        waiting, first, height = [joined.slice(cut)], first + cut, height - cut
    if height:
        yield _numbered(pl.concat(waiting, how="vertical_relaxed"), first)


def _numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    row = pl.Series(ROW, range(first, first + frame.height), dtype=pl.Int64)
    return frame.with_columns(row)
