"""Rows of JSON: records, columns, one list inside an object, a record a line."""

import json
from collections.abc import Callable, Iterator
from itertools import islice

import polars as pl

from mlplatform.adapters.bars.formats.containers import Member
from mlplatform.adapters.bars.formats.json_rows_text import (
    Record,
    array_records,
    document,
    line_records,
)
from mlplatform.adapters.bars.formats.rows_table import RawTable, regroup, unique_names
from mlplatform.domain.errors import InputError

DOCUMENT_CHARACTERS = 64 << 20
"""An object has to be read as a whole; records in an array or in lines are streamed."""
_SAMPLE_RECORDS = 1000
_FRAME_RECORDS = 50_000


Records = Callable[[Member], Iterator[tuple[int, Record]]]


def json_table(member: Member, start: str) -> RawTable:
    """The member, whose text begins with `start`, as a typed table.

    A number's type may widen from one batch to the next (integers, then floats). Raises
    InputError for broken JSON, naming the line, and for forms whose values have no names.
    """
    if start.lstrip().startswith("["):
        return _streamed(member, array_records)
    if _is_lines(start):
        return _streamed(member, line_records)
    return _whole(member)


def _is_lines(start: str) -> bool:
    """Whether the first line is a record by itself: an object of lists is one only if more come."""
    first, _, rest = start.lstrip().partition("\n")
    try:
        record = json.loads(first)
    except (ValueError, RecursionError):
        return False
    is_flat = not any(isinstance(value, list | dict) for value in record.values())
    return is_flat or rest.lstrip().startswith("{")


def _streamed(member: Member, records: Records) -> RawTable:
    keys: dict[str, None] = {}
    for _, record in islice(records(member), _SAMPLE_RECORDS):
        keys |= dict.fromkeys(record)
    if not keys:
        raise _no_rows(member)
    names = dict(zip(keys, unique_names(keys), strict=True))

    def batches(size: int) -> Iterator[pl.DataFrame]:
        return regroup(_frames(member, records, names), size)

    return RawTable(member.name, tuple(names.values()), True, "typed", (), batches)


def _frames(member: Member, records: Records, names: dict[str, str]) -> Iterator[pl.DataFrame]:
    known = names.keys()
    stream = records(member)
    while chunk := list(islice(stream, _FRAME_RECORDS)):
        for line, record in chunk:
            if not record.keys() <= known:
                key = next(key for key in record if key not in known)
                raise InputError(
                    f"The record in line {line} of {member.where} has '{key}', which the first "
                    "ones lack: give records with the same names in all of the file."
                )
        columns = {name: [record.get(key) for _, record in chunk] for key, name in names.items()}
        yield _frame(member, columns)


def _whole(member: Member) -> RawTable:
    found = document(member, DOCUMENT_CHARACTERS)
    frame = _object_frame(member, found)
    if frame.is_empty():
        raise _no_rows(member)

    def batches(size: int) -> Iterator[pl.DataFrame]:
        return regroup([frame], size)

    return RawTable(member.name, tuple(frame.columns), True, "typed", (), batches)


def _object_frame(member: Member, found: Record) -> pl.DataFrame:
    lists = {key: value for key, value in found.items() if isinstance(value, list)}
    objects = [key for key, value in found.items() if isinstance(value, dict)]
    if objects:
        raise InputError(
            f"{member.where} holds an object under '{objects[0]}': write the bars as a list of "
            "records (in pandas orient='records')."
        )
    if not lists:
        raise InputError(
            f"{member.where} holds no list of bars: write them as a list of records, such as "
            '[{"ts": ..., "open": ...}].'
        )
    inner = {key for key, value in lists.items() if value and isinstance(value[0], list | dict)}
    if inner and len(lists) > 1:
        raise InputError(
            f"{member.where} holds several lists ({', '.join(lists)}): keep the one with the bars."
        )
    columns = _record_columns(member, *lists.popitem()) if inner else lists
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        named = ", ".join(f"{key} {len(values)}" for key, values in columns.items())
        raise InputError(
            f"The columns of {member.where} differ in length ({named}): export it again."
        )
    height = lengths.pop() if lengths else 0
    constant = {key: value for key, value in found.items() if not isinstance(value, list)}
    everything = [*columns.items(), *((key, [value] * height) for key, value in constant.items())]
    names = unique_names(key for key, _ in everything)
    return _frame(member, dict(zip(names, (values for _, values in everything), strict=True)))


def _record_columns(member: Member, key: str, items: list[object]) -> dict[str, list[object]]:
    keys: dict[str, None] = {}
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            kind = "a list, whose values have no names" if isinstance(item, list) else repr(item)
            raise InputError(
                f"Item {number} of '{key}' in {member.where} is {kind}: write each bar as a "
                'record such as {"ts": ..., "open": ...}, or as CSV with a header.'
            )
        keys |= dict.fromkeys(item)
    return {name: [item.get(name) for item in items if isinstance(item, dict)] for name in keys}


def _frame(member: Member, columns: dict[str, list[object]]) -> pl.DataFrame:
    return pl.DataFrame([_series(member, name, values) for name, values in columns.items()])


def _series(member: Member, name: str, values: list[object]) -> pl.Series:
    if any(isinstance(value, list | dict) for value in values):
        raise InputError(
            f"Column '{name}' of {member.where} holds lists or records: write one bar a record "
            "with plain values."
        )
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {int, float} and len(kinds) == 2:
        values = [None if value is None else float(value) for value in values]  # type: ignore[arg-type]
    elif len(kinds) > 1:
        # Numbers written now bare, now in quotes: all as they would be written.
        values = [None if value is None else str(value) for value in values]
    try:
        return pl.Series(name, values)
    except (OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if value is None else str(value) for value in values])


def _no_rows(member: Member) -> InputError:
    return InputError(f"{member.where} holds no rows: give a file with bars in it.")
