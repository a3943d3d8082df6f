"""Carries a plan out, one thing after the other: what is interrupted is taken up by the next."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

import dagster as dg

from mlplatform.adapters.tracking.port import Tracked
from mlplatform.domain.errors import InputError
from mlplatform.orchestration.retention.holdings import (
    HeldFile,
    HeldPart,
    HeldRun,
    HeldStudy,
    Plan,
    Removal,
)
from mlplatform.orchestration.retention.looking import Shop
from mlplatform.orchestration.retention.policy import Rules
from mlplatform.settings import StudySettings

JOB = "prune"
_AT_WORK = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_DEAD_AFTER = timedelta(hours=24)


def rules_of(settings: StudySettings) -> Rules:
    """The rules that the settings say."""
    return Rules(
        runs_days=settings.keep_runs_days,
        files_days=settings.keep_files_days,
        studies_days=settings.keep_studies_days,
        versions=settings.keep_versions,
        reports=settings.keep_reports,
    )


def require_rest(instance: dg.DagsterInstance, at: datetime) -> None:
    """Raises InputError while a run is at work: it may be about to refer to what would go. One
    that began more than a day ago is taken for dead.
    """
    busy = dg.RunsFilter(statuses=_AT_WORK, created_after=at - _DEAD_AFTER)
    working = [run for run in instance.get_runs(busy) if run.job_name != JOB]
    if working:
        raise InputError(
            f"Run {working[0].run_id} of {working[0].job_name} is at work: prune when it has "
            "ended. If it died, mark it as canceled in Dagster's UI."
        )


def remove(shop: Shop, plan: Plan) -> Iterator[Removal]:
    """Remove all of the plan; each thing is told when it is gone."""
    for key, together in groupby(plan.removals, _together):
        items = list(together)
        if key is not None:
            series = key
            shop.storage.forget(series, {item.what.name for item in items})  # type: ignore[union-attr]
        for item in items:
            if key is None:
                _remove(shop, item)
            yield item


def _together(item: Removal) -> str | None:
    """Studies of one series go in one step: their journal is written anew."""
    return item.what.series if isinstance(item.what, HeldStudy) else None


def _remove(shop: Shop, item: Removal) -> None:
    match item.what:
        case HeldFile(asset, series, period):
            shop.home.lake.remove(asset, series, period)
        case HeldPart(name):
            (shop.home.root / name).unlink(missing_ok=True)
        case Tracked():
            shop.tracker.forget(item.what)
        case HeldRun(run_id):
            shop.instance.compute_log_manager.delete_logs(prefix=[run_id])
            shop.instance.delete_run(run_id)
        case _:
            raise TypeError(f"nobody knows how to remove {item}")
