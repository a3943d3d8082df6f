"""Schedules ask the planner: with nothing new they skip, with a new period they run it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from mlplatform.orchestration.automation import schedules
from mlplatform.orchestration.automation.schedules import SERIES_TAG, run_requests
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.planning.axis import SERIES, Partition
from mlplatform.orchestration.planning.planner import Planner
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


def test_what_waits_for_nothing_but_its_own_run_is_in_it(finished: Bench, small_bars: Path) -> None:
    """Nobody plans again between the assets of a scheduled run: else a day's bars, or a day's
    decisions, would take a week of evenings to reach the report.
    """
    study = finished.open(small_bars)
    may = Partition("2025-05", "MES-5m")
    with open_instance(study.platform.home) as instance:
        grew = study.platform.stamp.planner(instance, "MES-5m")
        grew.sources = {"raw_bars": {**grew.sources["raw_bars"], "2025-05": "more bars"}}
        decided = study.platform.stamp.planner(instance, "MES-5m")
        entry = decided.ledger.get("decisions", may)
        assert entry is not None
        decided.ledger.put("decisions", may, replace(entry, content="other decisions"))

        def runs(planner: Planner, takes_along: bool) -> list[tuple[Partition, set[str]]]:
            batches = planner.batches(planner.tasks(), takes_along)
            return [(batch.partition, set(batch.assets)) for batch in batches]

        assert runs(grew, takes_along=False) == [(may, {"raw_bars"})]
        ((partition, assets),) = runs(grew, takes_along=True)
        assert partition == may
        made = set(study.platform.stamp.lineage.of_groups(("market", "research", "decisions")))
        assert made <= assets
        assert "stop_model" not in assets, "May's models learn from the months before"
        study_of_all = {"backtest", "equity", "champion", "model_comparison"}
        (_, alone), (_, whole) = (*runs(decided, False), *runs(decided, True))
        assert alone == {"backtest", "equity"}
        assert whole == {*study_of_all, "walk_forward_report"}


@pytest.mark.parametrize("name", ["ingest", "train", "decide", "report"])
def test_a_tick_of_each_schedule_skips_where_nothing_is_new(
    name: str, finished: Bench, small_bars: Path
) -> None:
    study = finished.open(small_bars)
    with open_instance(study.platform.home) as instance:
        repository = study.platform.definitions.get_repository_def()
        schedule = repository.get_schedule_def(f"{name}_after_close")
        assert instance.get_dynamic_partitions(str(SERIES.name)) == ["MES-5m"]
        data = schedule.evaluate_tick(tick(instance, repository, 21))
    assert not data.run_requests
    assert data.skip_message == "Nothing is new."


def tick(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, day: int
) -> dg.ScheduleEvaluationContext:
    at = datetime(2025, 5, day, 21, 15, tzinfo=UTC)
    return dg.build_schedule_context(
        instance=instance, repository_def=repository, scheduled_execution_time=at
    )


# Dagster's own tags of two partition dimensions are those that it warns of.
@pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning")
def test_a_tick_may_ask_for_several_partitions_and_the_next_one_for_the_same_again(
    finished: Bench, small_bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request has a key of its own, for Dagster refuses several without; a run that failed
    today must not keep tomorrow's away.
    """
    stale = [dg.RunRequest(partition_key=f"2025-0{month}|MES-5m") for month in (4, 5)]
    monkeypatch.setattr(schedules, "run_requests", lambda *_: iter(stale))
    platform = finished.open(small_bars).platform
    with open_instance(platform.home) as instance:
        repository = platform.definitions.get_repository_def()
        schedule = repository.get_schedule_def("ingest_after_close")
        asked = [schedule.evaluate_tick(tick(instance, repository, day)) for day in (20, 21)]
    keys = [request.run_key for data in asked for request in data.run_requests or []]
    assert len(keys) == len(set(keys)) == 4
