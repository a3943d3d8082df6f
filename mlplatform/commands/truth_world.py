"""One world of `bench truth` through the whole chain, in a home that is thrown away."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import polars as pl

from mlplatform.commands.study import OpenStudy, Wish, open_study
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import passing_instance
from mlplatform.orchestration.running.runner import run_chain
from mlplatform.studies.quality.judged import comparators_of, judged_candidates
from mlplatform.studies.truth.oracle import TriedOn, consult_observer, consult_oracle
from mlplatform.studies.truth.outcome import (
    Choice,
    Outcome,
    choice_of,
    earned,
    gross_bounds,
)
from mlplatform.studies.truth.worlds import PlannedWorld, TruthSettings
from mlplatform.synthetic.generation import generate_with_truth
from mlplatform.synthetic.world import Edge, World
from mlplatform.testing.tracking import MemoryTracker

_REPORT = "walk_forward_report"


def run_world(
    planned: PlannedWorld, settings: TruthSettings, folder: Path, world: World | None = None
) -> Outcome:
    """Take the world's bars in as a file, run the chain to the report, and hold what the report
    says against the truth.

    Dagster runs it, as it does for `run`; its records and those of the tracker stay in memory.
    What nothing of the report is made of is left out. `folder` is emptied and removed. `world`
    stands in for the planned one where a shorter year is enough. Raises what `run` raises.
    """
    started = time.process_time()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        world = world or planned.world
        made = generate_with_truth(world)
        path = folder / "bars.parquet"
        made.bars.drop("row").write_parquet(path)
        study = _study(planned, settings, path, folder / "home")
        lineage = study.platform.stamp.lineage
        with passing_instance() as instance:
            run_chain(
                study.platform,
                instance,
                study.series.name,
                lambda *_: None,
                lineage.upstream_of(_REPORT),
            )
        return _outcome(planned, study, world.edge, made.truth, started)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _study(planned: PlannedWorld, settings: TruthSettings, path: Path, home: Path) -> OpenStudy:
    given = {
        "cadence": "month",
        "trials": settings.trials,
        "train_periods": settings.train_periods,
        "seed": planned.seed,
        "families": settings.families,
        "model_plots": False,
    }
    study = open_study(home, Wish(str(path), "MES", "5m", None, given))
    platform = build_platform(home, study.platform.settings, {"tracker": MemoryTracker()})
    if study.staged is not None:
        platform.book.put(study.series.name, study.staged)
    study = OpenStudy(platform, study.series, study.staged, study.given)
    study.settle()
    return study


def _outcome(
    planned: PlannedWorld, study: OpenStudy, edge: Edge | None, hidden: pl.DataFrame, started: float
) -> Outcome:
    home, series = study.platform.home, study.series
    report = json.loads((home.report(series.name) / "report.json").read_text())
    frames = _Frames(study)
    trades, equity = frames.whole("backtest"), frames.whole("equity")
    days = equity.filter(pl.col("policy") == "ml")["session_date"]
    low, high = gross_bounds(trades, days, planned.seed)
    observer = oracle = None
    choice = Choice()
    if edge is not None:
        names = ("bars", "features", "candidates")
        capital = study.platform.settings.capital_usd
        tried = TriedOn(series, *(frames.tested(name) for name in names), capital)
        knower = consult_oracle(tried, hidden)
        oracle = earned(knower.trades, "ml")
        observer = earned(consult_observer(tried, edge).trades, "ml")
        comparators = comparators_of(frames.tested("policy"))
        decisions = frames.tested("decisions")
        judged = judged_candidates(series, tried.bars, decisions, comparators)
        choice = choice_of(judged, frames.tested("labels"), knower)
    certainty = report["certainty"]
    return Outcome(
        world=planned,
        verdict=certainty["verdict"]["kind"],
        ml=earned(trades, "ml"),
        baseline=earned(trades, "baseline"),
        observer=observer,
        oracle=oracle,
        choice=choice,
        day_low=_low(certainty["intervals"]["ml"]),
        over_baseline_low=_low(certainty["intervals"]["difference"]),
        sharpe=report["ml"]["sharpe_ratio"],
        sharpe_hurdle=certainty["sharpe"]["sr0"],
        gross_low=low,
        gross_high=high,
        seconds=round(time.process_time() - started, 2),
    )


def _low(intervals: dict[str, Any]) -> float | None:
    mean_day = intervals["mean_day_usd"]
    return None if mean_day is None else float(mean_day["low"])


class _Frames:
    """What the run left in the lake."""

    def __init__(self, study: OpenStudy) -> None:
        self._lake, self._series = study.platform.home.lake, study.series.name
        self._tested = self._lake.periods("decisions", self._series)

    def whole(self, asset: str) -> pl.DataFrame:
        """An asset of the series."""
        return self._lake.read(asset, self._series)

    def tested(self, asset: str) -> pl.DataFrame:
        """An asset of the windows that were tried."""
        return self._lake.read(asset, self._series, self._tested)
