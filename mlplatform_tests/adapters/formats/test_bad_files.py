"""Files that cannot be used are refused in one sentence; cells that cannot be read become null."""

import gzip
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlplatform.adapters.bars.formats.containers import Limits
from mlplatform.adapters.bars.formats.file_bars import FileBars, read_batches, understand
from mlplatform.adapters.bars.formats.settle import Hints
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform_tests.adapters.formats.test_dialects import (
    EXPORTS,
    NOW,
    ROWS,
    bars_of,
    opened,
    refusal,
    rows_of,
    written,
)

HEADER = "ts,open,high,low,close,volume,symbol\n"
START = datetime(2025, 6, 2, 13, 30, tzinfo=UTC)


def bar(n: int, symbol: str = "ESM5", at: str = "", step: int = 1, price: str = "5900.25") -> str:
    """The nth bar after START, one to a line."""
    time = at or f"{START + timedelta(minutes=n * step):%Y-%m-%dT%H:%M:%SZ}"
    return f"{time},{price},5902.5,5899.75,5901.0,{100 + n},{symbol}\n"


def text_of(count: int = 30, **change: str) -> str:
    return HEADER + "".join(bar(n, **change) for n in range(count))  # type: ignore[arg-type]


def with_row(row: int, line: str, count: int = 30) -> str:
    """Good bars, and one other line as data row number `row`."""
    lines = [bar(n) for n in range(count)]
    lines[row] = line
    return HEADER + "".join(lines)


