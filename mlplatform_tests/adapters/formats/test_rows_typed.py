"""Rows of Parquet and JSON: the same table from every form, and what each refusal says."""

import gzip
import json
import zipfile
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from mlplatform.adapters.bars.formats import json_rows
from mlplatform.adapters.bars.formats.containers import members
from mlplatform.adapters.bars.formats.rows import RawTable, read_table
from mlplatform.domain.errors import InputError

RECORDS: list[dict[str, object]] = [
    {"ts": f"2025-06-02T13:{n % 60:02d}:00Z", "open": 5400 + n / 4, "volume": n} for n in range(120)
]
TABLE = pl.DataFrame(RECORDS).with_columns(row=pl.int_range(0, 120))
COLUMNS = {name: [record[name] for record in RECORDS] for name in RECORDS[0]}


def table_of(path: Path, data: bytes | str) -> RawTable:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (member,) = members(path)
    return read_table(member)


def frame_of(path: Path, data: bytes | str, size: int = 500_000) -> pl.DataFrame:
    return pl.concat(table_of(path, data).batches(size))


def read_all(path: Path, data: bytes | str) -> None:
    for _ in table_of(path, data).batches(500_000):
        pass


def refusal(path: Path, data: bytes | str) -> str:
    with pytest.raises(InputError) as caught:
        read_all(path, data)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def parquet(tmp_path: Path) -> bytes:
    TABLE.drop("row").write_parquet(tmp_path / "written.parquet")
    return (tmp_path / "written.parquet").read_bytes()


