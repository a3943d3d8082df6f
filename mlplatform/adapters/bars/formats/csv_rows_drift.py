"""Watches that the columns of a CSV stay what they were in its first rows."""

import polars as pl

from mlplatform.adapters.bars.formats.csv_rows_shape import (
    COMMA_NUMBER,
    NO_VALUES,
    NUMBER,
    TIME,
    CsvShape,
    comma_error,
)
from mlplatform.domain.errors import InputError

LINE = "line number"
_WINDOW_ROWS = 50
_ENOUGH_ROWS = 5
_WORD = r'^[<"(]*[A-Za-z_]'


class DriftWatch:
    """Finds the line from which on the columns mean something else.

    That is a second header; a number, time or word where another kind of cell was; or numbers
    that swap their fractions with a column of whole numbers (prices and volume). A single
    unreadable cell is no drift and is left to validation.
    """

    def __init__(self, where: str, shape: CsvShape) -> None:
        self._where = where
        self._shape = shape
        self._whole = set(shape.whole_columns)

    def check(self, cells: pl.DataFrame) -> None:
        """Cells as text with their LINE; raises InputError naming the line."""
        names = list(self._shape.number_columns)
        numbers = cells.select(pl.col(names).cast(pl.Float64, strict=False))
        unreadable = pl.Series([False]).new_from_index(0, cells.height)
        for name in names:
            unreadable |= numbers[name].is_null() & (cells[name] != "")
        if unreadable.any():
            self._check_unreadable(cells.filter(unreadable))
        self._check_words(cells)
        self._check_fractions(cells, numbers)

    def _check_unreadable(self, cells: pl.DataFrame) -> None:
        columns = [pl.col(name) for name in self._shape.number_columns]
        for column in columns:
            comma = cells.filter(column.str.contains(COMMA_NUMBER))
            if comma.height:
                cell = str(comma.select(column)[0, 0])
                raise comma_error(self._where, int(comma[LINE][0]), cell)
        values = [column.str.to_lowercase().is_in(NO_VALUES) for column in columns]
        words = pl.sum_horizontal(
            column.str.contains(_WORD) & ~no_value
            for column, no_value in zip(columns, values, strict=True)
        )
        times = pl.any_horizontal(column.str.contains(TIME) for column in columns)
        swaps = pl.any_horizontal(
            pl.lit(False), *(pl.col(name).str.contains(NUMBER) for name in self._shape.word_columns)
        )
        changed = cells.filter((words >= min(2, len(columns))) | times | ((words > 0) & swaps))
        if changed.is_empty():
            return
        line = int(changed[LINE][0])
        row = [str(cell) for cell in changed.drop(LINE).row(0)]
        known = {name.lower() for name in (*self._shape.columns, *self._shape.header_cells)}
        if sum(cell.lower() in known for cell in row) * 2 >= len(row):
            raise InputError(
                f"Line {line} of {self._where} is a second header: give each table as a file of "
                "its own."
            )
        raise self._changed(line)

    def _check_words(self, cells: pl.DataFrame) -> None:
        """A column of words (a contract, say) that became one of fractions or times has moved."""
        for name in self._shape.word_columns:
            column = pl.col(name)
            moved = cells.filter(column.str.contains(r"^\d+\.\d+$") | column.str.contains(TIME))
            if moved.height:
                raise self._changed(int(moved[LINE][0]))

    def _check_fractions(self, cells: pl.DataFrame, numbers: pl.DataFrame) -> None:
        for name in sorted(self._whole):
            has_fraction = (numbers[name] % 1 != 0).fill_null(False)
            if not has_fraction.any():
                continue
            first = has_fraction.arg_max() or 0
            window = numbers.slice(first, _WINDOW_ROWS)
            share = has_fraction.slice(first, _WINDOW_ROWS).mean()
            swapped = [
                other
                for other in self._shape.fraction_columns
                if (window[other] % 1 == 0).all() and window[other].is_not_null().all()
            ]
            if window.height < _ENOUGH_ROWS:
                continue
            if isinstance(share, float) and share > 0.2 and swapped:
                raise self._changed(int(cells[LINE][first]))
            self._whole.discard(name)

    def _changed(self, line: int) -> InputError:
        return InputError(
            f"From line {line} on the columns of {self._where} hold something else than before: "
            "export it again with one order of columns, or split it there."
        )
