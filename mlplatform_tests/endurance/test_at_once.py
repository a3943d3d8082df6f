"""Schedules and a manual run at once on one home corrupt and double nothing."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from mlplatform.orchestration.assets import research
from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.planning.ledger import CODE_TAG, CONTENT_TAG, INPUTS_TAG
from mlplatform.settings import load_settings
from mlplatform.setups.setup import find_candidates
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.endurance import outcome
from mlplatform_tests.endurance.conftest import Reference
from mlplatform_tests.endurance.world import SERIES, SETTINGS, command, environment
from mlplatform_tests.homes import copy_without

MADE_AT_ONCE = ("stop_model", "entry_model", "size_model", "policy", "decisions", "backtest")
MADE_AT_ONCE += ("equity", "champion", "model_comparison", "feature_report", "walk_forward_report")
SCHEDULES = 2
FEBRUARY = Partition("2025-02", SERIES)


@pytest.fixture
def untrained(reference: Reference, tmp_path: Path) -> Path:
    """A home with features, candidates and labels, that has trained nothing yet."""
    folders = ("optuna", "mlflow", "reports", "champions")
    return copy_without(reference.home, tmp_path / "home", MADE_AT_ONCE, folders)


def test_two_schedules_and_a_manual_run_at_once_end_like_one_run(
    reference: Reference, untrained: Path
) -> None:
    scheduled = [sys.executable, "-m", "mlplatform_tests.endurance.scheduled", str(untrained)]
    together = [scheduled] * SCHEDULES + [command(reference.data, untrained)]
    running = [
        subprocess.Popen(
            words,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in together
    ]
    try:
        told = [process.communicate(timeout=900) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait(20)
    for process, (_, wrong) in zip(running, told, strict=True):
        assert process.returncode == 0, wrong[-3000:]
    assert outcome.torn_files(untrained) == []
    assert outcome.unfinished_runs(untrained) == []
    assert outcome.differences(outcome.content_of(untrained), reference.content) == []


def test_what_was_made_of_inputs_that_another_made_anew_meanwhile_is_made_again(
    reference: Reference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(reference.home, home)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    platform = build_platform(home, load_settings(home), {"tracker": MemoryTracker()})
    with open_instance(platform.home) as instance:
        planner = platform.stamp.planner(instance, SERIES)
        assert planner.tasks() == []
        known = planner.ledger.get("features", FEBRUARY)
        assert known is not None
        other = {CONTENT_TAG: "0" * 32, CODE_TAG: known.code, INPUTS_TAG: known.inputs}
        event = dg.AssetMaterialization("features", partition=FEBRUARY.key, tags=other)

        def found(*given: Any) -> pl.DataFrame:
            instance.report_runless_asset_event(event)
            return find_candidates(*given)

        monkeypatch.setattr(research, "find_candidates", found)
        done = platform.definitions.resolve_job_def("windows").execute_in_process(
            partition_key=FEBRUARY.key,
            asset_selection=[dg.AssetKey("candidates")],
            instance=instance,
        )
        assert done.success
        sure = [
            (task.asset, task.reason)
            for task in platform.stamp.planner(instance, SERIES).tasks()
            if task.is_sure and task.partition == FEBRUARY
        ]
    assert ("candidates", "an input changed") in sure
