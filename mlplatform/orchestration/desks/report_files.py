"""What a report leaves behind: files in its folder, small pictures in the catalog."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import dagster as dg

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.home import write_bytes, write_text
from mlplatform.adapters.tracking.port import Tracker
from mlplatform.metrics.undefined import Undefined
from mlplatform.orchestration.plots import png
from mlplatform.reports.evaluation import Evaluation, trades_frame
from mlplatform.reports.page import report_html
from mlplatform.reports.pictures import SMALL, pictures
from mlplatform.reports.summary import report_json
from mlplatform.reports.thumbnail import equity_thumbnail
from mlplatform.studies.result import StudyResult

CHARTS = "charts"
_IN_THE_CATALOG = ("windows", "order")
_PACKAGES = (
    "polars",
    "numpy",
    "lightgbm",
    "xgboost",
    "scikit-learn",
    "optuna",
    "mlflow",
    "dagster",
)


def write_report(
    folder: Path,
    study: StudyResult,
    found: Evaluation,
    report: Mapping[str, object],
    drawn: Mapping[str, bytes],
) -> None:
    """report.html, report.json, trades.parquet, trades.csv and the pictures `drawn`.

    A picture of an earlier report that there is nothing to draw in now is removed.
    """
    write_text(folder / "report.html", report_html(study, found))
    write_text(folder / "report.json", json.dumps(report, indent=1) + "\n")
    trades = trades_frame(study)
    with replacing(folder / "trades.parquet") as temporary:
        trades.write_parquet(temporary)
    with replacing(folder / "trades.csv") as temporary:
        trades.write_csv(temporary, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    for name, picture in drawn.items():
        write_bytes(folder / CHARTS / f"{name}.png", picture)
    for left in (folder / CHARTS).glob("*.png"):
        if left.stem not in drawn:
            left.unlink()


def keep_report(
    tracker: Tracker, study: StudyResult, found: Evaluation, drawn: Mapping[str, bytes]
) -> tuple[StudyResult, dict[str, object], str]:
    """Have the tracker keep figures and pictures.

    Gives the study that knows where they are kept, its report.json, and the identity of the
    report: a hash of everything but its provenance.
    """
    report = report_json(study, found)
    content = {key: value for key, value in report.items() if key != "provenance"}
    told = json.dumps(content, indent=1).encode()
    identity = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    figures = {
        f"{policy}_{name}": float(figure)
        for policy in ("baseline", "ml")
        for name, figure in found.figures[policy].items()
        if not isinstance(figure, Undefined)
    }
    files = {"report.json": told} | {f"{name}.png": picture for name, picture in drawn.items()}
    place = tracker.keep_report(study.series, identity, files, figures)
    study = replace(study, provenance={**study.provenance, "mlflow": dict(place)})
    return study, report_json(study, found), identity


def package_versions() -> dict[str, str]:
    """Of what the numbers were made with."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def catalog_pictures(study: StudyResult, found: Evaluation) -> dict[str, dg.MetadataValue]:
    """Thumbnails of a few kilobytes: they land in the event log."""
    small = pictures(study, found, SMALL, _IN_THE_CATALOG)
    return {"equity": png(equity_thumbnail(study))} | {n: png(p) for n, p in small.items()}
