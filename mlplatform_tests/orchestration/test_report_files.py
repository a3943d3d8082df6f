"""What a report leaves in its folder."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl

from mlplatform.orchestration.desks.report_files import (
    catalog_pictures,
    keep_report,
    package_versions,
    write_report,
)
from mlplatform.reports.evaluation import evaluate, trades_frame
from mlplatform.reports.pictures import SMALL, pictures
from mlplatform.reports.summary import report_json
from mlplatform.testing.judged import judged_study
from mlplatform.testing.studies import StudyPlan
from mlplatform.testing.tracking import MemoryTracker


def _write(folder: Path, plan: StudyPlan) -> None:
    study = judged_study(plan)
    found = evaluate(study)
    report, drawn = report_json(study, found), pictures(study, found, SMALL)
    write_report(folder, study, found, report, drawn)


def test_the_folder_holds_page_figures_trades_and_pictures(tmp_path: Path) -> None:
    _write(tmp_path, StudyPlan())
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    charts = {"equity", "trades", "excursions", "windows", "order", "costs"}
    assert names == {"report.html", "report.json", "trades.parquet", "trades.csv"} | {
        f"charts/{name}.png" for name in charts
    }
    assert json.loads((tmp_path / "report.json").read_text())["series"] == "MES-5m"


def test_the_trades_as_text_are_the_trades(tmp_path: Path) -> None:
    _write(tmp_path, StudyPlan())
    trades = trades_frame(judged_study())
    assert pl.read_parquet(tmp_path / "trades.parquet").equals(trades)
    told = pl.read_csv(tmp_path / "trades.csv", schema_overrides={"side": pl.Int8})
    assert told.columns == trades.columns
    assert told["net_usd"].to_list() == trades["net_usd"].to_list()
    first = trades["entry_ts"][0]
    assert told["entry_ts"][0] == f"{first:%Y-%m-%dT%H:%M:%SZ}"


def test_a_picture_of_an_earlier_report_does_not_stay(tmp_path: Path) -> None:
    _write(tmp_path, StudyPlan())
    _write(tmp_path, StudyPlan(only=0))
    assert [path.name for path in (tmp_path / "charts").iterdir()] == ["equity.png"]


def test_the_tracker_keeps_a_report_once_whatever_its_provenance() -> None:
    study, tracker = judged_study(), MemoryTracker()
    found = evaluate(study)
    later = replace(study, provenance={**study.provenance, "run_id": "another"})
    kept, report, identity = keep_report(tracker, study, found, {"equity": b"png"})
    again = keep_report(tracker, later, evaluate(later), {"equity": b"png"})
    assert again[2] == identity
    assert list(tracker.reports) == [("MES-5m", identity)]
    assert set(tracker.reports["MES-5m", identity]) == {"report.json", "equity.png"}
    assert kept.provenance["mlflow"] == {"experiment": "MES-5m", "report_run": "report-0"}
    assert report["provenance"]["mlflow"] == kept.provenance["mlflow"]  # type: ignore[index]
    other = keep_report(tracker, judged_study(StudyPlan(seed=8)), found, {})
    assert other[2] != identity


def test_the_versions_of_what_computes_are_named() -> None:
    assert {"python", "numpy", "polars", "lightgbm"} <= set(package_versions())


def test_the_catalog_keeps_small_pictures() -> None:
    study = judged_study()
    told = catalog_pictures(study, evaluate(study))
    assert set(told) == {"equity", "windows", "order"}
    assert sum(len(str(value.value)) for value in told.values()) < 60_000
