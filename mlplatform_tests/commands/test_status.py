"""`mlplatform status`: what it says is what the home holds, in each form."""

import io
import json
import shutil
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import dagster as dg
import pytest
from rich.console import Console

from mlplatform.commands.exposition import exposition
from mlplatform.commands.status import age, look, look_if_there, show
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.standing import (
    AutomationStanding,
    RunStanding,
    SeriesStanding,
    Standing,
    standing_of,
)
from mlplatform_tests.conftest import Bench

AT = datetime(2025, 6, 10, 12, tzinfo=UTC)
STANDING = Standing(
    AT,
    (
        SeriesStanding(
            "MES-5m", AT - timedelta(hours=3), "4", "2025-06", AT - timedelta(days=9), 0.25, 7
        ),
        SeriesStanding("ES-5m", None, None, None, None, None, 0, "its source is gone"),
    ),
    (
        RunStanding("report", "MES-5m", "success", AT, 6.0),
        RunStanding("report", "MES-5m", "failure", AT, 9.0),
        RunStanding("windows", "2025-06|MES-5m", "started", AT, None),
    ),
    1,
    (RunStanding("report", "MES-5m", "failure", AT, 9.0),),
    (
        RunStanding("intake", "", "success", AT - timedelta(days=20), 2.5),
        RunStanding("report", "MES-5m", "success", AT, 6.0),
    ),
    (AutomationStanding("ingest_after_close", True), AutomationStanding("landing_folder", False)),
)


def test_prometheus_reads_age_champion_drift_and_what_is_pending() -> None:
    lines = set(exposition(STANDING).splitlines())
    assert 'mlplatform_data_age_seconds{series="MES-5m"} 10800.0' in lines
    assert 'mlplatform_model_age_seconds{series="MES-5m"} 777600.0' in lines
    assert 'mlplatform_champion_version{series="MES-5m"} 4.0' in lines
    assert 'mlplatform_champion_version{series="ES-5m"} 0.0' in lines
    assert 'mlplatform_drifted_inputs_ratio{series="MES-5m"} 0.25' in lines
    assert 'mlplatform_pending_partitions{series="MES-5m"} 7.0' in lines
    assert 'mlplatform_in_trouble{series="ES-5m"} 1.0' in lines
    assert 'mlplatform_run_duration_seconds{job="report"} 6.0' in lines
    assert 'mlplatform_run_duration_seconds{job="intake"} 2.5' in lines, "though it is long ago"
    assert "mlplatform_failed_runs 1.0" in lines
    assert 'mlplatform_automation_on{name="ingest_after_close"} 1.0' in lines
    assert 'mlplatform_automation_on{name="landing_folder"} 0.0' in lines


def test_what_is_not_known_is_left_out_and_is_no_zero() -> None:
    text = exposition(STANDING)
    assert 'mlplatform_data_age_seconds{series="ES-5m"}' not in text
    assert 'mlplatform_drifted_inputs_ratio{series="ES-5m"}' not in text
    assert 'job="windows"' not in text


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "1 hour"),
        (timedelta(hours=47), "1 day"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_an_age_is_told_in_its_largest_whole_unit(span: timedelta, told: str) -> None:
    assert age(span) == told


def test_a_finished_home_has_its_newest_bar_and_nothing_pending(
    finished: Bench, small_bars: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(standing_of(finished.open(small_bars).platform), "json", Console())
    told = json.loads(capsys.readouterr().out)
    (series,) = told["series"]
    assert series["series"] == "MES-5m"
    assert series["data_to"].startswith("2025-05-3")
    assert series["pending"] == 0
    assert told["runs"][0]["job"] == "report"
    assert told["runs"][0]["status"] == "success"
    assert told["failed"] == 0
    assert told["failures"] == []
    assert {run["job"] for run in told["ended"]} >= {"windows", "report"}
    automation = {one["name"]: one["is_on"] for one in told["automation"]}
    assert automation == dict.fromkeys(automation, False), "off until somebody starts it"
    assert set(automation) >= {"ingest_after_close", "prune_weekly", "landing_folder"}


def test_a_failure_is_told_however_many_runs_went_well_since(
    finished: Bench, small_bars: Path, tmp_path: Path
) -> None:
    root = tmp_path / "home"
    shutil.copytree(finished.root, root)
    platform = Bench(root, finished.tracker).open(small_bars).platform
    with open_instance(platform.home) as instance:
        failed = dg.DagsterRun("decide", status=dg.DagsterRunStatus.FAILURE)
        instance.add_run(failed)
        for _ in range(9):
            instance.add_run(dg.DagsterRun("report", status=dg.DagsterRunStatus.SUCCESS))
    told = standing_of(platform)
    assert "decide" not in {run.job for run in told.runs}
    assert (told.failed, [run.job for run in told.failures]) == (1, ["decide"])
    assert "decide" in {run.job for run in told.ended}


def test_people_see_series_and_runs() -> None:
    console = Console(record=True, width=140, file=io.StringIO())
    show(STANDING, "table", console)
    text = console.export_text()
    assert "version 4, window 2025-06" in text
    assert "3 hours" in text
    assert "25 %" in text
    assert "its source is gone" in text
    assert "1 run failed within seven days:" in text
    assert "report MES-5m (the Dagster UI says why, under Runs)" in text
    assert "Automation on:  ingest_after_close" in text
    assert "Automation off: landing_folder (start them in the Dagster UI" in text


def test_no_home_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no home yet"):
        look(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_metrics_are_looked_up_anew_at_each_request() -> None:
    from prometheus_client import CollectorRegistry, start_http_server

    from mlplatform.commands.exposition import StandingCollector

    asked: list[int] = []

    def look_once() -> Standing:
        asked.append(1)
        return STANDING

    registry = CollectorRegistry()
    registry.register(StandingCollector(look_once))
    server, thread = start_http_server(0, "127.0.0.1", registry)
    assert isinstance(thread, Thread)
    before = len(asked)
    for _ in range(2):
        address = f"http://127.0.0.1:{server.server_port}/metrics"
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert b"mlplatform_failed_runs 1.0" in answer.read()
    server.shutdown()
    server.server_close()
    thread.join()
    assert len(asked) == before + 2


def test_metrics_may_be_asked_before_there_is_a_home(tmp_path: Path) -> None:
    told = look_if_there(tmp_path)
    assert told.series == told.runs == ()
    assert list(tmp_path.iterdir()) == []
