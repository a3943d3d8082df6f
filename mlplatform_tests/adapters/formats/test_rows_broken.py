"""Rows of CSV: the line of what is broken, and what to do."""

from pathlib import Path

import pytest

from mlplatform_tests.adapters.formats.rows_csv import (
    BARS,
    NAMES,
    TEXT,
    bar,
    csv,
    frame_of,
    lines,
    read_in_blocks,
    refusal,
)


def changed(line: int, row: list[str] | None = None, upto: int | None = None) -> list[str]:
    """The good lines with line `line` (from 1) changed or cut."""
    changed = lines()
    if row is not None:
        changed[line - 1] = ",".join(row)
    if upto is not None:
        changed[line - 1] = changed[line - 1][:upto]
    return changed


@pytest.mark.parametrize("upto", [5, 30, 49])
def test_a_last_line_that_is_cut_off_names_itself(tmp_path: Path, upto: int) -> None:
    message = refusal(csv(tmp_path), "\n".join(changed(301, upto=upto)))
    assert "is truncated: its last line 301 is cut off; export or download it again" in message


def test_a_last_cell_that_is_cut_off_is_told_from_a_missing_line_end(tmp_path: Path) -> None:
    for cut in (1, 3, 4):
        assert "its last line 301 is cut off" in refusal(csv(tmp_path), TEXT[: -1 - cut])
    prices = "\n".join(line.rpartition(",")[0].rpartition(",")[0] for line in lines())
    assert frame_of(csv(tmp_path), prices).height == 300
    assert "its last line 301 is cut off" in refusal(csv(tmp_path), prices[:-1])
    quoted = "\n".join(f'"{line}"' for line in lines("\t"))
    assert "its last line 301 is cut off" in refusal(csv(tmp_path), quoted[:-1])


def test_too_few_or_too_many_cells_name_their_line(tmp_path: Path) -> None:
    few = refusal(csv(tmp_path), changed(101, row=BARS[99][:-1]))
    assert few.startswith("Line 101 of ")
    assert "has 6 cells instead of 7: add the missing ones or export the file again" in few
    many = refusal(csv(tmp_path), changed(250, row=[*BARS[248], "9"]))
    assert many.startswith("Line 250 of ")
    assert "has 8 cells instead of 7: remove the extra ones" in many


def test_a_short_last_line_with_its_line_end_is_not_called_cut_off(tmp_path: Path) -> None:
    message = refusal(csv(tmp_path), changed(301, row=BARS[299][:-1]))
    assert message.startswith("Line 301 of ")
    many = "\n".join(changed(301, row=[*BARS[299], "9"]))
    assert "has 8 cells instead of 7" in refusal(csv(tmp_path), many)


def test_line_numbers_count_comments_and_blank_lines(tmp_path: Path) -> None:
    few = changed(101, row=["x"])
    message = refusal(csv(tmp_path), ["# one", "", *few[:50], "", "# two", *few[50:]])
    assert message.startswith("Line 105 of ")


def test_an_open_quote_names_its_line(tmp_path: Path) -> None:
    message = refusal(csv(tmp_path), changed(101, row=['"' + BARS[99][0], *BARS[99][1:]]))
    assert message.startswith("Line 101 of ")
    assert "not closed: export the file again" in message


def test_a_second_header_names_its_line(tmp_path: Path) -> None:
    for header in (NAMES, (*NAMES[2:], *NAMES[:2])):
        message = refusal(csv(tmp_path), [*lines()[:251], ",".join(header), *lines()[251:]])
        assert message.startswith("Line 252 of ")
        assert "is a second header: give each table as a file of its own" in message


