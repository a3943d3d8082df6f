"""Carries out a plan with several windows at a time: each in a process of its own, which works
itself or has an executor send the steps to other machines.

What takes less time than sending it away (all but the models) is done here meanwhile.
"""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

import dagster as dg

from mlplatform.adapters.turns import own_name
from mlplatform.domain.errors import CheckStopped, InputError
from mlplatform.orchestration.build import Platform
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.planning.planner import Batch, Planner
from mlplatform.orchestration.running.carrier import carry, left_of
from mlplatform.orchestration.running.lasting import lasting
from mlplatform.orchestration.running.runner import (
    Done,
    OnBatch,
    OnWait,
    begin,
    carry_out,
    job_for,
    raise_for,
    turn_of,
)
from mlplatform.orchestration.steps.executors import PRELOADED
from mlplatform.orchestration.steps.progress import OnStep
from mlplatform.orchestration.steps.reasons import StepFailed
from mlplatform.orchestration.steps.threads import limited_to, step_cores
from mlplatform.orchestration.steps.turn import OWNER_TAG

_SENT = "models"
"""The group of assets whose work outweighs the sending."""
_TIMES = 3
_PATIENCE_S = 30


def run_spread(
    platform: Platform,
    instance: dg.DagsterInstance,
    series: str,
    on_batch: OnBatch,
    on_step: OnStep,
    on_wait: OnWait = lambda _: None,
) -> Done:
    """As `run_chain`, `windows_at_once` windows at a time; the result is the same.

    A window whose process dies is begun again. After a failure the windows at work are finished,
    and then it is raised.
    """
    crews: list[_Crew] = []

    def work() -> Iterator[None]:
        planner = begin(platform, instance, series)
        crews.append(_Crew(platform, instance, planner, on_batch, on_step))
        return crews[-1].work(on_wait)

    for _ in lasting(work):
        pass
    return Done(sum(crew.batches for crew in crews), sum(crew.assets for crew in crews))


@dataclass(frozen=True)
class _Carrier:
    """A process at work on a batch; `owner` is how its run is found."""

    batch: Batch
    process: BaseProcess
    owner: str


