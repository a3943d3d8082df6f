"""What a process does that was sent to a window: it carries out the window's models as one run."""

import sys
from pathlib import Path

import dagster as dg
from dagster._core.events import JobFailureData
from dagster._utils.error import serializable_error_info_from_exc_info
from dagster._utils.interrupts import setup_interrupt_handlers

from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.orchestration.automation.schedules import SERIES_TAG
from mlplatform.orchestration.build import Platform, build_definitions, build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.planning.planner import Batch
from mlplatform.orchestration.running.runner import carry_out, run_config, turn_of
from mlplatform.orchestration.steps.reasons import StepFailed
from mlplatform.orchestration.steps.turn import OWNER_TAG
from mlplatform.settings import load_settings

_JOB = "train"


def left_of(platform: Platform, instance: dg.DagsterInstance, batch: Batch) -> Batch | None:
    """What of a batch is still to be done, now that it is our turn; None where nothing is."""
    planner = platform.stamp.planner(instance, batch.partition.series)
    planner.ledger.load(platform.stamp.lineage.order)
    now = next(
        (b for b in planner.batches(planner.tasks()) if b.partition == batch.partition), None
    )
    assets = tuple(asset for asset in batch.assets if now is not None and asset in now.assets)
    return Batch(batch.partition, assets) if assets else None


def job_of(home: str, name: str) -> dg.JobDefinition:
    """A job of a home, for the processes and machines that build it again."""
    return build_definitions(Path(home)).resolve_job_def(name)


def carry(home: str, batch: Batch, owner: str) -> None:
    """Carry out a batch of models as one run: here where processes of this machine are wanted (this
    is one), by the executor of the settings else. What came of it stands in the event log.
    """
    setup_interrupt_handlers()
    platform = build_platform(Path(home), load_settings(Path(home)))
    with (
        open_instance(platform.home) as instance,
        turn_of(platform, batch, owner, lambda _: None),
    ):
        left = left_of(platform, instance, batch)
        if left is None:
            return
        if platform.settings.executor != "multiprocess":
            try:
                _delegate(platform, instance, left, owner)
            except InputError:
                _note_failure(instance, owner)
            return
        try:
            carry_out(platform, instance, left, owner, _JOB)
        except (CheckStopped, InputError, StepFailed):
            return  # whoever sent us reads it there


def _delegate(platform: Platform, instance: dg.DagsterInstance, batch: Batch, owner: str) -> None:
    assets = [dg.AssetKey(asset) for asset in batch.assets]
    job = platform.definitions.resolve_job_def(_JOB)
    tags = job.get_tags_for_partition_key(batch.partition.key, assets)
    dg.execute_job(
        dg.build_reconstructable_job(__name__, job_of.__name__, (str(platform.home.root), _JOB)),
        instance,
        run_config=run_config(platform),
        tags={**tags, SERIES_TAG: batch.partition.series, OWNER_TAG: owner},
        asset_selection=assets,
    )


def _note_failure(instance: dg.DagsterInstance, owner: str) -> None:
    """The error at hand, of an executor that could not begin: into the log, where whoever sent us
    reads it. Dagster itself would leave the run as if it were still to start.
    """
    failed = JobFailureData(serializable_error_info_from_exc_info(sys.exc_info()), None)
    for run in instance.get_runs(dg.RunsFilter(tags={OWNER_TAG: owner})):
        instance.report_run_failed(run, "It could not begin.", failed)
