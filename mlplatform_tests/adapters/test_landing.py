"""The landing folder: each file is taken in exactly once, whatever breaks off in between."""

import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.bars import landing as landing_module
from mlplatform.adapters.bars.intake import Intake
from mlplatform.adapters.bars.landing import Landing
from mlplatform.adapters.bars.log import IngestionLog
from mlplatform.adapters.bars.port import Source, SourceSpec
from mlplatform.adapters.home import Home
from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.series import Series, Timeframe
from mlplatform.testing.bars import raw_bars

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def opened(path: Path, symbol: str, timeframe: str | None) -> Source:
    """A fake reader: the file's text is the number of bars, or a complaint."""
    text = path.read_text()
    if not text.isdigit():
        raise InputError(f"{path.name} is no file of bars: export it again.")
    bars = raw_bars("2025-06-03 09:00", [5000.0 + n for n in range(int(text))])
    series = Series(instrument_of(symbol), Timeframe(timeframe or "5m"))
    spec = SourceSpec("file", path.name)
    return Source(spec, series, path.name, f"{int(text):064x}", lambda: iter([bars]))


class Dock:
    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.landing = Landing(self.home, settled_s=0.0)

    def drop(self, name: str, text: str) -> Path:
        path = self.landing.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return path

    def intake(self) -> Intake:
        return Intake(self.home, PeriodAxis(Cadence.MONTH, "2025-06"), lambda: NOW)

    def sweep(self) -> list[tuple[str, str, int]]:
        found = self.landing.sweep(self.intake(), opened)
        return [(entry.file, entry.outcome, entry.rows) for entry in found]

    def rows(self, series: str = "ES-5m") -> int:
        return sum(item.rows for item in self.intake().deliveries.of(series))

    def names(self, folder: str) -> list[str]:
        root = self.home.root / folder
        return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


@pytest.fixture
def dock(tmp_path: Path) -> Dock:
    return Dock(tmp_path / "home")


def test_a_dropped_file_is_taken_in_and_put_into_the_archive(dock):
    dock.drop("ES_june.csv", "4")
    assert dock.sweep() == [("ES_june.csv", "ingested", 4)]
    assert dock.rows() == 4
    assert dock.names("archive") == ["ES-5m/ES_june.csv"]
    assert dock.names("landing") == [".sweeping"]
    assert dock.sweep() == []


@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("MES_1.csv", "MES-5m"),
        ("ES/any.csv", "ES-5m"),
        ("mnq-1m/a.csv", None),
        ("NQ-1m/a.csv", "NQ-1m"),
    ],
)
def test_folder_or_name_say_the_series(dock, name, series):
    dock.drop(name, "3")
    (found,) = dock.landing.sweep(dock.intake(), opened)
    assert found.series == (series or "")


def test_a_file_that_cannot_be_used_is_put_aside_with_its_reason_and_the_rest_goes_on(dock):
    dock.drop("ES_bad.csv", "rubbish")
    dock.drop("ES_good.csv", "4")
    dock.drop("who.csv", "4")
    assert dock.sweep() == [
        ("ES_bad.csv", "rejected", 0),
        ("ES_good.csv", "ingested", 4),
        ("who.csv", "rejected", 0),
    ]
    assert dock.names("rejected") == [
        "ES_bad.csv",
        "ES_bad.csv.reason.txt",
        "who.csv",
        "who.csv.reason.txt",
    ]
    reason = dock.home.root / "rejected" / "who.csv.reason.txt"
    assert "landing/ES/" in reason.read_text()
    assert [e.outcome for e in IngestionLog(dock.home.root / "ingestion.jsonl").entries()] == [
        "rejected",
        "ingested",
        "rejected",
    ]


STEPS = ["deliveries", "log", "away"]


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_neither_loses_nor_doubles(dock, monkeypatch, step):
    dock.drop("ES_june.csv", "4")

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    if step == "deliveries":
        monkeypatch.setattr("mlplatform.adapters.bars.deliveries.os.replace", crash)
    elif step == "log":
        monkeypatch.setattr(IngestionLog, "add", crash)
    else:
        monkeypatch.setattr(landing_module.os, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        dock.sweep()
    monkeypatch.undo()
    assert dock.names("landing") == [".sweeping", "ES_june.csv"]
    dock.sweep()
    assert dock.rows() == 4, "once"
    assert dock.names("archive") == ["ES-5m/ES_june.csv"]
    log = IngestionLog(dock.home.root / "ingestion.jsonl").entries()
    assert [entry.outcome for entry in log].count("ingested") == 1
    assert {entry.rows for entry in log} == {4}


def test_the_same_file_dropped_again_is_not_doubled(dock):
    dock.drop("ES_june.csv", "4")
    dock.sweep()
    dock.drop("ES_june.csv", "4")
    assert dock.sweep() == [("ES_june.csv", "already ingested", 4)]
    assert dock.rows() == 4
    assert dock.names("archive") == ["ES-5m/ES_june-2.csv", "ES-5m/ES_june.csv"]


def test_a_file_that_is_still_being_written_waits(dock):
    dock.drop("ES_june.csv", "4").touch()
    patient = Landing(dock.home, settled_s=60.0)
    assert patient.waiting() == []
    assert [path.name for path in dock.landing.waiting()] == ["ES_june.csv"]


def test_a_link_that_leads_out_of_the_folder_is_left_alone(dock, tmp_path):
    (tmp_path / "secret.csv").write_text("4")
    dock.landing.folder.mkdir(parents=True)
    (dock.landing.folder / "ES_link.csv").symlink_to(tmp_path / "secret.csv")
    assert dock.sweep() == []
    assert (tmp_path / "secret.csv").exists()


def test_two_sweeps_at_once_take_a_file_in_once(dock):
    dock.drop("ES_june.csv", "4")
    seen = []

    def opened_during_a_sweep(path: Path, symbol: str, timeframe: str | None) -> Source:
        seen.extend(dock.sweep())
        return opened(path, symbol, timeframe)

    dock.landing.sweep(dock.intake(), opened_during_a_sweep)
    assert seen == []
    assert dock.rows() == 4


def test_bars_before_the_homes_first_period_are_refused(dock):
    dock.drop("ES_june.csv", "4")
    late = Intake(dock.home, PeriodAxis(Cadence.MONTH, "2025-07"), lambda: NOW)
    (entry,) = dock.landing.sweep(late, opened)
    assert entry.outcome == "rejected"
    assert "2025-07" in entry.reason


def test_a_line_that_a_crash_cut_in_half_loses_no_other_line(tmp_path):
    dock = Dock(tmp_path)
    dock.drop("ES_a.csv", "3")
    dock.sweep()
    log = IngestionLog(tmp_path / "ingestion.jsonl")
    with log.path.open("a") as file:
        file.write('{"at": "2026-')
    dock.drop("ES_b.csv", "5")
    dock.sweep()
    assert [entry.file for entry in log.entries()] == ["ES_a.csv", "ES_b.csv"]
    assert log.frame()["rows"].to_list() == [3, 5]
    assert isinstance(log.frame(), pl.DataFrame)
