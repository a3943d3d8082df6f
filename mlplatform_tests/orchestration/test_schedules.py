"""Schedules ask the planner: with nothing new they skip, with a new period they run it."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from mlplatform.orchestration.automation.schedules import SERIES_TAG, run_requests
from mlplatform.orchestration.axis import SERIES
from mlplatform.orchestration.instance import open_instance
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench


def requested(bench: Bench, data: Path, *groups: str) -> list[tuple[str, set[str]]]:
    study = bench.open(data)
    with open_instance(study.platform.home) as instance:
        found = list(run_requests(instance, study.platform.stamp, groups))
    assert all(request.tags[SERIES_TAG] == "MES-5m" for request in found)
    return [
        (str(request.partition_key), {key.path[-1] for key in request.asset_selection or ()})
        for request in found
    ]


def test_with_nothing_new_no_run_is_requested(finished: Bench, small_bars: Path) -> None:
    for groups in (("market", "research"), ("models",), ("decisions",), ("study", "report")):
        assert requested(finished, small_bars, *groups) == []


def test_a_new_period_is_ingested_then_trained_then_traded(
    tmp_path: Path, small_bars: Path
) -> None:
    first = tmp_path / "until_april.parquet"
    until = pl.col("ts") < pl.datetime(2025, 4, 30, 22, time_zone="UTC")
    pl.read_parquet(small_bars).filter(until).write_parquet(first)
    bench = Bench(tmp_path / "home", MemoryTracker())
    bench.run(first)
    ingest = requested(bench, small_bars, "market", "research")
    assert [key for key, _ in ingest] == ["2025-05|MES-5m"]
    assert {"raw_bars", "bars", "features", "candidates", "labels"} <= ingest[0][1]
    train = requested(bench, small_bars, "models")
    roles = {"stop_model", "entry_model", "size_model", "setup_detector", "policy"}
    assert train == [("2025-05|MES-5m", roles)], "May's models need nothing of May"
    assert requested(bench, small_bars, "decisions") == [], "its candidates are not there yet"
    assert requested(bench, small_bars, "study", "report") == []


@pytest.mark.parametrize("name", ["ingest", "train", "decide", "report"])
def test_a_tick_of_each_schedule_skips_where_nothing_is_new(
    name: str, finished: Bench, small_bars: Path
) -> None:
    study = finished.open(small_bars)
    with open_instance(study.platform.home) as instance:
        repository = study.platform.definitions.get_repository_def()
        schedule = repository.get_schedule_def(f"{name}_after_close")
        assert instance.get_dynamic_partitions(str(SERIES.name)) == ["MES-5m"]
        context = dg.build_schedule_context(instance=instance, repository_def=repository)
        data = schedule.evaluate_tick(context)
    assert not data.run_requests
    assert data.skip_message == "Nothing is new."
