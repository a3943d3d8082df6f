"""Rows of a CSV file as text, streamed; lines that do not fit name themselves."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl

from mlplatform.adapters.bars.formats.containers import Member
from mlplatform.adapters.bars.formats.csv_rows_drift import LINE, DriftWatch
from mlplatform.adapters.bars.formats.csv_rows_shape import SAMPLE_LINES, CsvShape, shape_of
from mlplatform.adapters.bars.formats.rows_table import RawTable, regroup
from mlplatform.adapters.bars.formats.rows_text import LineBlock, line_blocks
from mlplatform.domain.errors import InputError

_SNIFF_BYTES = 1 << 18


def csv_table(member: Member) -> RawTable:
    """The member as a table of text; raises InputError where its first lines are no table."""
    shape = shape_of(member.where, _first_lines(member))
    return RawTable(
        name=member.name,
        columns=shape.columns,
        has_header=shape.header_line is not None,
        kind="text",
        comments=shape.comments,
        batches=partial(_batches, member, shape),
    )


def _first_lines(member: Member) -> list[tuple[int, str]]:
    numbered: list[tuple[int, str]] = []
    content = 0
    for block in line_blocks(member, _SNIFF_BYTES):
        for number, text in enumerate(block.lines.head(SAMPLE_LINES), start=block.first):
            numbered.append((number, text))
            content += bool(text.strip()) and not text.startswith("#")
        if content > 1:
            break
    return numbered


def _batches(member: Member, shape: CsvShape, size: int) -> Iterator[pl.DataFrame]:
    return regroup(_frames(member, shape), size)


def _frames(member: Member, shape: CsvShape) -> Iterator[pl.DataFrame]:
    watch = DriftWatch(member.where, shape)
    ending = _Ending(member.where)
    for block in line_blocks(member):
        numbered = _data_lines(block, shape)
        if numbered.is_empty():
            continue
        cells = _cells(member.where, numbered, shape, block.is_cut)
        watch.check(cells.with_columns(numbered[LINE]))
        if block.is_cut:
            ending.check(cells, int(numbered[LINE][-1]))
        ending.remember(cells)
        yield cells


def _data_lines(block: LineBlock, shape: CsvShape) -> pl.DataFrame:
    """Number and text of the block's lines of data: no comments, blank lines, header."""
    frame = block.lines.to_frame().with_row_index(LINE, offset=block.first)
    text = pl.col("line")
    return frame.filter(
        pl.col(LINE) >= shape.first_line,
        text.str.strip_chars().str.len_bytes() > 0,
        ~text.str.starts_with("#"),
    )


def _cells(where: str, numbered: pl.DataFrame, shape: CsvShape, is_cut: bool) -> pl.DataFrame:
    text = numbered["line"]
    if shape.is_wrapped:
        text = _unwrap(where, numbered, is_cut)
    has_quotes = text.str.contains('"', literal=True)
    bare = text
    if has_quotes.any():
        bare = text.str.replace_all(r'"[^"]*"', "")
        _refuse(where, numbered, bare.str.contains('"', literal=True), is_cut, _OPEN_QUOTE)
    width = bare.str.count_matches(shape.separator, literal=True) + 1
    _check_width(where, numbered, width, shape, is_cut)
    if has_quotes.any():
        rows = csv.reader(text, delimiter=shape.separator, skipinitialspace=True)
        cells = pl.DataFrame(
            list(rows), schema=dict.fromkeys(shape.columns, pl.String), orient="row"
        )
    else:
        split = text.str.split_exact(shape.separator, len(shape.columns) - 1)
        cells = split.struct.rename_fields(list(shape.columns)).struct.unnest()
    return cells.with_columns(pl.all().str.strip_chars())


def _unwrap(where: str, numbered: pl.DataFrame, is_cut: bool) -> pl.Series:
    text = numbered["line"].str.strip_chars()
    whole = text.str.starts_with('"') & text.str.ends_with('"') & (text.str.len_bytes() > 1)
    _refuse(where, numbered, ~whole, is_cut, _OPEN_QUOTE)
    return text.str.slice(1, text.str.len_chars() - 2).str.replace_all('""', '"', literal=True)


_OPEN_QUOTE = "has a quote that is not closed: export the file again"


def _refuse(
    where: str, numbered: pl.DataFrame, is_bad: pl.Series, is_cut: bool, reason: str
) -> None:
    if not is_bad.any():
        return
    first = is_bad.arg_max()
    assert first is not None
    line = int(numbered[LINE][first])
    if is_cut and first == len(numbered) - 1:
        raise _cut_off(where, line)
    raise InputError(f"Line {line} of {where} {reason}.")


def _check_width(
    where: str, numbered: pl.DataFrame, width: pl.Series, shape: CsvShape, is_cut: bool
) -> None:
    is_bad = width != len(shape.columns)
    if not is_bad.any():
        return
    found = int(width[is_bad.arg_max() or 0])
    many = found > len(shape.columns)
    reason = (
        f"has {found} cells instead of {len(shape.columns)}: "
        + ("remove the extra ones" if many else "add the missing ones")
        + " or export the file again"
    )
    if many and shape.separator == ",":
        reason += ", with a decimal point where it wrote a comma"
    _refuse(where, numbered, is_bad, is_cut and not many, reason)


def _cut_off(where: str, line: int) -> InputError:
    return InputError(
        f"{where} is truncated: its last line {line} is cut off; export or download it again, or "
        "delete that line."
    )


@dataclass
class _Ending:
    """Tells a last line that was cut inside its last cell from one that only lacks a line end."""

    where: str
    last_cells: tuple[str, ...] = ()

    def remember(self, cells: pl.DataFrame) -> None:
        """Keep the last column's newest cells."""
        self.last_cells = tuple(cells[cells.columns[-1]].tail(50))

    def check(self, cells: pl.DataFrame, line: int) -> None:
        """Raise InputError where the last cell lacks what all before it had."""
        cell = str(cells[cells.columns[-1]][-1])
        before = (*self.last_cells, *cells[cells.columns[-1]].tail(50)[:-1])
        if len(before) < 2:
            return
        decimals = {len(each.partition(".")[2]) for each in before}
        words = {len(each) for each in before if not re.fullmatch(r"[-+.\d]*", each)}
        lost_decimals = len(decimals) == 1 and len(cell.partition(".")[2]) < min(decimals)
        lost_letters = len(words) == 1 and len(cell) < min(words)
        if (not cell and all(before)) or lost_decimals or lost_letters:
            raise _cut_off(self.where, line)
