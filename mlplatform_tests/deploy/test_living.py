"""Schedules and sensors, alive: Dagster's daemon works on a home, and what should begin begins.

The clock is moved (`moved_clock`); crons, sensors, planner, jobs and notices are the real ones.
Each stage is a fixture that needs the one before, so that the order of tests does not matter.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import pytest

from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Timeframe
from mlplatform.orchestration.automation.drift import drifted_frac
from mlplatform.synthetic.generation import generate
from mlplatform.synthetic.world import EDGES, World
from mlplatform_tests.deploy.living import Living, living

CHICAGO = ZoneInfo("America/Chicago")
SERIES = "MES-5m"
LAST_OF_MARCH = date(2025, 3, 31)
CLOSES = {"ingest": (16, 15), "train": (17, 0), "decide": (17, 30), "report": (18, 0)}


@cache
def bars(first: date, until: date) -> pl.DataFrame:
    """Bars of the sessions of these days, the last one not."""
    world = World(instrument_of("MES"), Timeframe("5m"), date(2025, 1, 2), 66, 7, EDGES["strong"])
    day = pl.col("ts").dt.convert_time_zone("America/Chicago").dt.offset_by("7h").dt.date()
    return generate(world).drop("row").filter(day >= first, day < until)


def just_before(name: str, day: date) -> datetime:
    """Two seconds before the schedule looks on that day."""
    hour, minute = CLOSES[name]
    at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHICAGO)
    return at - timedelta(seconds=2)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """A home that was run through February; all is started but the drift sensor."""
    with living(tmp_path_factory.mktemp("living")) as one:
        bars(date(2025, 1, 1), date(2025, 3, 1)).write_parquet(one.root / "first.parquet")
        one.command("ingest", str(one.root / "first.parquet"), "--instrument", "MES")
        one.command("run", "--instrument", "MES", "--timeframe", "5m")
        one.move_clock(datetime(2025, 3, 31, 12, tzinfo=CHICAGO))
        one.set_going("schedule")
        one.set_going("sensor", "landing_folder", "new_champion", "alert_on_failure")
        one.start_daemon()
        yield one


@pytest.fixture(scope="module")
def landed(begun: Living) -> Living:
    begun.drop(bars(date(2025, 3, 1), date(2025, 4, 1)), "MES_march.parquet")
    begun.wait_for("landing", "landing_folder")
    return begun


@pytest.fixture(scope="module")
def reported(landed: Living) -> Living:
    """After the evening of March's last session."""
    for name in CLOSES:
        assert landed.runs(name, f"{name}_after_close") == [], "before its time"
        landed.move_clock(just_before(name, LAST_OF_MARCH))
        landed.wait_for(name, f"{name}_after_close")
    return landed


@pytest.fixture(scope="module")
def drifted(reported: Living) -> Living:
    """After April's first days came in, and the drift sensor was started."""
    reported.drop(bars(date(2025, 4, 1), date(2025, 5, 1)), "MES_april.parquet")
    reported.wait_for("landing", "landing_folder", count=2)
    reported.set_going("sensor", "inputs_drifted")
    reported.wait_for("train", "inputs_drifted")
    return reported


@pytest.fixture(scope="module")
def broken(drifted: Living) -> Living:
    """After a day on which the lake was damaged."""
    (drifted.home.root / "lake" / "bars" / SERIES / "2025-04.parquet").write_bytes(b"no Parquet")
    drifted.move_clock(just_before("ingest", date(2025, 4, 1)))
    drifted.wait_for("ingest", "ingest_after_close", "FAILURE", count=2)
    return drifted


def period_of(run: dg.DagsterRun) -> str:
    return run.tags["dagster/partition"]


def report_of(one: Living) -> dict:
    found = json.loads((one.home.report(SERIES) / "report.json").read_text())
    assert isinstance(found, dict)
    return found


def test_a_file_dropped_is_taken_in(landed: Living) -> None:
    assert landed.home.lake.has("bars", SERIES, "2025-03")
    archived = {path.name for path in (landed.home.root / "archive" / SERIES).iterdir()}
    assert "MES_march.parquet" in archived


