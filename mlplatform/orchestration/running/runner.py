"""Carries out a plan: one Dagster run a partition, in this process, until nothing is left."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import dagster as dg

from mlplatform.adapters.turns import own_name
from mlplatform.domain.errors import CheckStopped
from mlplatform.orchestration.automation.schedules import SERIES_TAG
from mlplatform.orchestration.build import Platform
from mlplatform.orchestration.checks.quality import FAILURES
from mlplatform.orchestration.planning.axis import SERIES
from mlplatform.orchestration.planning.planner import Batch, Planner
from mlplatform.orchestration.running.lasting import lasting
from mlplatform.orchestration.steps.log_lines import log_config
from mlplatform.orchestration.steps.progress import PROGRESS
from mlplatform.orchestration.steps.reasons import StepFailed, failure, failure_of_run
from mlplatform.orchestration.steps.turn import INTAKE, OWNER_TAG, close_abandoned

OnBatch = Callable[[Batch, int], None]
OnWait = Callable[[Batch], None]


@dataclass(frozen=True)
class Done:
    """What a run of the chain did."""

    batches: int
    assets: int


@dataclass(frozen=True)
class Judged:
    """What one check said of the periods that were taken in."""

    check: str
    periods: int
    failures: "tuple[Failure, ...]"


@dataclass(frozen=True)
class Failure:
    """One period that a check found wanting."""

    period: str
    stops: bool
    """Whether nothing may be made of these bars."""
    what: str


def run_chain(
    platform: Platform,
    instance: dg.DagsterInstance,
    series: str,
    on_batch: OnBatch,
    selection: frozenset[str] | None = None,
    on_wait: OnWait = lambda _: None,
) -> Done:
    """Materialise what is stale of one series; `on_batch` hears of each run and what is left.
    Only the assets of `selection` run, where one is given: what they need must be among them.

    While another process works on a partition this one waits, tells `on_wait`, then looks anew
    what is left to do. Where the database went away it is begun again once it is back.

    Raises CheckStopped where a blocking check failed, InputError for what the user can mend.
    """
    who = (platform, instance, series, on_batch, selection, on_wait)
    done = list(lasting(lambda: _chain(*who)))
    return Done(len(done), sum(len(batch.assets) for batch in done))


def _chain(
    platform: Platform,
    instance: dg.DagsterInstance,
    series: str,
    on_batch: OnBatch,
    selection: frozenset[str] | None,
    on_wait: OnWait,
) -> Iterator[Batch]:
    """Each batch when it is done."""
    owner = own_name()
    planner = begin(platform, instance, series, selection)
    last: object = None
    while ready := planner.batches(planner.tasks()):
        batch = ready[0]
        with turn_of(platform, batch, owner, on_wait):
            planner = platform.stamp.planner(instance, series, selection, planner.ledger)
            planner.ledger.load(batch.assets)
            tasks = planner.tasks()
            if planner.batches(tasks)[:1] != [batch]:
                continue  # another process was here, or bars came
            inputs = [planner.expected_inputs(asset, batch.partition) for asset in batch.assets]
            if (batch, inputs) == last:
                raise RuntimeError(f"{batch} ran and is stale again: it is not reproducible")
            on_batch(batch, len(tasks))
            carry_out(platform, instance, batch, owner, job_for(batch))
            planner.ledger.load(batch.assets)
            last = (batch, inputs)
        yield batch


def begin(
    platform: Platform,
    instance: dg.DagsterInstance,
    series: str,
    selection: frozenset[str] | None = None,
) -> Planner:
    """A planner that knows all that was made of a series; runs that were killed are closed first,
    and a new series is made known to Dagster.
    """
    instance.add_dynamic_partitions(str(SERIES.name), [series])
    close_abandoned(instance, platform.home.turns)
    planner = platform.stamp.planner(instance, series, selection)
    planner.ledger.load(platform.stamp.lineage.order)
    return planner


def turn_of(
    platform: Platform, batch: Batch, owner: str, on_wait: OnWait
) -> AbstractContextManager[None]:
    """The turn of a batch's partition; `on_wait` is told where another process has it."""
    return platform.home.turns.take(batch.partition.key, owner, lambda: on_wait(batch))


def carry_out(
    platform: Platform, instance: dg.DagsterInstance, batch: Batch, owner: str, job: str
) -> None:
    """One run of a job in this process; raises where a check stopped it or a step failed."""
    result = platform.definitions.resolve_job_def(job).execute_in_process(
        partition_key=batch.partition.key,
        asset_selection=[dg.AssetKey(asset) for asset in batch.assets],
        instance=instance,
        tags={SERIES_TAG: batch.partition.series, OWNER_TAG: owner},
        run_config=run_config(platform),
        raise_on_error=False,
    )
    raise_for(result.all_events)
    if not result.success:
        raise StepFailed(f"Run {result.run_id} failed before its first step.")


def job_for(batch: Batch) -> str:
    """The job whose assets a batch is of."""
    return "windows" if batch.partition.period else "report"


def run_intake(platform: Platform, instance: dg.DagsterInstance, series: list[str]) -> list[Judged]:
    """Bring the market assets of these series up to date in one run; what the checks said. Where
    the database went away it is begun again once it is back.
    """
    return list(lasting(lambda: _take_in(platform, instance, series)))


def _take_in(
    platform: Platform, instance: dg.DagsterInstance, series: list[str]
) -> Iterator[Judged]:
    owner, turns = own_name(), platform.home.turns
    close_abandoned(instance, turns)
    job = platform.definitions.resolve_job_def("intake")
    with turns.take(INTAKE, owner):
        result = job.execute_in_process(
            instance=instance,
            tags={OWNER_TAG: owner},
            run_config={"ops": {"take_in": {"config": {"series": series}}}, **run_config(platform)},
            raise_on_error=False,
        )
    _raise_failure(result.all_events)
    yield from [_judged(evaluation) for evaluation in result.get_asset_check_evaluations()]


def run_config(platform: Platform) -> dict[str, Any]:
    """Finished steps to the person who waits; the log too, where it is wanted as JSON."""
    logs = log_config(platform.settings.log_format).get("loggers", {})
    return {"loggers": {PROGRESS: {}, **logs}}


def _judged(evaluation: dg.AssetCheckEvaluation) -> Judged:
    told: Any = evaluation.metadata[FAILURES].value
    periods: Any = evaluation.metadata["periods"].value
    return Judged(evaluation.check_name, periods, tuple(Failure(**item) for item in told))


def raise_for(events: Iterable[dg.DagsterEvent]) -> None:
    """CheckStopped where a blocking check of a run failed; what `failure` says of a failed step, or
    of what broke between the steps.
    """
    events = list(events)
    for event in events:
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed and evaluation.blocking:
                raise CheckStopped(
                    f"Check {evaluation.check_name} of {evaluation.asset_key.path[-1]} stopped the "
                    f"chain: {evaluation.description}."
                )
    _raise_failure(events)


def _raise_failure(events: Sequence[dg.DagsterEvent]) -> None:
    for event in events:
        if event.is_step_failure:
            raise failure(event)
    for event in events:
        if event.is_job_failure and (why := failure_of_run(event)) is not None:
            raise why
