"""A strategy in the chain: only what depends on it runs again, and it stands beside the rest."""

import json
from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.home import Home
from mlplatform.orchestration.build import build_definitions, build_platform
from mlplatform.orchestration.desks.notes import STRATEGY_TAG
from mlplatform.orchestration.instance import open_instance
from mlplatform.settings import load_settings
from mlplatform_tests.conftest import Bench
from mlplatform_tests.orchestration.test_chain import copied, ran

__all__ = ["copied"]
SERIES = "MES-5m"
TEXT = """\
name: steep
setups:
  - ema_pullback: {min_spread_atr: 0.3}
  - range_breakout
filters: [minutes_since_rth_open between 15 and 330]
exits: {stop_atr: 1.0, target_atr: 3.0, time_exit_bars: 20}
"""


@pytest.fixture
def traded(copied: Bench, small_bars: Path, tmp_path: Path) -> tuple[Bench, set]:
    """A home that had the platform's own setups and was given a strategy; and what ran."""
    path = tmp_path / "steep.yaml"
    path.write_text(TEXT)
    return copied, ran(copied.run(small_bars, strategy=str(path)))


def test_a_strategy_recomputes_from_its_candidates_on_and_stands_beside_the_baseline(
    traded: tuple[Bench, set], small_bars: Path
) -> None:
    bench, done = traded
    assets = {asset for _, asset in done}
    assert {"candidates", "labels", "policy", "decisions", "walk_forward_report"} <= assets
    assert not assets & {"raw_bars", "contract_bars", "rolls", "bars", "features"}

    lake = bench.root / "lake"
    decisions = pl.read_parquet(lake / "decisions" / SERIES / "2025-04.parquet")
    own, base = (
        decisions.filter(pl.col("policy") == name).sort("candidate_id")
        for name in ("strategy", "baseline")
    )
    assert own["candidate_id"].equals(base["candidate_id"])
    assert set(own["setup"]) <= {"ema_pullback", "range_breakout"}
    assert (own["target_points"] / own["stop_points"]).round(9).unique().to_list() == [3.0]
    trades = pl.read_parquet(bench.root / "reports" / SERIES / "trades.parquet")
    assert "time" in set(trades.filter(pl.col("policy") == "strategy")["exit_reason"])
    assert "time" not in set(trades.filter(pl.col("policy") != "strategy")["exit_reason"])
    report = bench.report()
    assert report["strategy"]["trades"] == trades.filter(pl.col("policy") == "strategy").height
    assert report["settings"]["strategy"].startswith("steep-")

    # The home keeps it: every way in finds the same, and nothing is stale.
    assert bench.run(small_bars) == []
    kept = load_settings(bench.root).strategy
    assert (bench.root / "strategies" / kept).read_text() == TEXT
    with open_instance(Home(bench.root)):
        assert build_definitions(bench.root).get_repository_def() is not None

    # The champion before it is what it is held against.
    compared = pl.read_parquet(lake / "model_comparison" / SERIES / "all.parquet")
    found = json.loads((bench.root / "reports" / SERIES / "model_comparison.json").read_text())
    assert set(compared["figure"]) == set(found["figures"])
    assert found["settings"]["strategy"] == {"a": "", "b": kept}
    before = pl.read_parquet(next((bench.root / "champions" / SERIES).glob("*/trades.parquet")))
    assert before.height > 0

    # Its models name it, so that the champion's candidates are found by its own setups.
    versions = bench.tracker.versions[f"{SERIES}-policy"]
    assert versions[-1].tags[STRATEGY_TAG] == kept
    assert STRATEGY_TAG not in versions[0].tags

    # Coming back to the platform's own setups makes the same stale again, and no more.
    study = bench.open(small_bars, strategy="none")
    assert study.platform.settings.strategy == ""
    study.settle()
    with open_instance(study.platform.home) as instance:
        tasks = study.platform.stamp.planner(instance, SERIES).tasks()
    stale = {task.asset for task in tasks if task.is_sure}
    assert "candidates" in stale
    assert not stale & {"raw_bars", "bars", "features"}
    platform = build_platform(bench.root, load_settings(bench.root), {"tracker": bench.tracker})
    assert platform.strategy.name == "platform"