@pytest.mark.parametrize(
    "order",
    [(1, 2, 3, 4, 5, 6, 0), (0, 6, 1, 2, 3, 4, 5), (6, 1, 2, 3, 4, 5, 0), (0, 5, 1, 2, 3, 4, 6)],
)
def test_a_column_order_that_changes_half_way_names_its_line(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    rows = BARS[:251] + [[row[at] for at in order] for row in BARS[251:]]
    message = refusal(csv(tmp_path), lines(rows=rows))
    assert message.startswith("From line 253 on ")
    assert "export it again with one order of columns, or split it there" in message


def test_numbers_and_times_alone_are_watched_too(tmp_path: Path) -> None:
    numbers = ["a,b", *["1748871000,1.5"] * 250]
    assert "Line 252 of " in refusal(csv(tmp_path), [*numbers, "a,b", "1,1.5"])
    assert "From line 252 on " in refusal(csv(tmp_path), [*numbers, "x,y", "1,1.5"])
    times = ["t,a,b", *["09:30:00,1.5,2.5"] * 250]
    assert "From line 252 on " in refusal(csv(tmp_path), [*times, "1.5,09:30:00,2.5"])


def test_a_volume_that_gains_fractions_alone_is_no_swap(tmp_path: Path) -> None:
    rows = [[*row[:5], row[5] + ".5" * (n > 250), row[6]] for n, row in enumerate(BARS)]
    assert frame_of(csv(tmp_path), lines(rows=rows)).height == 300


def test_one_row_at_the_end_is_too_little_to_call_it_a_swap(tmp_path: Path) -> None:
    rows = [*BARS[:-1], [BARS[-1][0], "5400", "5401", "5399", "5400", "12.5", "ESM5"]]
    assert frame_of(csv(tmp_path), "\n".join(lines(rows=rows)) + "\n").height == 300


@pytest.mark.parametrize("split", range(250, 261, 2))
def test_a_swap_at_the_end_of_a_block_is_found_in_the_next(
    tmp_path: Path, split: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_blocks(monkeypatch, 600)
    rows = BARS[:split] + [[row[at] for at in (0, 5, 1, 2, 3, 4, 6)] for row in BARS[split:]]
    line = int(refusal(csv(tmp_path), lines(rows=rows)).split()[2])
    assert split + 2 <= line <= split + 8


def test_a_swap_of_price_and_volume_is_found_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_blocks(monkeypatch, 20_000)
    bars = [bar(n) for n in range(3000)]
    rows = bars[:2500] + [[row[at] for at in (0, 5, 1, 2, 3, 4, 6)] for row in bars[2500:]]
    assert "From line 2502 on " in refusal(csv(tmp_path), lines(rows=rows))


@pytest.mark.parametrize("price", ["1.234,50", "1234,5", "1,234.50", "1 234,50"])
@pytest.mark.parametrize("at", [0, 250])
def test_numbers_with_commas_name_their_line(tmp_path: Path, price: str, at: int) -> None:
    rows = [row.copy() for row in BARS]
    rows[at][2] = price
    message = refusal(csv(tmp_path), lines(";", rows))
    assert message.startswith(f"Line {at + 2} of ")
    assert f"('{price}'): export it with a decimal point" in message
    rows[at][2] = f'"{price}"'
    assert f"('{price}'): export it with a decimal point" in refusal(
        csv(tmp_path), lines(rows=rows)
    )


def test_decimal_commas_between_commas_are_seen(tmp_path: Path) -> None:
    row = "09:30:00,1.234,50,1.235,00,1.233,25,1.234,75"
    for text in (["time,open,high,low,close", row], [row, row]):
        assert "('1.234,50'): export it with a decimal point" in refusal(csv(tmp_path), text)
    message = refusal(csv(tmp_path), ["time,open,high", "09:30:00,1234,50,1235,00"])
    assert "with a decimal point where it wrote a comma" in message


@pytest.mark.parametrize(
    "data",
    [
        "时间,开盘\n09:30,1\n".encode("gbk"),
        "время,цена\n09:30,1\n".encode("koi8-r"),
        "t,цена\n09:30,1\n".encode("koi8-r"),
        b"time,open\n09:30,1\x81\n",
        "zeit,gr\u00f6\u00dfe\n".encode() + b"09:30,\xe9\n",
    ],
)
def test_bytes_that_no_encoding_explains_are_refused(tmp_path: Path, data: bytes) -> None:
    assert "neither UTF-8, UTF-16 nor Latin-1: save it as UTF-8" in refusal(csv(tmp_path), data)


def test_the_line_of_bytes_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    data = TEXT.encode().replace(b"ESM5", "ÉSM5".encode(), 1).splitlines(keepends=True)
    data[200] = data[200].replace(b"ESM5", b"\xc9SM5")
    assert "bytes in line 201 " in refusal(csv(tmp_path), b"".join(data))


def test_a_file_is_either_utf_8_or_latin_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_in_blocks(monkeypatch, 500)
    data = TEXT.encode().splitlines(keepends=True)
    data[200] = data[200].replace(b"ESM5", b"\xc9SM5")
    assert frame_of(csv(tmp_path), b"".join(data))["contract"][199] == "ÉSM5"
    data[100] = data[100].replace(b"ESM5", "ÉSM5".encode())
    assert "bytes in line 201 " in refusal(csv(tmp_path), b"".join(data))


def test_utf_16_that_breaks_off_is_refused(tmp_path: Path) -> None:
    message = refusal(csv(tmp_path), TEXT.encode("utf-16")[:-1])
    assert "is cut off: export it again, best as UTF-8" in message


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (b"time,open\n09:30,\x00\n", "a NUL byte in line 2): export it as CSV"),
        (b"DBN\x01" + bytes(100), "a Databento DBN file: export it as CSV"),
        (b"<!DOCTYPE html><html>", "a web page or XML: export it as CSV"),
        (b"# only a comment\n", "holds no rows: give a file with bars in it"),
        (b"\n\n", "holds no rows: give a file with bars in it"),
        (b"time,open\n", "a header and no rows: give a file with bars in it"),
        (b"just words\nand more\n", "no columns that commas, semicolons"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(
    tmp_path: Path, data: bytes, remedy: str
) -> None:
    assert remedy in refusal(csv(tmp_path), data)


def test_a_file_without_line_ends_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    assert "no line end within" in refusal(csv(tmp_path), b"1,2," * (5 << 20))
