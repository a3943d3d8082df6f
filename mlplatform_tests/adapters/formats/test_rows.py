"""Rows of CSV: the same table from every way to write it."""

from pathlib import Path

import polars as pl
import pytest

from mlplatform_tests.adapters.formats.rows_csv import (
    BARS,
    FORMS,
    NAMES,
    TABLE,
    TEXT,
    csv,
    frame_of,
    lines,
    read_in_blocks,
    table_of,
)


@pytest.mark.parametrize("form", FORMS)
def test_every_way_to_write_a_csv_gives_the_very_same_table(tmp_path: Path, form: str) -> None:
    table = table_of(csv(tmp_path), FORMS[form])
    assert table.columns == NAMES
    assert table.has_header
    assert table.kind == "text"
    assert pl.concat(table.batches(500_000)).equals(TABLE)


@pytest.mark.parametrize("size", [1, 7, 299, 300, 301])
def test_batches_have_the_size_asked_for_and_number_their_rows(tmp_path: Path, size: int) -> None:
    table = table_of(csv(tmp_path), TEXT)
    batches = list(table.batches(size))
    assert [batch.height for batch in batches[:-1]] == [size] * (len(batches) - 1)
    assert batches[-1].height <= size
    assert pl.concat(batches).equals(TABLE)
    assert pl.concat(table.batches(size)).equals(TABLE), "as often as asked"


@pytest.mark.parametrize("form", ["plain", "carriage returns", "UTF-16 with a mark", "old mac"])
@pytest.mark.parametrize("block", [64, 97, 1000])
def test_where_a_block_of_bytes_ends_makes_no_difference(
    tmp_path: Path, form: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_blocks(monkeypatch, block)
    assert frame_of(csv(tmp_path), FORMS[form]).equals(TABLE)


def test_a_file_without_header_names_its_columns_by_number(tmp_path: Path) -> None:
    table = table_of(csv(tmp_path), lines(";")[1:])
    assert not table.has_header
    assert table.columns == tuple(f"column_{n}" for n in range(1, 8))
    assert pl.concat(table.batches(50)).equals(
        TABLE.rename(dict(zip(NAMES, table.columns, strict=True)))
    )


@pytest.mark.parametrize(
    "first",
    ["20250602 093000;1.5;2;1;2;7", "1748871000,1,2,1,2,7", "ES,09:30:00,1", "2 Jun 2025,1,2"],
)
def test_a_first_row_with_a_number_or_a_time_is_no_header(tmp_path: Path, first: str) -> None:
    table = table_of(csv(tmp_path), [first, first])
    assert not table.has_header
    assert pl.concat(table.batches(9)).height == 2


def test_the_header_of_metatrader_is_one(tmp_path: Path) -> None:
    table = table_of(csv(tmp_path), ["<DATE>\t<TIME>\t<OPEN>", "2025.06.02\t09:30:00\t1.5"])
    assert table.columns == ("<DATE>", "<TIME>", "<OPEN>")


def test_leading_comments_are_kept_apart(tmp_path: Path) -> None:
    table = table_of(csv(tmp_path), ["#schema: x, y", "", "# more", *lines(), "# later"])
    assert table.comments == ("#schema: x, y", "# more")
    assert pl.concat(table.batches(400)).equals(TABLE)


def test_a_line_that_names_the_separator_is_obeyed(tmp_path: Path) -> None:
    table = table_of(csv(tmp_path), ["sep=:", "a:b", "1:2"])
    assert table.columns == ("a", "b")


def test_names_that_come_twice_or_are_missing_get_names_of_their_own(tmp_path: Path) -> None:
    table = table_of(csv(tmp_path), ["time,Plot,Plot,,row", "09:30:00,1,2,3,4"])
    assert table.columns == ("time", "Plot", "Plot_2", "column_4", "row_2")
    assert next(table.batches(5)).row(0) == ("09:30:00", "1", "2", "3", "4", 0)


def test_commas_inside_words_do_not_make_a_separator(tmp_path: Path) -> None:
    frame = frame_of(csv(tmp_path), ["time;note;open", *["09:30;a,b;1.5"] * 5])
    assert frame.row(4) == ("09:30", "a,b", "1.5", 4)


def test_a_separator_in_quotes_belongs_to_the_cell(tmp_path: Path) -> None:
    frame = frame_of(csv(tmp_path), ["time,note", '09:30,"a, ""b"""', "09:31,c"])
    assert frame["note"].to_list() == ['a, "b"', "c"]


def test_latin_1_is_read_where_the_file_is_not_utf_8(tmp_path: Path) -> None:
    text = "zeit,größe,währung\n09:30,1,€\n"
    for encoding in ("utf-8", "cp1252"):
        frame = frame_of(csv(tmp_path), text.encode(encoding))
        assert frame.columns == ["zeit", "größe", "währung", "row"]


def test_missing_values_are_cells_like_any_other(tmp_path: Path) -> None:
    rows = [row.copy() for row in BARS]
    for n, word in enumerate(["", "null", "NaN", "N/A", "-"]):
        rows[250 + n][1:6] = [word] * 5
    frame = frame_of(csv(tmp_path), lines(rows=rows))
    assert frame["open"][250:255].to_list() == ["", "null", "NaN", "N/A", "-"]


def test_a_single_unreadable_cell_is_left_to_validation(tmp_path: Path) -> None:
    rows = [row.copy() for row in BARS]
    rows[200][3] = "error"
    rows[201][5] = "12.5"
    assert frame_of(csv(tmp_path), lines(rows=rows))["low"][200] == "error"
