"""What all tests share: a small synthetic file of bars, and homes that were run on it."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import hypothesis
import pytest

from mlplatform.commands.study import OpenStudy, Wish, open_study
from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Timeframe
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.planning.planner import Batch
from mlplatform.orchestration.running.runner import run_chain
from mlplatform.synthetic.generation import generate
from mlplatform.synthetic.world import EDGES, World
from mlplatform.testing.tracking import MemoryTracker

TREES = ("lightgbm", "xgboost")
"""Homes of tests train no network, unless the test is of networks: TensorFlow takes seconds."""
SESSIONS = 106
"""From 2025-01-02: January to May, so that three months train and two are tested."""
hypothesis.settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy machine")  # how fast a machine is proves nothing


@pytest.fixture(scope="session")
def small_bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five months of synthetic MES 5-minute bars with a strong planted edge."""
    world = World(
        instrument_of("MES"), Timeframe("5m"), date(2025, 1, 2), SESSIONS, 7, EDGES["strong"]
    )
    path = tmp_path_factory.mktemp("data") / "bars.parquet"
    generate(world).drop("row").write_parquet(path)
    return path


@dataclass
class Bench:
    """A home, its tracker in memory, and what ran in it."""

    root: Path
    tracker: MemoryTracker

    def wish(self, data: Path, **given: object) -> Wish:
        """Options for a small study."""
        settings = {"trials": 2, "gate_min_trades": 5, "cadence": None, "families": TREES, **given}
        strategy = settings.pop("strategy", None)
        return Wish(str(data), "MES", "5m", None, settings, strategy)

    def open(self, data: Path, **given: object) -> OpenStudy:
        """Checked and wired, with the tracker in memory."""
        study = open_study(self.root, self.wish(data, **given))
        platform = build_platform(
            self.root,
            study.platform.settings,
            {"tracker": self.tracker},
            lambda _: None,
            study.platform.strategy,
        )
        if study.staged is not None:
            platform.book.put(study.series.name, study.staged)
        return OpenStudy(platform, study.series, study.staged, {}, study.strategy_file)

    def run(self, data: Path, **given: object) -> list[Batch]:
        """Run the chain; the batches that ran."""
        study = self.open(data, **given)
        study.settle()
        batches: list[Batch] = []
        with open_instance(study.platform.home) as instance:
            run_chain(study.platform, instance, study.series.name, lambda b, _: batches.append(b))
        return batches

    def report(self, series: str = "MES-5m") -> dict:
        """The report of the last run."""
        return json.loads((self.root / "reports" / series / "report.json").read_text())


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, small_bars: Path) -> Bench:
    """A home whose chain ran once; read it, do not change it."""
    bench = Bench(tmp_path_factory.mktemp("finished") / "home", MemoryTracker())
    bench.run(small_bars)
    return bench