class _Crew:
    """The carriers at work, and what is done."""

    def __init__(
        self,
        platform: Platform,
        instance: dg.DagsterInstance,
        planner: Planner,
        on_batch: OnBatch,
        on_step: OnStep,
    ) -> None:
        self._platform, self._instance, self._planner = platform, instance, planner
        self._on_batch, self._on_step = on_batch, on_step
        self._at_work: dict[Partition, _Carrier] = {}
        self._failed: Exception | None = None
        self._lost, self._done = Counter[Partition](), Counter[Batch]()
        self.batches = self.assets = 0
        self._left = 0  # tasks, when last planned

    def work(self, on_wait: OnWait) -> Iterator[None]:
        """Does all that is stale; stops after each batch that was done here."""
        owner = own_name()
        try:
            while (batch := self.next_here()) is not None:
                with turn_of(self._platform, batch, owner, on_wait):
                    left = left_of(self._platform, self._instance, batch)
                    if left is not None:
                        self._on_batch(left, self._left)
                        carry_out(self._platform, self._instance, left, owner, job_for(left))
                self.note(batch, left)
                yield
        finally:
            self.dismiss()

    def next_here(self) -> Batch | None:
        """What is to be done in this process now; carriers are sent out and taken back until there
        is something. None where nothing is left; raises what a carrier failed with.
        """
        while True:
            here = self._send() if self._failed is None else None
            if here is not None:
                return here
            if not self._at_work:
                if self._failed is not None:
                    raise self._failed
                return None
            self._take_back()

    def note(self, batch: Batch, done: Batch | None) -> None:
        """A batch is done, `done` of it by us; RuntimeError where it is stale again and again."""
        self._planner.ledger.load(batch.assets)
        self._done[batch] += 1
        if self._done[batch] > _TIMES:
            raise RuntimeError(f"{batch} ran and is stale again: it is not reproducible")
        if done is not None:
            self.batches, self.assets = self.batches + 1, self.assets + len(done.assets)

    def dismiss(self) -> None:
        """End who is still at work, as Ctrl-C would; their steps elsewhere are stopped by them."""
        for carrier in self._at_work.values():
            if carrier.process.is_alive():
                carrier.process.terminate()
        for carrier in self._at_work.values():
            carrier.process.join(_PATIENCE_S)
            if carrier.process.is_alive():
                carrier.process.kill()
                carrier.process.join()

    def _send(self) -> Batch | None:
        """Send out what can go; the first batch that is to be done here instead."""
        tasks = self._planner.tasks()
        self._left = len(tasks)
        free = [b for b in self._planner.batches(tasks) if b.partition not in self._at_work]
        parts = [(batch, *self._parts(batch)) for batch in free]
        for batch, here, _ in parts:
            if here:
                return Batch(batch.partition, here)
        room = self._platform.settings.windows_at_once - len(self._at_work)
        for batch, _, sent in parts[:room]:
            self._start(Batch(batch.partition, sent))
        return None

    def _parts(self, batch: Batch) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What of a batch is done here, and what is sent as soon as nothing is left here. What
        needs a sent one waits until that is done.
        """
        lineage, away = self._platform.stamp.lineage, set[str]()
        models = set(lineage.of_groups([_SENT]))
        for asset in batch.assets:
            if asset in models or away & {edge.parent for edge in lineage.edges[asset]}:
                away.add(asset)
        here = tuple(asset for asset in batch.assets if asset not in away)
        return here, tuple(asset for asset in batch.assets if asset in models)

    def _start(self, batch: Batch) -> None:
        self._on_batch(batch, self._left)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        owner = own_name()
        work = (str(self._platform.home.root), batch, owner)
        process = context.Process(target=carry, args=work)
        with limited_to(step_cores(self._platform.settings)):
            process.start()
        self._at_work[batch.partition] = _Carrier(batch, process, owner)

    def _take_back(self) -> None:
        """Wait until a carrier ends, and see what it did."""
        wait([carrier.process.sentinel for carrier in self._at_work.values()])
        for carrier in list(self._at_work.values()):
            if carrier.process.is_alive():
                continue
            carrier.process.join()
            del self._at_work[carrier.batch.partition]
            try:
                self._judge(carrier)
            except (CheckStopped, InputError, RuntimeError) as error:
                self._failed = self._failed or error

    def _judge(self, carrier: _Carrier) -> None:
        is_well = carrier.process.exitcode == 0
        runs = self._instance.get_runs(dg.RunsFilter(tags={OWNER_TAG: carrier.owner}))
        for run in runs:
            if run.status is dg.DagsterRunStatus.SUCCESS:
                for _ in carrier.batch.assets:
                    self._on_step(_SENT)
                return self.note(carrier.batch, carrier.batch)
            raise_for(_events(self._instance, run.run_id))
            if is_well or run.is_finished:
                # Nothing says why.
                raise StepFailed(f"Run {run.run_id} ended as {run.status.value.lower()}.")
            self._instance.report_run_failed(run, "Its process ended without a word.")
        if is_well and not runs:
            return self.note(carrier.batch, None)
        self._lost[carrier.batch.partition] += 1
        if self._lost[carrier.batch.partition] == _TIMES:
            raise StepFailed(
                f"The process of window {carrier.batch.partition.key} died {_TIMES} times, last "
                f"with exit code {carrier.process.exitcode}: is there enough memory?"
            )
        return self._planner.ledger.load(carrier.batch.assets)


def _events(instance: dg.DagsterInstance, run_id: str) -> Iterator[dg.DagsterEvent]:
    for entry in instance.all_logs(run_id):
        if entry.dagster_event is not None:
            yield entry.dagster_event