NDJSON = "\n".join(json.dumps(record) for record in RECORDS)
FORMS: dict[str, bytes | str] = {
    "records": json.dumps(RECORDS),
    "records, indented": json.dumps(RECORDS, indent=2) + "\n\n",
    "a record a line": NDJSON,
    "a record a line, blank lines": "\n" + NDJSON.replace("\n", "\r\n\r\n") + "\n",
    "columns": json.dumps(COLUMNS),
    "columns, indented": json.dumps(COLUMNS, indent=2),
    "a list under a name": json.dumps({"bars": RECORDS}),
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(RECORDS).encode(),
    "UTF-16": json.dumps(RECORDS).encode("utf-16"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_json_gives_the_very_same_table(tmp_path: Path, form: str) -> None:
    table = table_of(tmp_path / "es.json", FORMS[form])
    assert table.columns == ("ts", "open", "volume")
    assert (table.has_header, table.kind, table.comments) == (True, "typed", ())
    for size in (7, 120, 500_000):
        assert pl.concat(table.batches(size)).equals(TABLE)


def test_parquet_keeps_its_types_in_any_container(tmp_path: Path) -> None:
    data = parquet(tmp_path)
    assert frame_of(tmp_path / "es.parquet", data, 7).equals(TABLE)
    assert frame_of(tmp_path / "es.parquet.gz", gzip.compress(data)).equals(TABLE)
    with zipfile.ZipFile(tmp_path / "es.zip", "w") as archive:
        archive.writestr("es.parquet", data)
    (member,) = members(tmp_path / "es.zip")
    assert pl.concat(read_table(member).batches(50)).equals(TABLE)


def test_parquet_is_recognised_by_content(tmp_path: Path) -> None:
    assert frame_of(tmp_path / "es.csv", parquet(tmp_path)).equals(TABLE)


def test_an_index_that_pandas_stored_is_a_column(tmp_path: Path) -> None:
    times = pd.date_range("2025-06-02", periods=3, freq="min", tz="America/New_York", unit="ns")
    path = tmp_path / "es.parquet"
    pd.DataFrame({"open": [1.5, 2.5, 3.5]}, index=times).to_parquet(path)
    (member,) = members(path)
    table = read_table(member)
    assert table.columns == ("open", "__index_level_0__")
    (batch,) = table.batches(10)
    assert batch.schema["__index_level_0__"] == pl.Datetime("ns", "America/New_York")


def test_the_files_own_row_number_does_not_hide_ours(tmp_path: Path) -> None:
    path = tmp_path / "es.parquet"
    pl.DataFrame({"row": [7, 8], "open": [1.0, 2.0]}).write_parquet(path)
    (member,) = members(path)
    (batch,) = read_table(member).batches(10)
    assert batch.to_dict(as_series=False) == {"row_2": [7, 8], "open": [1.0, 2.0], "row": [0, 1]}


def test_categories_are_words(tmp_path: Path) -> None:
    path = tmp_path / "es.parquet"
    pl.DataFrame({"symbol": ["ESM5", "ESU5"]}, schema={"symbol": pl.Categorical}).write_parquet(
        path
    )
    (member,) = members(path)
    (batch,) = read_table(member).batches(10)
    assert batch["symbol"].to_list() == ["ESM5", "ESU5"]
    assert batch.schema["symbol"] == pl.String


def test_a_broken_parquet_is_refused(tmp_path: Path) -> None:
    path, data = tmp_path / "es.parquet", parquet(tmp_path)
    for bad in (data[:-1], data[: len(data) // 2], data[:4], data[:4] + data[60:]):
        message = refusal(path, bad)
        assert "truncated or damaged Parquet file" in message
        assert message.endswith("write or download it again.")
    assert "is no Parquet file: write or download it again" in refusal(path, "ts,open\n1,2\n")
    assert "has 0 bytes" in refusal(path, b"")


def test_a_parquet_without_rows_or_with_lists_is_refused(tmp_path: Path) -> None:
    made, path = tmp_path / "made.parquet", tmp_path / "es.parquet"
    TABLE.clear().write_parquet(made)
    assert "holds no rows: give a file with bars" in refusal(path, made.read_bytes())
    pl.DataFrame({"bars": [[1.0], [2.0]]}).write_parquet(made)
    assert "Column 'bars'" in refusal(path, made.read_bytes())


def test_what_stands_beside_the_list_becomes_constant_columns(tmp_path: Path) -> None:
    wrapped = {"symbol": "ES", "bars": RECORDS, "ts": 1, "next": None}
    frame = frame_of(tmp_path / "es.json", json.dumps(wrapped))
    assert frame.columns == ["ts", "open", "volume", "symbol", "ts_2", "next", "row"]
    assert frame["symbol"].unique().to_list() == ["ES"]
    assert frame["next"].null_count() == 120
    columns = frame_of(tmp_path / "es.json", json.dumps({"symbol": "ES", **COLUMNS}))
    assert columns["symbol"].to_list() == ["ES"] * 120


def test_a_value_that_a_record_lacks_is_null(tmp_path: Path) -> None:
    records = [{"ts": 1, "open": 1.5}, {"ts": 2}, {"open": 2, "ts": 3}]
    for text in (json.dumps(records), "\n".join(map(json.dumps, records))):
        assert frame_of(tmp_path / "es.json", text)["open"].to_list() == [1.5, None, 2.0]


def test_long_integers_stay_exact_and_mixed_values_become_words(tmp_path: Path) -> None:
    records = [{"ts": 1748871000000000001, "open": "1.5"}, {"ts": 2**64 - 1, "open": 2}]
    frame = frame_of(tmp_path / "es.json", json.dumps(records[:1]))
    assert frame["ts"].to_list() == [1748871000000000001]
    frame = frame_of(tmp_path / "es.json", json.dumps(records))
    assert frame["ts"].cast(pl.String).to_list() == ["1748871000000000001", str(2**64 - 1)]
    assert frame["open"].to_list() == ["1.5", "2"]


def test_records_stream_over_pieces_of_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlplatform.adapters.bars.formats.json_rows_text._PIECE_BYTES", 50)
    monkeypatch.setattr(json_rows, "_FRAME_RECORDS", 13)
    assert frame_of(tmp_path / "es.json", json.dumps(RECORDS, indent=1)).equals(TABLE)


@pytest.mark.parametrize("form", ["records, indented", "a record a line", "columns, indented"])
def test_broken_json_names_its_line(tmp_path: Path, form: str) -> None:
    text = str(FORMS[form]).splitlines()
    text[59] += " ?"
    message = refusal(tmp_path / "es.json", "\n".join(text))
    assert "is broken or truncated JSON at line 60 (" in message
    assert message.endswith("export or download it again.")


@pytest.mark.parametrize("form", FORMS)
def test_truncated_json_is_refused(tmp_path: Path, form: str) -> None:
    data = FORMS[form]
    data = data.encode() if isinstance(data, str) else data
    assert "truncated" in refusal(tmp_path / "es.json", data.rstrip()[:-2])
    assert "truncated" in refusal(tmp_path / "es.json", data[: len(data) // 2 - 1 & ~1])


@pytest.mark.parametrize("tail", ["[]", "x", ","])
def test_text_after_the_array_is_refused(tmp_path: Path, tail: str) -> None:
    message = refusal(tmp_path / "es.json", json.dumps(RECORDS) + "\n\n" + tail)
    assert "at line 3 (text after the end of the array)" in message


REFUSED = {
    "arrays of arrays": ([[1, 2.5], [2, 3.5]], "whose values have no names"),
    "arrays under a name": ({"bars": [[1, 2.5]]}, "whose values have no names"),
    "pandas split": ({"columns": ["ts"], "index": [0], "data": [[1]]}, "several lists"),
    "pandas columns": ({"open": {"0": 1.5}}, "orient='records'"),
    "an object beside": ({"meta": {"a": 1}, "bars": RECORDS}, "object under 'meta'"),
    "two lists of records": ({"a": RECORDS, "b": RECORDS}, "keep the one with the bars"),
    "uneven columns": ({"ts": [1, 2], "open": [1.5]}, "ts 2, open 1"),
    "no list": ({"a": 1, "b": {}}, "object under 'b'"),
    "scalars": ([1, 2, 3], "in the place of a bar: write each bar as a record"),
    "a scalar among records": ({"bars": [{"ts": 1}, 5]}, "Item 1 of 'bars'"),
    "records in records": ([{"hd": {"ts": 1}, "open": 2.5}], "Column 'hd'"),
    "nothing": ([], "holds no rows: give a file with bars"),
    "empty records": ([{}], "holds no rows: give a file with bars"),
    "an empty list": ({"bars": []}, "holds no rows: give a file with bars"),
    "empty object": ({}, "holds no rows: give a file with bars"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_forms_that_cannot_be_understood_say_what_to_write(tmp_path: Path, form: str) -> None:
    value, remedy = REFUSED[form]
    assert remedy in refusal(tmp_path / "es.json", json.dumps(value))


def test_a_name_that_comes_late_names_its_line(tmp_path: Path) -> None:
    records = [*({"ts": n} for n in range(1500)), {"ts": 1, "price": 2.5}]
    message = refusal(tmp_path / "es.json", "\n".join(map(json.dumps, records)))
    assert "The record in line 1501 " in message
    assert "'price'" in message


def test_a_large_object_is_refused_before_it_is_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_rows, "DOCUMENT_CHARACTERS", 1000)
    assert "write one record a line" in refusal(tmp_path / "es.json", json.dumps(COLUMNS))
    assert frame_of(tmp_path / "es.json", json.dumps(RECORDS)).height == 120


@pytest.mark.parametrize("text", ["[" * 200_000, "[{" + '"a":[' * 200_000, '{"a":' * 200_000])
def test_endless_nesting_is_refused(tmp_path: Path, text: str) -> None:
    assert "JSON" in refusal(tmp_path / "es.json", text)
