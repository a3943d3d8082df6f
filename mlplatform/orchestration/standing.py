"""How a home stands: champion, age of data and models, drift, what is pending, how runs ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import dagster as dg

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.automation.drift import drifted_frac
from mlplatform.orchestration.build import Platform
from mlplatform.orchestration.instance import instance_to_plan

_RUNS = 8
_LOOKED_BACK = timedelta(days=7)
_RUNNING = "RUNNING"
_FAILED = dg.DagsterRunStatus.FAILURE
_ENDED = [dg.DagsterRunStatus.SUCCESS, _FAILED]


@dataclass(frozen=True)
class SeriesStanding:
    """One series; None where there is no such thing yet."""

    series: str
    data_to: datetime | None
    """Start of the newest bar."""
    champion_version: str | None
    champion_period: str | None
    """The window of the champion: it has learned from the periods before."""
    champion_from: datetime | None
    """When that window began: what came after, its models do not know."""
    drifted_frac: float | None
    """Share of the model inputs whose newest period is another distribution than those before."""
    pending: int
    """Partitions that would run now."""
    trouble: str | None = None
    """Why it cannot be planned."""


@dataclass(frozen=True)
class RunStanding:
    """One run of Dagster; `seconds` is None while it has not ended."""

    job: str
    partition: str
    status: str
    started: datetime | None
    seconds: float | None


@dataclass(frozen=True)
class AutomationStanding:
    """One schedule or sensor."""

    name: str
    is_on: bool


@dataclass(frozen=True)
class Standing:
    """The whole home at one moment."""

    at: datetime
    series: tuple[SeriesStanding, ...]
    runs: tuple[RunStanding, ...]
    """The newest, newest first."""
    failed: int
    """Runs that failed within seven days."""
    failures: tuple[RunStanding, ...] = ()
    """The newest of these, newest first."""
    ended: tuple[RunStanding, ...] = ()
    """The newest run of each job that ended, however long ago."""
    automation: tuple[AutomationStanding, ...] = ()
    """What would start runs by itself; all of it is off until it is started."""


def standing_of(platform: Platform) -> Standing:
    """Look once at lake, registry and event log; nothing is written."""
    now = datetime.now(UTC)
    with instance_to_plan(platform.home) as instance:
        failed = dg.RunsFilter(statuses=[_FAILED], created_after=now - _LOOKED_BACK)
        return Standing(
            now,
            tuple(_series(platform, instance, name) for name in platform.book.series()),
            tuple(_run(record) for record in instance.get_run_records(limit=_RUNS)),
            instance.get_runs_count(failed),
            tuple(_run(record) for record in instance.get_run_records(failed, limit=_RUNS)),
            tuple(_newest_ended(platform, instance)),
            tuple(_automation(platform, instance)),
        )


def _newest_ended(platform: Platform, instance: dg.DagsterInstance) -> Iterator[RunStanding]:
    for job in platform.definitions.jobs or ():
        ended = dg.RunsFilter(job_name=job.name, statuses=_ENDED)
        for record in instance.get_run_records(ended, limit=1):
            yield _run(record)


def _automation(platform: Platform, instance: dg.DagsterInstance) -> Iterator[AutomationStanding]:
    """In the order of the definitions; what nobody ever switched is as the code says: off."""
    states = instance.all_instigator_state()
    started = {state.instigator_name for state in states if state.status.value == _RUNNING}
    definitions = platform.definitions
    for one in (*(definitions.schedules or ()), *(definitions.sensors or ())):
        yield AutomationStanding(one.name, one.name in started)


def _series(platform: Platform, instance: dg.DagsterInstance, name: str) -> SeriesStanding:
    lake, champion = platform.home.lake, platform.tracker.champion(name)
    periods = lake.periods("bars", name)
    newest = lake.read("bars", name, periods[-1:])["ts"].max() if periods else None
    period = champion.tags.get("period") if champion else None
    pending, trouble = 0, None
    try:
        pending = len(platform.stamp.planner(instance, name).tasks())
    except InputError as error:
        trouble = str(error)
    return SeriesStanding(
        series=name,
        data_to=newest if isinstance(newest, datetime) else None,
        champion_version=champion.version if champion else None,
        champion_period=period,
        champion_from=_began(platform, period) if period else None,
        drifted_frac=drifted_frac(lake, name),
        pending=pending,
        trouble=trouble,
    )


def _began(platform: Platform, period: str) -> datetime:
    return datetime.combine(platform.book.axis.start_of(period), time(), UTC)


def _run(record: dg.RunRecord) -> RunStanding:
    run, start, end = record.dagster_run, record.start_time, record.end_time
    return RunStanding(
        job=run.job_name,
        partition=run.tags.get("dagster/partition", ""),
        status=run.status.value.lower(),
        started=datetime.fromtimestamp(start, UTC) if start else None,
        seconds=end - start if start and end else None,
    )
