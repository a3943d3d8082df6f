"""What of the dialects is not one CSV: labels, our Parquet, LEAN's zips, files of quotes."""

import zipfile
from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.bars.formats.dialect import BarLabel
from mlplatform_tests.adapters.formats.test_dialects import (
    CONTRACTS,
    EXPORTS,
    NUMBERS,
    ROWS,
    TIMES,
    bars_of,
    lines,
    opened,
    refusal,
    rows_of,
    written,
)


@pytest.mark.parametrize("label", ["start", "end"])
def test_plain_times_are_taken_by_the_label_that_the_user_says(
    label: BarLabel, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", EXPORTS["epoch seconds"].text)
    first = rows_of(bars_of(opened(path, label=label)))[0][0]
    assert first == ("2025-06-02 13:30:00" if label == "start" else "2025-06-02 13:29:00")


def test_end_labels_of_longer_bars_go_back_by_a_whole_bar(tmp_path: Path) -> None:
    text = lines("ts,open,high,low,close,volume", [
        "2025-06-02T14:00:00Z", "2025-06-02T15:00:00Z", "2025-06-02T16:00:00Z"
    ], NUMBERS, "{t},{n}")  # fmt: skip
    bars = bars_of(opened(written(tmp_path / "a.csv", text), label="end"))
    assert rows_of(bars)[0][0] == "2025-06-02 13:00:00"


def test_our_own_parquet_is_read_as_it_was_written(tmp_path: Path) -> None:
    times = pl.Series(TIMES).str.to_datetime(time_unit="us", time_zone="UTC")
    frame = pl.DataFrame(
        ROWS, schema=["ts", "open", "high", "low", "close", "volume"], orient="row"
    )
    frame.with_columns(ts=times, contract=pl.lit("ESM5")).write_parquet(tmp_path / "es.parquet")
    file = opened(tmp_path / "es.parquet")
    bars = bars_of(file)
    assert rows_of(bars) == ROWS
    assert tuple(bars["contract"]) == CONTRACTS
    assert file.understanding.clock_finding.how_sure == "certain"


def test_a_lean_zip_takes_its_day_and_contracts_from_the_names_inside(tmp_path: Path) -> None:
    path = tmp_path / "20250602_trade.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for month, shift in (("202506", 0), ("202509", 1)):
            body = lines("", [str(48_600_000 + 60_000 * (n + shift)) for n in range(3)], NUMBERS,
                         "{t},{n}")  # fmt: skip
            archive.writestr(f"20250602_es_minute_trade_{month}.csv", body)
    file = opened(path)
    bars = bars_of(file)
    assert file.understanding.vendor == "LEAN trade bars"
    assert file.understanding.contracts == ("ESM5", "ESU5")
    assert rows_of(bars.filter(contract="ESM5")) == ROWS
    assert rows_of(bars.filter(contract="ESU5"))[0][0] == "2025-06-02 13:31:00"
    assert bars["row"].to_list() == [0, 1, 2, 3, 4, 5]


def test_leans_hours_take_their_contracts_from_the_names_inside(tmp_path: Path) -> None:
    path = tmp_path / "es_trade.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for month in ("202506", "202509"):
            times = [f"20250602 {hour}:00" for hour in (13, 14, 15)]
            archive.writestr(f"es_trade_{month}.csv", lines("", times, NUMBERS, "{t},{n}"))
    file = opened(path)
    known, bars = file.understanding, bars_of(file)
    assert (known.vendor, known.timeframe.name) == ("LEAN trade bars", "1h")
    assert known.contracts == ("ESM5", "ESU5")
    first = rows_of(bars.filter(contract="ESU5"))[0]
    assert first == ("2025-06-02 13:00:00", *ROWS[0][1:])


def test_leans_quotes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "20250602_quote.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "20250602_es_minute_quote_202506.csv", "48600000,1,1,1,1,5,2,2,2,2,5\n" * 3
        )
    assert "not trades" in refusal(path)


def test_quotes_of_dukascopy_are_refused(tmp_path: Path) -> None:
    text = "Gmt time,Ask,Bid,AskVolume,BidVolume\n02.06.2025 13:30:00.100,5900.5,5900.25,1,2\n"
    assert "export bars" in refusal(written(tmp_path / "a.csv", text))


def test_the_rtype_of_databento_is_the_timeframe(tmp_path: Path) -> None:
    text = EXPORTS["databento fixed-point ns"].text.replace(",33,", ",34,")
    one = "\n".join(text.splitlines()[:2]) + "\n"
    known = opened(written(tmp_path / "a.csv", one)).understanding
    assert (known.timeframe.name, known.timeframe_finding.how_sure) == ("1h", "certain")
