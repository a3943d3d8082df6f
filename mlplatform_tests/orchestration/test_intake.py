"""Bars come in: the ranged intake says what the assets would say; the landing folder's sensor."""

import os
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from filelock import FileLock

from mlplatform.commands.ingest import Files, ingest
from mlplatform.orchestration.automation.landing import landing_sensor
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.intake import MARKET, RangedIntake
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.running.runner import run_intake
from mlplatform.settings import load_settings
from mlplatform.testing.bars import seeded_bars

SERIES = "MES-5m"


@pytest.fixture
def ingested(tmp_path: Path) -> Platform:
    """A home that took in one file of two months."""
    from rich.console import Console

    path = tmp_path / "bars.csv"
    whole = seeded_bars(30, "5m")
    whole.select("ts", "open", "high", "low", "close", "volume", symbol="contract").write_csv(path)
    home = tmp_path / "home"
    ingest(home, Files(path, "MES", None, None, None, None), False, Console(quiet=True))
    return build_platform(home, load_settings(home))


def test_the_planner_finds_nothing_to_do_after_a_ranged_intake(ingested):
    with open_instance(ingested.home) as instance:
        tasks = ingested.stamp.planner(instance, SERIES).tasks()
        assert not [task for task in tasks if task.asset in MARKET]
        assert (
            RangedIntake.of(ingested_yard(ingested), ingested.stamp, instance, SERIES, "me").stale()
            == []
        )


def ingested_yard(platform: Platform):
    return platform.definitions.resources["yard"]


def test_the_assets_would_make_the_same_files(ingested, tmp_path):
    """Every market asset, run by itself, gives the very rows and identity of the ranged intake."""
    lake = ingested.home.lake
    before = {
        (asset, period): lake.read(asset, SERIES, [period])
        for asset in MARKET
        for period in lake.periods(asset, SERIES)
    }
    with open_instance(ingested.home) as instance:
        identities = {
            key: ingested.stamp.planner(instance, SERIES).ledger.get(key[0], partition(key[1]))
            for key in before
        }
        job = ingested.definitions.resolve_job_def("windows")
        for period in ("2025-01", "2025-02"):
            done = job.execute_in_process(
                partition_key=f"{period}|{SERIES}",
                asset_selection=[dg.AssetKey(asset) for asset in MARKET],
                instance=instance,
            )
            assert done.success
            checks = {e.check_name for e in done.get_asset_check_evaluations()}
            assert "no_price_jumps" in checks
        ledger = ingested.stamp.planner(instance, SERIES).ledger
        for key, frame in before.items():
            assert lake.read(key[0], SERIES, [key[1]]).equals(frame), key
            assert ledger.get(key[0], partition(key[1])) == identities[key], key


def partition(period: str) -> Partition:
    return Partition(period, SERIES)


def test_one_summary_a_check_names_every_period(ingested):
    with open_instance(ingested.home) as instance:
        for asset in MARKET:  # as if never made
            instance.wipe_assets([dg.AssetKey(asset)])
        judged = run_intake(ingested, instance, [SERIES])
    assert {check.periods for check in judged} == {2}
    assert not [check for check in judged if check.failures]


def drop(platform: Platform, name: str, bars: pl.DataFrame) -> Path:
    path = platform.home.root / "landing" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    bars.select("ts", "open", "high", "low", "close", "volume", symbol="contract").write_csv(path)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_the_sensor_asks_for_a_sweep_and_the_sweep_takes_the_file_in(ingested):
    whole = seeded_bars(45, "5m")
    sensor = landing_sensor(ingested.home)
    with open_instance(ingested.home) as instance:
        tick = sensor(dg.build_sensor_context(instance=instance))
        assert isinstance(tick, dg.SkipReason)
        drop(
            ingested, "MES_march.csv", whole.filter(pl.col("ts") > seeded_bars(30, "5m")["ts"][-1])
        )
        drop(ingested, "MES_broken.csv", whole.head(0))
        tick = sensor(dg.build_sensor_context(instance=instance))
        assert isinstance(tick, dg.RunRequest)
        with FileLock(ingested.home.root / "landing" / ".sweeping"):
            assert isinstance(sensor(dg.build_sensor_context(instance=instance)), dg.SkipReason)
        done = ingested.definitions.resolve_job_def("landing").execute_in_process(instance=instance)
        assert done.success
        assert isinstance(sensor(dg.build_sensor_context(instance=instance)), dg.SkipReason)
    lake, root = ingested.home.lake, ingested.home.root
    kept = lake.read("bars", SERIES, lake.periods("bars", SERIES))
    assert kept.height == whole.height
    assert (root / "archive" / SERIES / "MES_march.csv").is_file()
    assert "no rows" in (root / "rejected" / "MES_broken.csv.reason.txt").read_text()


def test_the_sensor_starts_stopped(ingested):
    assert landing_sensor(ingested.home).default_status is dg.DefaultSensorStatus.STOPPED


def test_a_later_file_is_rolled_with_the_month_before_it_in_mind(ingested, tmp_path):
    """Two months are there; the third is taken in alone, and nothing before it is made again."""
    whole = seeded_bars(60, "5m")
    drop(ingested, "MES_march.csv", whole.filter(pl.col("session_date") >= pl.date(2025, 3, 1)))
    lake = ingested.home.lake
    before = {
        path: path.stat().st_mtime_ns
        for path in (ingested.home.root / "lake").rglob("2025-01.parquet")
    }
    with open_instance(ingested.home) as instance:
        done = ingested.definitions.resolve_job_def("landing").execute_in_process(instance=instance)
    assert done.success
    assert {path: path.stat().st_mtime_ns for path in before} == before
    rolls = lake.read("rolls", SERIES, ["2025-03"])
    known = whole.filter(pl.col("session_date") >= pl.date(2025, 3, 1))
    changes = rolls.drop_nulls("previous")["contract"].to_list()
    assert rolls["contract"][0] == known["contract"][0]
    assert changes == known["contract"].unique(maintain_order=True).to_list()[1:]
    assert changes, "the world rolls in March"