@pytest.mark.parametrize("name", list(CLOSES))
def test_each_schedule_looks_at_its_time_after_the_close_and_runs_what_is_due(
    name: str, reported: Living
) -> None:
    first = reported.runs(name, f"{name}_after_close")[-1]
    at = datetime.fromisoformat(first.tags[".dagster/scheduled_execution_time"])
    assert at == just_before(name, LAST_OF_MARCH) + timedelta(seconds=2)
    assert period_of(first) == (SERIES if name == "report" else f"2025-03|{SERIES}")


def test_after_the_evening_the_report_knows_the_new_window(reported: Living) -> None:
    report = report_of(reported)
    assert list(report["provenance"]["policy_versions"]) == ["2025-02", "2025-03"]
    assert reported.home.lake.has("policy", SERIES, "2025-03")


def test_a_new_champion_is_compared(reported: Living) -> None:
    assert report_of(reported)["provenance"]["champion"]["moved"] is True
    run = reported.wait_for("compare", "new_champion")
    assert period_of(run) == SERIES


def test_inputs_that_drifted_are_told_of_and_the_due_window_is_trained(drifted: Living) -> None:
    share = drifted_frac(drifted.home.lake, SERIES)
    assert share is not None
    assert share > 0.001
    assert [period_of(run) for run in drifted.runs("train", "inputs_drifted")] == [
        f"2025-04|{SERIES}"
    ]
    notice = drifted.wait_to_be_told(f"inputs of {SERIES} drifted")
    assert "1 windows that were due are trained" in notice["message"]


def test_a_run_that_failed_is_told_with_its_partition_and_step(broken: Living) -> None:
    notice = broken.wait_to_be_told("failed")
    assert notice["title"] == f"mlplatform: ingest of 2025-04|{SERIES} failed"
    assert notice["type"] == "failure"
    assert "Step features: " in notice["message"]
    assert broken.runs("ingest", "ingest_after_close")[0].run_id in notice["message"]


def test_nothing_that_went_well_is_told_as_failed(reported: Living) -> None:
    """The only failure of this story comes later, on purpose."""
    failed = [notice["title"] for notice in reported.told if "failed" in notice["title"]]
    assert failed in ([], [f"mlplatform: ingest of 2025-04|{SERIES} failed"])


def test_runs_log_lines_of_json_with_run_and_partition(reported: Living) -> None:
    run = reported.runs("ingest", "ingest_after_close")[-1]
    logs = list((reported.home.dagster / "storage" / run.run_id).rglob("*.err"))
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    assert {line["asset"] for line in lines if "asset" in line} >= {"features", "labels"}
    assert {(line["run"], line["partition"]) for line in lines} == {
        (run.run_id, f"2025-03|{SERIES}")
    }


@pytest.fixture(scope="module")
def weekly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """A home of weeks, run through the second one; the bars of the third came in since."""
    with living(tmp_path_factory.mktemp("weekly")) as one:
        weeks = [date(2025, 1, 6), date(2025, 1, 20), date(2025, 1, 27)]
        for first, until in pairwise(weeks):
            bars(first, until).write_parquet(one.root / "weeks.parquet")
            options = ("--instrument", "MES", "--cadence", "week")
            one.command("ingest", str(one.root / "weeks.parquet"), *options)
            if until == weeks[1]:
                one.command("run", "--instrument", "MES", "--timeframe", "5m")
        one.move_clock(datetime(2025, 1, 20, 12, tzinfo=CHICAGO))
        one.set_going("schedule", "train_after_close")
        one.start_daemon()
        yield one


def test_where_periods_are_weeks_a_new_week_is_trained(weekly: Living) -> None:
    weekly.move_clock(just_before("train", date(2025, 1, 20)))
    run = weekly.wait_for("train", "train_after_close")
    assert period_of(run) == f"2025-01-20|{SERIES}"
    assert weekly.home.lake.has("policy", SERIES, "2025-01-20")
