"""What a CSV file looks like, read from its first lines."""

import csv
import re
from collections import Counter
from dataclasses import dataclass

from mlplatform.adapters.bars.formats.rows_table import unique_names
from mlplatform.domain.errors import InputError

SAMPLE_LINES = 200
_FIRST_ROWS = 20
NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
TIME = (
    r"^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|^\d{1,2}:\d{2}|^\d{8}[ T]\d|^\d{1,2}[ -][A-Za-z]{3}[ -]\d"
)
COMMA_NUMBER = (
    r"^[-+]?(\d{1,3}([. ']\d{3})+,\d+|\d+,\d+|\d{1,3}(,\d{3})+(\.\d+)?)$"  # 1.234,50 and 1,234.50
)
_BARE_COMMA_NUMBERS = re.compile(r"(?:(?:^|,)\d{1,3}(?:\.\d{3})+,\d{2}(?=,|$)){3}")
NO_VALUES = ("null", "nan", "none", "n/a", "na", "#n/a", "nil", "inf", "-inf", "-", "--", "?")
"""How files write that there is no value."""
_SEPARATORS = ("\t", ";", "|", ",")
_SEPARATOR_LINE = re.compile(r"^sep=(.)$", re.IGNORECASE)


@dataclass(frozen=True)
class CsvShape:
    """How to cut a line into cells, and what the cells were in the first rows."""

    separator: str
    is_wrapped: bool
    """Each line stands in quotes as a whole, its separators inside."""
    columns: tuple[str, ...]
    header_line: int | None
    """Number of the header's line; None: the file has none."""
    header_cells: tuple[str, ...]
    comments: tuple[str, ...]
    first_line: int
    """Number of the first line of data; all before it is comment, header or blank."""
    number_columns: tuple[str, ...]
    word_columns: tuple[str, ...]
    whole_columns: tuple[str, ...]
    """Numbers without a fraction in all of the first rows, such as volume."""
    fraction_columns: tuple[str, ...]
    """Numbers that often have a fraction, such as prices."""


def shape_of(where: str, numbered: list[tuple[int, str]]) -> CsvShape:
    """The shape by the file's first lines (number, text); raises InputError naming a line."""
    comments, content = _split_comments(numbered)
    if not content:
        raise InputError(f"{where} holds no rows: give a file with bars in it.")
    is_wrapped, lines = _unwrapped([text for _, text in content])
    separator = _separator(where, lines, comments)
    _check_bare_commas(where, separator, content)
    rows = [cut(line, separator) for line in lines]
    has_header = is_header(rows[0])
    header = rows[0] if has_header else [""] * len(rows[0])
    if has_header and len(rows) == 1:
        raise InputError(f"{where} holds a header and no rows: give a file with bars in it.")
    columns = unique_names(header)
    data = [
        (number, row)
        for (number, _), row in list(zip(content, rows, strict=True))[has_header:]
        if len(row) == len(columns)
    ]
    _check_commas(where, data)
    kinds = {name: _kind([row[at] for _, row in data]) for at, name in enumerate(columns)}
    named = {kind: tuple(n for n in columns if kinds[n] == kind) for kind in set(kinds.values())}
    numbers = tuple(n for n in columns if kinds[n] in {"whole", "fraction", "number"})
    # Of the first rows alone: in a short file the columns may change their order within the sample.
    first = {n: _kind([row[columns.index(n)] for _, row in data[:_FIRST_ROWS]]) for n in numbers}
    whole, fraction = (
        tuple(n for n in numbers if first[n] == kind) for kind in ("whole", "fraction")
    )
    return CsvShape(
        separator=separator,
        is_wrapped=is_wrapped,
        columns=columns,
        header_line=content[0][0] if has_header else None,
        header_cells=tuple(rows[0]) if has_header else (),
        comments=comments,
        first_line=content[has_header][0],
        number_columns=numbers,
        word_columns=named.get("word", ()),
        whole_columns=whole,
        fraction_columns=fraction,
    )


def is_header(cells: list[str]) -> bool:
    """Words only: no cell is a number or a time."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and not any(
        re.match(pattern, cell) for cell in filled for pattern in (NUMBER, TIME, COMMA_NUMBER)
    )


def cut(line: str, separator: str) -> list[str]:
    """The cells of one line, stripped."""
    if '"' in line:
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    else:
        cells = line.split(separator)
    return [cell.strip() for cell in cells]


def comma_error(where: str, line: int, cell: str) -> InputError:
    """What to say of a price written with a comma."""
    return InputError(
        f"Line {line} of {where} writes a number with a comma ('{cell}'): export it with a "
        "decimal point and no thousands separators, such as 1234.50."
    )


def _split_comments(
    numbered: list[tuple[int, str]],
) -> tuple[tuple[str, ...], list[tuple[int, str]]]:
    comments: list[str] = []
    content: list[tuple[int, str]] = []
    for number, text in numbered:
        if text.startswith("#") or (not content and _SEPARATOR_LINE.match(text)):
            if not content:
                comments.append(text)
        elif text.strip():
            content.append((number, text))
    return tuple(comments), content


def _unwrapped(lines: list[str]) -> tuple[bool, list[str]]:
    wrapped = all(
        len(line) > 2 and line[0] == '"' == line[-1] and '"' not in line[1:-1].replace('""', "")
        for line in map(str.strip, lines[:-1] or lines)
    )
    # One cell in quotes is a wrapped line only if there are separators inside.
    if not wrapped or not any(separator in lines[0] for separator in _SEPARATORS):
        return False, lines
    return True, [line.strip()[1:].removesuffix('"').replace('""', '"') for line in lines]


def _separator(where: str, lines: list[str], comments: tuple[str, ...]) -> str:
    for comment in comments:
        if match := _SEPARATOR_LINE.match(comment):
            return match[1]
    best, best_score = "", (0, 0)
    for separator in _SEPARATORS:
        counts = Counter(len(cut(line, separator)) for line in lines)
        width, lines_alike = max(counts.items(), key=lambda item: (item[1], item[0]))
        # The first line decides between equals: a header has no decimal commas.
        score = (lines_alike, int(len(cut(lines[0], separator)) == width))
        if width > 1 and score > best_score:
            best, best_score = separator, score
    if not best:
        raise InputError(
            f"{where} has no columns that commas, semicolons, tabs or bars (|) separate: export "
            "it as CSV."
        )
    return best


def _check_bare_commas(where: str, separator: str, content: list[tuple[int, str]]) -> None:
    if separator != ",":
        return
    for number, text in content:
        if match := _BARE_COMMA_NUMBERS.search(text):
            cell = ",".join(match[0].strip(",").split(",")[:2])
            raise comma_error(where, number, cell)


def _check_commas(where: str, data: list[tuple[int, list[str]]]) -> None:
    for number, row in data:
        for cell in row:
            if "," in cell and re.match(COMMA_NUMBER, cell):
                raise comma_error(where, number, cell)


def _kind(cells: list[str]) -> str:
    filled = [cell for cell in cells if cell and cell.lower() not in NO_VALUES]
    if not filled:
        return "empty"
    numbers = [float(cell) for cell in filled if re.match(NUMBER, cell)]
    if not numbers:
        return "time" if any(re.match(TIME, cell) for cell in filled) else "word"
    if len(numbers) < len(filled) * 0.9:
        return "mixed"
    fractions = sum(not number.is_integer() for number in numbers) / len(numbers)
    if fractions == 0:
        return "whole"
    return "fraction" if fractions > 0.2 else "number"
