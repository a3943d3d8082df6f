"""What a report leaves behind: files in its folder, small pictures in the catalog."""

import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from mlplatform.adapters.atomic import replacing
from mlplatform.adapters.home import write_bytes, write_text
from mlplatform.orchestration.plots import png
from mlplatform.reports.evaluation import Evaluation, trades_frame
from mlplatform.reports.page import report_html
from mlplatform.reports.pictures import SMALL, pictures
from mlplatform.reports.thumbnail import equity_thumbnail
from mlplatform.studies.result import StudyResult

CHARTS = "charts"
_IN_THE_CATALOG = ("windows", "order")


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


def catalog_pictures(study: StudyResult, found: Evaluation) -> dict[str, dg.MetadataValue]:
    """Thumbnails of a few kilobytes: they land in the event log."""
    small = pictures(study, found, SMALL, _IN_THE_CATALOG)
    return {"equity": png(equity_thumbnail(study))} | {n: png(p) for n, p in small.items()}
