"""Jobs and schedules: they ask the same planner as the command does."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from dagster._utils.schedules import is_valid_cron_string

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.planning.axis import SERIES
from mlplatform.orchestration.stamp import Stamp

CHICAGO = "America/Chicago"
JOBS = {
    "ingest": ("market", "research"),
    "train": ("models",),
    "decide": ("decisions",),
    "report": ("study", "report"),
    "windows": ("market", "research", "models", "decisions"),
}
"""Asset groups of each job; a job's assets share their partitions, `report` by series."""
_LOOKS = {
    "ingest": "Bars, features, candidates, labels after the CME close.",
    "train": "The models of a period that has just begun; skips else.",
    "decide": "Decisions on the day's candidates.",
    "report": "Backtest, champion gate and report, where decisions are new.",
}
SERIES_TAG = "mlplatform/series"


def jobs(config: Mapping[str, Any]) -> dict[str, Any]:
    """The jobs that runs are made of (Dagster's type of unresolved jobs is not public); `config`
    is their run configuration where none is given.
    """
    compare = dg.define_asset_job(
        "compare",
        selection=dg.AssetSelection.assets("model_comparison"),
        description="Compares champion and challenger anew.",
        config=dict(config) or None,
        executor_def=dg.in_process_executor,
    )
    return {"compare": compare} | {
        name: dg.define_asset_job(
            name,
            selection=dg.AssetSelection.groups(*groups),
            description=f"Materialises the groups {', '.join(groups)}.",
            config=dict(config) or None,
            # What takes less time than sending it away stays: only models are sent.
            executor_def=None if "models" in groups else dg.in_process_executor,
        )
        for name, groups in JOBS.items()
    }


def schedules(jobs: Mapping[str, Any], stamp: Stamp) -> list[dg.ScheduleDefinition]:
    """One schedule a job but `windows`; they start stopped, and are started in the UI.

    Raises InputError where a time of the settings is no cron expression.
    """
    return [
        _schedule(jobs[name], stamp, getattr(stamp.settings, f"{name}_cron"), told)
        for name, told in _LOOKS.items()
    ]


def _schedule(job: Any, stamp: Stamp, cron: str, description: str) -> dg.ScheduleDefinition:
    groups = JOBS[job.name]

    @dg.schedule(
        job=job,
        name=f"{job.name}_after_close",
        cron_schedule=require_cron(job.name, cron),
        execution_timezone=CHICAGO,
        description=description,
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def scheduled(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        at = f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}"
        requests = [
            # Dagster wants a key where there are several; the time lets tomorrow try again.
            request.with_replaced_attrs(run_key=f"{at} {request.partition_key}")
            for request in run_requests(context.instance, stamp, groups)
        ]
        yield from requests or [dg.SkipReason("Nothing is new.")]

    return scheduled


def require_cron(name: str, cron: str) -> str:
    """The expression; raises InputError where it is none."""
    if not is_valid_cron_string(cron):
        raise InputError(
            f"Setting {name}-cron: '{cron}' is no cron expression of five fields, such as "
            "'15 16 * * 1-5'."
        )
    return cron


def run_requests(
    instance: dg.DagsterInstance, stamp: Stamp, groups: Iterable[str], only: str | None = None
) -> Iterator[dg.RunRequest]:
    """What the planner would run now in these groups, one run a partition; of one series or all."""
    selection = frozenset(stamp.lineage.of_groups(groups))
    for series in instance.get_dynamic_partitions(str(SERIES.name)):
        if only not in (None, series):
            continue
        try:
            if "market" in groups:
                stamp.book.refresh(series)
            planner = stamp.planner(instance, series, selection)
        except InputError as error:
            raise dg.Failure(str(error)) from None
        for batch in planner.batches(planner.tasks(), takes_along=True):
            yield dg.RunRequest(
                run_key=None,
                partition_key=batch.partition.key,
                asset_selection=[dg.AssetKey(asset) for asset in batch.assets],
                tags={SERIES_TAG: series},
            )
