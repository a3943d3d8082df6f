"""The chain on synthetic bars, through Dagster, with the tracker in memory."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from mlplatform.domain import tables
from mlplatform.domain.errors import CheckStopped
from mlplatform.domain.schema import Table
from mlplatform.orchestration import card
from mlplatform.orchestration.instance import open_instance
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench

SERIES = "MES-5m"
MARKET = {"raw_bars", "contract_bars", "rolls", "bars", "quarantined_bars"}
BY_PERIOD = MARKET | {"features", "candidates", "labels", "setup_detector", "detector_scores"}
BY_WINDOW = {"stop_model", "entry_model", "size_model", "policy", "decisions"}
BY_SERIES = {"backtest", "equity", "champion", "walk_forward_report", "feature_report"}
BY_SERIES |= {"model_comparison"}


@pytest.fixture
def copied(finished: Bench, tmp_path: Path) -> Bench:
    """A copy of the finished home, to change."""
    root = tmp_path / "home"
    shutil.copytree(finished.root, root)
    tracker = MemoryTracker(
        {name: list(items) for name, items in finished.tracker.versions.items()},
        dict(finished.tracker.payloads),
        dict(finished.tracker.champions),
        list(finished.tracker.notes),
    )
    return Bench(root, tracker)


def ran(batches: list) -> set[tuple[str, str]]:
    """(period, asset) of all that ran."""
    return {(b.partition.period, asset) for b in batches for asset in b.assets}


def test_every_asset_has_a_file_for_each_of_its_partitions(finished: Bench) -> None:
    lake = finished.root / "lake"
    months = [f"2025-0{month}" for month in range(1, 6)]
    for asset in BY_PERIOD:
        assert sorted(p.stem for p in (lake / asset / SERIES).iterdir()) == months
    for asset in BY_WINDOW:
        assert sorted(p.stem for p in (lake / asset / SERIES).iterdir()) == months[3:]
    for asset in BY_SERIES:
        assert [p.stem for p in (lake / asset / SERIES).iterdir()] == ["all"]


def test_bars_in_are_bars_out_and_quarantined(finished: Bench) -> None:
    lake = finished.root / "lake"
    rows = {
        asset: sum(pl.read_parquet(p).height for p in (lake / asset / SERIES).glob("*.parquet"))
        for asset in ("raw_bars", "bars", "quarantined_bars")
    }
    assert rows["raw_bars"] == rows["bars"] + rows["quarantined_bars"]


@pytest.mark.parametrize(
    "table", [tables.BARS, tables.CANDIDATES, tables.LABELS, tables.DECISIONS], ids=lambda t: t.name
)
def test_stored_frames_have_their_declared_schema(finished: Bench, table: Table) -> None:
    stored = pl.read_parquet(finished.root / "lake" / table.name / SERIES / "2025-04.parquet")
    assert stored.schema == table.schema


def test_with_nothing_new_nothing_runs(copied: Bench, small_bars: Path) -> None:
    assert copied.run(small_bars) == []


def test_a_file_that_is_gone_is_made_again_and_the_lake_is_asked_once_an_asset(
    copied: Bench, small_bars: Path
) -> None:
    study = copied.open(small_bars)
    (copied.root / "lake" / "labels" / SERIES / "2025-02.parquet").unlink()
    (copied.root / "lake" / "champion" / SERIES / "all.parquet").unlink()
    asked: list[str] = []
    with open_instance(study.platform.home) as instance:
        planner = study.platform.stamp.planner(instance, SERIES)
        kept = planner.kept
        planner.kept = lambda asset, series: asked.append(asset) or kept(asset, series)
        tasks = planner.tasks()
    gone = {(t.partition.period, t.asset) for t in tasks if t.reason == "never materialised"}
    assert gone == {("2025-02", "labels"), ("", "champion")}
    assert len(asked) == len(set(asked)) == len(study.platform.stamp.lineage.order)


def test_a_new_period_runs_itself_its_window_and_the_study(
    tmp_path: Path, small_bars: Path
) -> None:
    whole = pl.read_parquet(small_bars)
    first = tmp_path / "until_april.parquet"
    whole.filter(pl.col("ts") < pl.datetime(2025, 4, 30, 22, time_zone="UTC")).write_parquet(first)
    bench = Bench(tmp_path / "home", MemoryTracker())
    bench.run(first)
    again = ran(bench.run(small_bars))
    assert {period for period, _ in again} == {"2025-05", ""}
    assert {asset for period, asset in again if period} == BY_PERIOD | BY_WINDOW
    assert {asset for period, asset in again if not period} == BY_SERIES


def test_a_restated_month_runs_only_its_dependents(
    copied: Bench, small_bars: Path, tmp_path: Path
) -> None:
    restated = tmp_path / "restated.parquet"
    in_april = pl.col("ts").dt.strftime("%Y-%m-%d %H:%M") == "2025-04-10 15:00"
    volume = pl.when(in_april).then(pl.col("volume") * 3).otherwise(pl.col("volume"))
    pl.read_parquet(small_bars).with_columns(volume).write_parquet(restated)
    again = ran(copied.run(restated))
    assert not [pair for pair in again if pair[0] in ("2025-01", "2025-02", "2025-03")]
    assert ("2025-04", "bars") in again
    assert ("2025-05", "features") in again, "its warm-up reads April"
    assert ("2025-05", "raw_bars") not in again
    assert ("2025-05", "rolls") in again, "a roll is decided by the month before"
    assert ("2025-04", "stop_model") not in again, "April's models read the months before"
    assert ("2025-05", "stop_model") in again


def test_unchanged_content_stops_the_spread(
    copied: Bench, small_bars: Path, tmp_path: Path
) -> None:
    """A refused row changes the raw bars, the quarantine and row numbers, and no price."""
    dirty = tmp_path / "dirty.parquet"
    bars = pl.read_parquet(small_bars)
    noon = pl.datetime(2025, 4, 10, 17, time_zone="UTC")
    broken = bars.filter(pl.col("ts") == noon).with_columns(high=pl.col("low") - 1)
    pl.concat([bars.filter(pl.col("ts") <= noon), broken, bars.filter(pl.col("ts") > noon)]).pipe(
        lambda frame: frame.write_parquet(dirty)
    )
    again = ran(copied.run(dirty))
    assert {("2025-04", "raw_bars"), ("2025-04", "quarantined_bars")} <= again
    assert again == {
        ("2025-04", name) for name in ("raw_bars", "contract_bars", "bars", "quarantined_bars")
    }


def test_other_settings_run_only_what_they_matter_to(copied: Bench, small_bars: Path) -> None:
    again = {asset for _, asset in ran(copied.run(small_bars, capital_usd=60_000.0))}
    assert "stop_model" not in again
    assert "entry_model" not in again
    assert {"size_model", "policy", "backtest", "walk_forward_report"} <= again
    earlier = copied.report()["provenance"]["with_earlier_studies"]
    assert earlier["studies"] == 1, "the other recipe was a look at the same days"


def test_changed_code_of_one_model_runs_that_model_and_stops_where_nothing_differs(
    copied: Bench, small_bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = card.code_version

    def touched(modules: tuple[str, ...], settings: dict[str, object]) -> str:
        return version(modules, settings) + ("*" if modules[-1] == "models.entry" else "")

    monkeypatch.setattr(card, "code_version", touched)
    again = ran(copied.run(small_bars))
    assert again == {("2025-04", "entry_model"), ("2025-05", "entry_model")}


def test_too_many_refused_rows_stop_the_chain(tmp_path: Path, small_bars: Path) -> None:
    dirty = tmp_path / "dirty.parquet"
    bars = pl.read_parquet(small_bars).with_row_index()
    every_tenth = pl.col("index") % 10 == 0
    low = pl.when(every_tenth).then(pl.col("high") + 5).otherwise(pl.col("low"))
    bars.with_columns(low=low).drop("index").write_parquet(dirty)
    bench = Bench(tmp_path / "home", MemoryTracker())
    with pytest.raises(CheckStopped, match=r"rows_are_valid.*high or low contradicts"):
        bench.run(dirty)
    quarantined = tmp_path / "home/lake/quarantined_bars/MES-5m/2025-01.parquet"
    assert set(pl.read_parquet(quarantined)["reason"]) == {
        "high or low contradicts the other prices"
    }
    assert not (tmp_path / "home/lake/features").exists()


def test_the_same_inputs_and_seed_give_the_same_report(
    finished: Bench, tmp_path: Path, small_bars: Path
) -> None:
    again = Bench(tmp_path / "home", MemoryTracker())
    again.run(small_bars)
    reports = [dict(bench.report()) for bench in (finished, again)]
    for report in reports:
        report.pop("provenance")
    assert reports[0] == reports[1]


def test_each_policy_pins_registered_models_of_its_window(finished: Bench) -> None:
    tracker = finished.tracker
    notes = {window["period"]: window["notes"] for window in finished.report()["windows"]}
    for version in tracker.versions[f"{SERIES}-policy"]:
        for role in ("stop", "entry", "size"):
            pinned = version.tags[f"{role}_version"]
            if pinned == "none":
                assert f"{role} model: " in str(notes[version.tags["period"]])
                continue
            model = tracker.versions[f"{SERIES}-{role}"][int(pinned) - 1]
            assert model.tags["period"] == version.tags["period"]


def test_the_champion_is_the_newest_policy(finished: Bench) -> None:
    champion = finished.tracker.champion(SERIES)
    assert champion is not None
    assert champion.tags["period"] == "2025-05"


def test_training_ends_before_the_tested_period(finished: Bench) -> None:
    for window in finished.report()["windows"]:
        assert window["train_to"][:7] < window["period"]
        assert window["train_rows"] > 0