GOOD = text_of()
SWAPPED = "".join(
    f"2025-06-03T14:{n:02d}:00Z,{n + 130},5900.5,5902.5,5899.75,5901.25,ESM5\n" for n in range(30)
)
"""More bars, with the volume before the prices."""
BAD: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty": (b"", ("0 bytes",)),
    "header alone": (HEADER.encode(), ("no rows",)),
    "truncated": (GOOD[:-20].encode(), ("line 31",)),
    "wrong encoding": (GOOD.encode() + b"\x81\xff\x00\x9d,1,1,1,1,1,1\n", ("a.csv",)),
    "half a gzip": (gzip.compress(GOOD.encode())[:-20], ("a.csv",)),
    "0 bytes in gzip": (gzip.compress(b""), ("a.csv",)),
    "prices as 1.234,50": (
        GOOD.replace(",", ";").replace("5900.25", "5.900,25").encode(),
        ("5.900,25", "Line 2"),
    ),
    "columns change order half-way": ((text_of(300) + SWAPPED).encode(), ("line 302",)),
    "columns change order early": ((text_of(30) + SWAPPED).encode(), ("line 32",)),
    "several offsets": (
        with_row(20, bar(20, at="2025-06-02T16:50:00+03:00"))
        .replace(bar(25), bar(25, at="2025-06-02T06:55:00-07:00")).encode(),
        ("mixes time zones", "-07:00 and +00:00 and +03:00"),
    ),
    "no zone among zones": (
        with_row(20, bar(20, at="2025-06-02T13:50:00")).encode(), ("mixes time zones", "row 20"),
    ),
    "a zone among none": (
        (HEADER + "".join(bar(n, at=f"2025-06-02 09:{n + 30}:00") for n in range(20))
         + bar(20, at="2025-06-02 09:50:00-04:00")).encode(),
        ("mixes time zones", "row 20"),
    ),
    "named zones mixed": (
        (HEADER + "".join(bar(n, at=f"20250602 09:{n + 30}:00 US/Eastern") for n in range(20))
         + bar(20, at="20250602 08:50:00 US/Central")).encode(),
        ("mixes time zones", "row 20", "US/Central"),
    ),
    "an unknown zone": (
        text_of(3, at="20250602 09:30:00 Mars/Olympus").encode(), ("Unknown time zone",),
    ),
    "mixed instruments": (
        with_row(20, bar(20, "NQM5")).encode(), ("mixed instruments", "ES, NQ"),
    ),
    "another instrument": (
        text_of(symbol="NQM5").encode(), ("is NQ, not ES", "--instrument NQ"),
    ),
    "a future date": (
        with_row(17, bar(17, at="2026-11-22T00:01:00Z")).encode(),
        ("future", "row 17", "2026-11-22"),
    ),
    "a date before 1990": (
        with_row(17, bar(17, at="1989-12-31T23:59:59Z")).encode(),
        ("before 1990", "row 17", "1989-12-31"),
    ),
    "most prices unreadable": (
        (HEADER + "".join(bar(n, price="n/a" if n > 13 else "1.25") for n in range(30))).encode(),
        ("More than half of the prices",),
    ),
    "most times unreadable": (
        (HEADER + "".join(bar(n, at="soon" if n > 199 else "") for n in range(500))).encode(),
        ("More than half of the times",),
    ),
    "most of the first times unreadable": (
        (HEADER + "".join(bar(n, at="soon" if n > 13 else "") for n in range(30))).encode(),
        ("Cannot read the times", "such as 'soon'"),
    ),
    "no time that can be read": (text_of(3, at="soon").encode(), ("Cannot read the times", "soon")),
    "a missing column": (GOOD.replace("close", "klose").encode(), ("lacks the column close",)),
    "contracts by number alone": (
        (b"ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume\n"
         b"1748871000000000000,33,1,4916,5900,5901,5899,5900,5\n"
         b"1748871000000000000,33,1,4917,5950,5951,5949,5950,5\n"),
        ("several contracts without their names",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "says"), BAD.values(), ids=BAD.keys())
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(
    data: bytes, says: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    message = refusal(tmp_path / "a.csv")
    for words in says:
        assert words in message
    assert len(message) < 400


def test_the_file_that_the_bad_ones_were_made_of_is_taken(tmp_path: Path) -> None:
    bars = bars_of(opened(written(tmp_path / "a.csv", GOOD)))
    assert bars.height == 30
    assert set(bars["contract"]) == {"ESM5"}


@pytest.mark.parametrize("name", ["es.parquet", "es.zip", "es.csv.gz"])
def test_a_file_of_0_bytes_is_refused_whatever_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    assert "0 bytes" in refusal(tmp_path / name)


def test_a_zip_bomb_is_refused_and_a_path_outside_the_folder_too(tmp_path: Path) -> None:
    hints = Hints(instrument_of("ES"))
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", HEADER + bar(0) * 40_000)
    with pytest.raises(InputError, match="bomb"):
        understand(bomb, hints, NOW, Limits(max_ratio=2, ratio_free_bytes=100_000))
    outside = written(tmp_path / "a.csv", GOOD)
    (tmp_path / "allowed").mkdir()
    with pytest.raises(InputError):
        understand(outside, hints, NOW, root=tmp_path / "allowed")


def test_a_bar_of_tomorrow_is_taken_and_one_of_the_day_after_is_not(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", GOOD)
    assert opened(path, now=START - timedelta(hours=23)).understanding.rows == 30
    with pytest.raises(InputError, match="future: row 29"):
        opened(path, now=START - timedelta(hours=23, minutes=32))


def test_cells_that_cannot_be_read_are_null_and_no_row_is_lost(tmp_path: Path) -> None:
    lines = [bar(n) for n in range(30)]
    lines[3] = bar(3, price="n/a")
    lines[4] = bar(4, price="")
    lines[5] = bar(5, at="soon")
    lines[6] = bar(6, price="inf")
    lines[7] = bar(7).replace(",107,", ",x,")
    bars = bars_of(opened(written(tmp_path / "a.csv", HEADER + "".join(lines))))
    assert bars.height == 30
    assert bars["row"].to_list() == list(range(30))
    nulls = {
        name: bars["row"].filter(bars[name].is_null()).to_list()
        for name in ("ts", "open", "volume")
    }
    assert nulls == {"ts": [5], "open": [3, 4, 6], "volume": [7]}
    assert bars["high"].null_count() == 0


def test_spreads_are_kept_as_written_and_do_not_make_a_file_mixed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", with_row(20, bar(20, "ESH5-ESM5")))
    bars = bars_of(opened(path))
    assert bars["contract"][20] == "ESH5-ESM5"
    assert bars["contract"][19] == "ESM5"


Files = dict[str, str]


def as_folder(path: Path, files: Files) -> Path:
    (path / "all").mkdir()
    for name, text in files.items():
        written(path / "all" / name, text)
    return path / "all"


def as_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path / "all.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path / "all.zip"


HOW = pytest.mark.parametrize("put", [as_folder, as_zip])
LATER = HEADER + "".join(bar(n) for n in range(30, 60))


@HOW
def test_several_files_are_read_in_the_order_of_their_first_bar(
    put: Callable[[Path, Files], Path], tmp_path: Path
) -> None:
    file = opened(put(tmp_path, {"a.csv": LATER, "b.csv": GOOD}))
    known, bars = file.understanding, bars_of(file, size=7)
    assert known.members == ("b.csv", "a.csv")
    assert known.rows == bars.height == 60
    assert bars["ts"].is_sorted()
    assert ("files", "2: b.csv, a.csv", "") in known.lines()
    if put is as_zip:
        assert bars["row"].to_list() == list(range(60))
        assert bars["source"].n_unique() == 1
    else:
        assert bars["source"].n_unique() == 2


@HOW
@pytest.mark.parametrize(
    ("other", "says"),
    [
        (
            HEADER + "".join(bar(n, step=5) for n in range(30, 60)),
            "bars of 300 seconds, a.csv of 60",
        ),
        (LATER.replace("volume", "vol"), "different columns"),
        (LATER.replace("Z,", "+03:00,").replace("T", " "), "mixes time zones"),
        (LATER.replace("Z,", ","), "write their times differently"),
        (LATER.replace("ESM5", "NQM5"), "mixed instruments"),
        (HEADER, "no rows"),
        (LATER.replace("2025-", "2055-"), "b.csv has a date in the future"),
    ],
    ids=["timeframes", "columns", "offsets", "times", "instruments", "empty", "future"],
)
def test_files_that_are_not_alike_are_refused_together(
    put: Callable[[Path, Files], Path], other: str, says: str, tmp_path: Path
) -> None:
    message = refusal(put(tmp_path, {"a.csv": GOOD, "b.csv": other}))
    assert says in message
    assert "b.csv" in message or "all" in message


@pytest.mark.parametrize("vendor", ["databento fixed-point ns", "ninjatrader end label",
                                    "metatrader tick volume", "json records", "yahoo"])  # fmt: skip
@pytest.mark.parametrize("box", ["gz", "zip"])
def test_a_compressed_export_is_the_same_export(vendor: str, box: str, tmp_path: Path) -> None:
    export = EXPORTS[vendor]
    path = tmp_path / f"{export.name}.{box}"
    if box == "gz":
        path.write_bytes(gzip.compress(export.text.encode()))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(export.name, export.text)
    file = opened(path, **export.hints)  # type: ignore[arg-type]
    assert file.understanding.vendor == export.vendor
    assert rows_of(bars_of(file)) == ROWS


def test_zips_in_a_folder_may_hold_files_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    for name, text in (("x.zip", GOOD), ("y.zip", LATER)):
        with zipfile.ZipFile(tmp_path / "all" / name, "w") as archive:
            archive.writestr("a.csv", text)
    file = opened(tmp_path / "all")
    bars = bars_of(file)
    assert file.understanding.rows == bars.height == 60
    assert bars["ts"].n_unique() == 60
    assert bars["source"].n_unique() == 2
    assert bars["row"].to_list() == [*range(30), *range(30)]


def test_a_file_that_goes_missing_between_the_passes_is_an_error(tmp_path: Path) -> None:
    folder = as_folder(tmp_path, {"a.csv": GOOD, "b.csv": LATER})
    known = FileBars(folder, Hints(instrument_of("ES")), NOW).understanding
    (folder / "b.csv").unlink()
    with pytest.raises(InputError, match=r"b\.csv is gone"):
        list(read_batches(folder, known))


def test_one_bar_alone_needs_the_timeframe_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", HEADER + bar(0))
    assert "say --timeframe" in refusal(path)
    assert opened(path, timeframe="5m").understanding.timeframe_finding.how_sure == "assumed"
