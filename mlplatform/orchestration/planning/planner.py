"""The planner: a partition runs if its code, or the content of an input, changed; else it does not.

The command, the schedules and the sensors all ask it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.planning.ledger import Ledger, inputs_hash
from mlplatform.orchestration.planning.lineage import Lineage

SOURCE = "source"
"""The name under which a root asset's outside content enters its inputs."""


@dataclass(frozen=True)
class Task:
    """One partition of one asset that has to run, and why."""

    asset: str
    partition: Partition
    reason: str
    is_sure: bool
    """False where it waits for a parent whose content may turn out unchanged."""


@dataclass(frozen=True)
class Batch:
    """What runs together: assets of one partition, in one Dagster run."""

    partition: Partition
    assets: tuple[str, ...]


@dataclass
class Planner:
    """Plans one series.

    `sources` gives the outside content of each root partition: {asset: {period: hash}}.
    """

    lineage: Lineage
    ledger: Ledger
    series: str
    sources: Mapping[str, Mapping[str, str]]
    kept: Callable[[str, str], Collection[Partition]]
    """The partitions of an asset and a series whose file is there."""
    selection: frozenset[str] | None = None
    """Restrict to these assets; all where None."""
    wanted: dict[str, set[Partition]] = field(init=False)

    def __post_init__(self) -> None:
        periods = sorted({period for keys in self.sources.values() for period in keys})
        self.wanted = self.lineage.wanted(self.series, periods)

    def tasks(self) -> list[Task]:
        """Everything that would run, parents first."""
        pending: set[tuple[str, Partition]] = set()
        tasks = []
        for asset in self.lineage.order:
            there = self._there(asset)
            for partition in sorted(self.wanted[asset]):
                task = self._judge(asset, partition, there, pending)
                if task is not None:
                    pending.add((asset, partition))
                    tasks.append(task)
        return tasks

    def batches(self, tasks: Sequence[Task], takes_along: bool = False) -> list[Batch]:
        """Those of the tasks that can surely run now, one batch a partition: earlier periods
        first, series last. After one ran, the ledger must be loaded for its assets.

        Where nobody plans again after each batch, `takes_along` has it hold also what waits for
        nothing but the batch itself, though that may turn out to have changed nothing.
        """
        pending = {(task.asset, task.partition): task for task in tasks}
        ready: dict[Partition, list[str]] = {}
        for (asset, partition), task in pending.items():
            if self.selection is not None and asset not in self.selection:
                continue
            together = ready.get(partition, [])
            blocked = any(
                parent in pending and not (parent[1] == partition and parent[0] in together)
                for parent in self.lineage.parents(asset, partition, self.wanted)
            )
            if (task.is_sure or takes_along) and not blocked:
                ready.setdefault(partition, []).append(asset)
        last = "~"  # sorts behind every period
        ordered = sorted(ready, key=lambda item: item.period or last)
        return [Batch(partition, tuple(ready[partition])) for partition in ordered]

    def expected_inputs(self, asset: str, partition: Partition) -> str:
        """The hash of what would go in now."""
        contents = []
        for parent, item in self.lineage.parents(asset, partition, self.wanted):
            entry = self.ledger.get(parent, item)
            contents.append((parent, item.key, entry.content if entry else ""))
        if asset in self.sources:
            contents.append((SOURCE, partition.key, self.sources[asset][partition.period]))
        return inputs_hash(contents)

    def _there(self, asset: str) -> Collection[Partition]:
        """Asked once an asset: in an object store each question costs a journey."""
        recorded = any(self.ledger.get(asset, partition) for partition in self.wanted[asset])
        return self.kept(asset, self.series) if recorded else ()

    def _judge(
        self,
        asset: str,
        partition: Partition,
        there: Collection[Partition],
        pending: set[tuple[str, Partition]],
    ) -> Task | None:
        entry = self.ledger.get(asset, partition)
        if entry is None or partition not in there:
            return Task(asset, partition, "never materialised", is_sure=True)
        if entry.code != self.lineage.codes[asset]:
            return Task(asset, partition, "its code or settings changed", is_sure=True)
        if entry.blocked:
            return Task(asset, partition, f"check {entry.blocked} stopped it", is_sure=True)
        parents = list(self.lineage.parents(asset, partition, self.wanted))
        waits = [parent for parent in parents if parent in pending]
        if waits:
            names = sorted({f"{name} {item.period}".strip() for name, item in waits})
            return Task(asset, partition, f"if {', '.join(names)} changes", is_sure=False)
        if entry.inputs != self.expected_inputs(asset, partition):
            return Task(asset, partition, "an input changed", is_sure=True)
        return None
