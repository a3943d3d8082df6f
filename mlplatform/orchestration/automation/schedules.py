"""Jobs and schedules: they ask the same planner as the command does."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.axis import SERIES
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
_CRONS = {
    "ingest": ("15 16 * * 1-5", "Bars, features, candidates, labels after the CME close."),
    "train": ("0 17 * * 1-5", "The models of a period that has just begun; skips else."),
    "decide": ("30 17 * * 1-5", "Decisions on the day's candidates."),
    "report": ("0 18 * * 1-5", "Backtest, champion gate and report, where decisions are new."),
}
SERIES_TAG = "mlplatform/series"


def jobs() -> dict[str, Any]:
    """The jobs that runs are made of (Dagster's type of unresolved jobs is not public)."""
    return {
        name: dg.define_asset_job(
            name,
            selection=dg.AssetSelection.groups(*groups),
            description=f"Materialises the groups {', '.join(groups)}.",
        )
        for name, groups in JOBS.items()
    }


def schedules(jobs: Mapping[str, Any], stamp: Stamp) -> list[dg.ScheduleDefinition]:
    """One schedule a job but `windows`; they start stopped, and are started in the UI."""
    return [_schedule(jobs[name], stamp, *_CRONS[name]) for name in _CRONS]


def _schedule(job: Any, stamp: Stamp, cron: str, description: str) -> dg.ScheduleDefinition:
    groups = JOBS[job.name]

    @dg.schedule(
        job=job,
        name=f"{job.name}_after_close",
        cron_schedule=cron,
        execution_timezone=CHICAGO,
        description=description,
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def scheduled(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        requests = list(run_requests(context.instance, stamp, groups))
        yield from requests or [dg.SkipReason("Nothing is new.")]

    return scheduled


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
        for batch in planner.batches():
            yield dg.RunRequest(
                run_key=None,
                partition_key=batch.partition.key,
                asset_selection=[dg.AssetKey(asset) for asset in batch.assets],
                tags={SERIES_TAG: series},
            )
