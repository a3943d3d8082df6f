"""The planner: a partition runs if its code, or the content of an input, changed; else it does not.

The command, the schedules and the sensors all ask it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mlplatform.orchestration.axis import Partition
from mlplatform.orchestration.ledger import Ledger, inputs_hash
from mlplatform.orchestration.lineage import Lineage

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
    exists: Callable[[str, Partition], bool]
    """Whether the partition's file is still there."""
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
            for partition in sorted(self.wanted[asset]):
                task = self._judge(asset, partition, pending)
                if task is not None:
                    pending.add((asset, partition))
                    tasks.append(task)
        return tasks

    def next_batch(self) -> Batch | None:
        """The earliest partition with work, and all of its assets that can surely run now.

        None where nothing is left. After it ran, the ledger must be loaded for its assets.
        """
        batches = self.batches()
        return batches[0] if batches else None

    def batches(self) -> list[Batch]:
        """All that can run now, one batch a partition: earlier periods first, series last."""
        tasks = {(task.asset, task.partition): task for task in self.tasks()}
        ready: dict[Partition, list[str]] = {}
        for (asset, partition), task in tasks.items():
            if self.selection is not None and asset not in self.selection:
                continue
            together = ready.get(partition, [])
            blocked = any(
                parent in tasks and not (parent[1] == partition and parent[0] in together)
                for parent in self.lineage.parents(asset, partition, self.wanted)
            )
            if task.is_sure and not blocked:
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

    def _judge(
        self, asset: str, partition: Partition, pending: set[tuple[str, Partition]]
    ) -> Task | None:
        entry = self.ledger.get(asset, partition)
        if entry is None or not self.exists(asset, partition):
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
