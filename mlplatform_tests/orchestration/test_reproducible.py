"""The same inputs and seed give the same report, however many processes made it."""

import shutil
from pathlib import Path

import pytest

from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench
from mlplatform_tests.orchestration.workers import spread

WINDOWS = ["2025-04", "2025-05"]
MADE_AGAIN = ("stop_model", "entry_model", "size_model", "policy", "decisions", "backtest")
MADE_AGAIN += ("equity", "walk_forward_report")


@pytest.fixture
def unfitted(finished: Bench, tmp_path: Path) -> Bench:
    """A copy of the finished home that has lost its windows, its searches and its registry."""
    root = tmp_path / "home"
    shutil.copytree(finished.root, root)
    for asset in MADE_AGAIN:
        shutil.rmtree(root / "lake" / asset)
    shutil.rmtree(root / "optuna", ignore_errors=True)
    shutil.rmtree(root / "reports")
    return Bench(root, MemoryTracker())


def test_windows_fitted_by_two_processes_at_once_give_the_same_report(
    finished: Bench, unfitted: Bench, small_bars: Path
) -> None:
    spread(unfitted, small_bars, WINDOWS, seed=7)
    left = {asset for batch in unfitted.run(small_bars) for asset in batch.assets}
    assert not left & {"stop_model", "entry_model", "size_model", "policy"}, "all were made there"
    one, other = dict(finished.report()), dict(unfitted.report())
    assert one.pop("provenance") != other.pop("provenance")
    assert one == other
    assert one["certainty"]["permutation"]["candidates"] > 0, "models judged something"
