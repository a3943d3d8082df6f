"""Deliveries: what was taken in is kept whole, once, and can be told apart."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.bars.deliveries import Deliveries
from mlplatform.adapters.bars.port import Source, SourceSpec
from mlplatform.adapters.bars.staging import Staged, stage
from mlplatform.domain.errors import InputError
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.domain.tables import ORIGIN, RAW_BARS
from mlplatform.testing.bars import joined, raw_bars

MES = Series.parse("MES-5m")
AXIS = PeriodAxis(Cadence.MONTH, "2025-06")
JUNE = raw_bars("2025-06-03 09:00", [5000.0, 5001.0, 5002.0])
JULY = raw_bars("2025-07-01 09:00", [5100.0, 5101.0])


def source(*batches: pl.DataFrame, name: str = "a.csv", kind: str = "file") -> Source:
    whole = pl.concat(batches)
    sha256 = hashlib.sha256(whole.write_csv().encode()).hexdigest()
    spec = SourceSpec(kind, name if kind == "file" else None)
    return Source(spec, MES, name, sha256, lambda: iter(batches))


def staged(*batches: pl.DataFrame, linked: bool = False, **told: str) -> Staged:
    return stage(source(*batches, **told), AXIS, is_linked=linked)


@pytest.fixture
def store(tmp_path: Path) -> Deliveries:
    return Deliveries(tmp_path / "deliveries")


def test_a_source_is_split_by_period_and_no_row_is_lost(store):
    store.add("MES-5m", staged(joined(JUNE, JULY)))
    chapter = store.chapter("MES-5m")
    assert chapter.periods == ["2025-06", "2025-07"]
    held = pl.concat([chapter.frame(period) for period in chapter.periods])
    assert held.drop("source").equals(joined(JUNE, JULY).drop("source"))
    assert held.schema == RAW_BARS.schema


def test_every_row_says_which_file_it_came_from(store):
    item = staged(JUNE)
    store.add("MES-5m", item)
    (named,) = store.chapter("MES-5m").frame("2025-06")["source"].unique()
    assert item.delivery.sha256.startswith(named)
    assert len(named) == 16


def test_a_source_read_in_batches_is_the_same_delivery(tmp_path):
    whole = joined(JUNE, JULY)
    one, three = staged(whole), staged(whole[:2], whole[2:4], whole[4:])
    assert one.delivery == three.delivery
    for period in one.delivery.hashes:
        parts = [pl.read_parquet(item.folder / f"{period}.parquet") for item in (one, three)]
        assert parts[0].equals(parts[1])


def test_rows_without_a_session_stay_with_the_batch_before(tmp_path):
    lost = JULY[:1].with_columns(ts=pl.lit(None, RAW_BARS.schema["ts"]))
    item = staged(JUNE, lost, JULY)
    assert {
        p: pl.read_parquet(item.folder / f"{p}.parquet").height for p in item.delivery.hashes
    } == {
        "2025-06": 4,
        "2025-07": 2,
    }


def test_where_a_row_stands_in_its_file_changes_no_content():
    shifted = JUNE.with_columns(pl.col("row") + 10, source=pl.lit("x"))
    assert staged(JUNE).delivery.hashes == staged(shifted).delivery.hashes
    other = JUNE.with_columns(pl.col("close") + 0.25)
    assert staged(JUNE).delivery.hashes != staged(other).delivery.hashes


def test_a_linked_source_takes_the_place_of_the_one_before(store):
    store.add("MES-5m", staged(JUNE, linked=True))
    reading = store.chapter("MES-5m")
    store.add("MES-5m", staged(JULY, linked=True, name="b.csv"))
    assert store.chapter("MES-5m").periods == ["2025-07"]
    assert reading.frame("2025-06").height, "whoever reads the one before may end"
    left = store.root / "MES-5m" / ".left-by-a-killed-writer"
    left.mkdir()
    store.add("MES-5m", staged(JULY, linked=True, name="c.csv"))
    assert len(list((store.root / "MES-5m").iterdir())) == 2
    with pytest.raises(FileNotFoundError):
        reading.frame("2025-06")


def test_ingested_files_stand_beside_each_other_in_order_of_arrival(store):
    store.add("MES-5m", staged(JULY))
    store.add("MES-5m", staged(JUNE, name="b.csv"))
    restated = JUNE.with_columns(pl.col("close") + 1)
    store.add("MES-5m", staged(restated, name="c.csv"))
    chapter = store.chapter("MES-5m")
    assert [item.name for item in chapter.deliveries] == ["a.csv", "b.csv", "c.csv"]
    assert chapter.frame("2025-06").drop(ORIGIN).equals(pl.concat([JUNE, restated]).drop(ORIGIN))


def test_the_same_delivery_again_changes_nothing(store):
    store.add("MES-5m", staged(JUNE))
    before = (store.root / "MES-5m.json").read_text()
    store.add("MES-5m", staged(JUNE))
    assert (store.root / "MES-5m.json").read_text() == before


def test_a_network_answer_takes_the_place_of_the_older_one(store):
    store.add("MES-5m", staged(JUNE, kind="ib", name="ib"))
    store.add("MES-5m", staged(joined(JUNE, JULY), kind="ib", name="ib"))
    assert len(store.of("MES-5m")) == 1
    assert store.chapter("MES-5m").frame("2025-06").height == JUNE.height


def test_a_period_that_a_later_delivery_does_not_touch_keeps_its_content(store):
    store.add("MES-5m", staged(JUNE))
    before = store.chapter("MES-5m").hashes["2025-06"]
    store.add("MES-5m", staged(JULY, name="b.csv"))
    assert store.chapter("MES-5m").hashes["2025-06"] == before


def test_ingested_files_are_not_thrown_away_for_a_linked_source(store):
    store.add("MES-5m", staged(JUNE))
    with pytest.raises(InputError, match="ingest"):
        store.add("MES-5m", staged(JULY, linked=True, name="b.csv"))
    assert store.chapter("MES-5m").periods == ["2025-06"]


def test_synthetic_bars_are_not_mixed_with_real_ones(store):
    store.add("MES-5m", staged(JUNE, linked=True, kind="synthetic", name="synthetic"))
    with pytest.raises(InputError, match="synthetic"):
        store.add("MES-5m", staged(JULY))


def test_a_move_that_breaks_off_leaves_what_was_there(store, monkeypatch):
    store.add("MES-5m", staged(JUNE))

    def breaks(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(shutil, "copytree", breaks)
    item = staged(JULY, name="b.csv")
    with pytest.raises(OSError, match="disk full"):
        store.add("MES-5m", item)
    assert store.chapter("MES-5m").periods == ["2025-06"]
    monkeypatch.undo()
    store.add("MES-5m", item)
    assert store.chapter("MES-5m").periods == ["2025-06", "2025-07"]


def test_staging_leaves_nothing_where_the_source_breaks_off(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def broken() -> Iterator[pl.DataFrame]:
        yield JUNE
        raise InputError("the file ends in the middle")

    whole = source(JUNE)
    torn = Source(whole.spec, MES, "a.csv", whole.sha256, broken)
    with pytest.raises(InputError, match="middle"):
        stage(torn, AXIS, is_linked=False)
    assert list(tmp_path.iterdir()) == []


def test_a_source_without_a_session_is_refused():
    with pytest.raises(InputError, match="time zone"):
        staged(raw_bars("2025-06-07 09:00", [1.0, 2.0]))
    with pytest.raises(InputError, match="no rows"):
        staged(JUNE.clear())


def test_an_unknown_series_is_told_how_to_begin(store):
    with pytest.raises(InputError, match="ingest"):
        store.chapter("MES-1m")
