"""Which partitions depend on which, read from the asset graph's own partition mappings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

import dagster as dg

from mlplatform.domain.periods import PeriodAxis
from mlplatform.orchestration.planning.axis import Partition

PARTIAL_PAST = "mlplatform/partial_past"
"""Tag of an asset that takes the earlier periods that there are, where others need all of them."""


@dataclass(frozen=True)
class Edge:
    """A parent asset and the relative periods of it that count; None where all of them do."""

    parent: str
    first: int | None
    last: int | None


@dataclass(frozen=True)
class Lineage:
    """The asset graph at the level of partitions."""

    periods: PeriodAxis
    edges: Mapping[str, tuple[Edge, ...]]
    codes: Mapping[str, str]
    by_series: frozenset[str]
    """Assets with one partition a series."""
    groups: Mapping[str, str]
    """The group of each asset."""
    partial: frozenset[str] = frozenset()
    """Assets that take the earlier periods that there are."""

    @classmethod
    def of(cls, periods: PeriodAxis, assets: Iterable[dg.AssetsDefinition]) -> "Lineage":
        """From the asset definitions."""
        edges, codes, groups, by_series, partial = {}, {}, {}, set(), set()
        for definition in assets:
            name = definition.key.path[-1]
            groups[name] = str(definition.group_names_by_key[definition.key])
            codes[name] = str(definition.code_versions_by_key[definition.key])
            if PARTIAL_PAST in definition.tags_by_key[definition.key]:
                partial.add(name)
            edges[name] = tuple(
                _edge(parent, definition.get_partition_mapping(parent))
                for parent in sorted(definition.asset_deps[definition.key])
            )
            if not isinstance(definition.partitions_def, dg.MultiPartitionsDefinition):
                by_series.add(name)
        return cls(periods, edges, codes, frozenset(by_series), groups, frozenset(partial))

    def of_groups(self, groups: Iterable[str]) -> list[str]:
        """The assets of some groups."""
        chosen = set(groups)
        return [asset for asset, group in self.groups.items() if group in chosen]

    def upstream_of(self, asset: str) -> frozenset[str]:
        """The asset and all that it is made from."""
        found, waiting = set[str](), [asset]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += (edge.parent for edge in self.edges[name])
        return frozenset(found)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Assets, parents first."""
        graph = {asset: [e.parent for e in edges] for asset, edges in self.edges.items()}
        return tuple(TopologicalSorter(graph).static_order())

    def parents(
        self, asset: str, partition: Partition, known: Mapping[str, set[Partition]]
    ) -> Iterator[tuple[str, Partition]]:
        """The parent partitions of one partition, among those that are `known`."""
        for edge in self.edges[asset]:
            if edge.first is None or edge.last is None:
                same = [p for p in known[edge.parent] if p.series == partition.series]
                yield from ((edge.parent, item) for item in sorted(same))
                continue
            for step in range(edge.first, edge.last + 1):
                period = self.periods.shift(partition.period, step) if step else partition.period
                item = Partition(period, partition.series)
                if item in known[edge.parent]:
                    yield edge.parent, item

    def wanted(self, series: str, data_periods: list[str]) -> dict[str, set[Partition]]:
        """The partitions of each asset that these periods of data can feed.

        A period that looks back on a full window of earlier ones (models) needs all of it; one
        that looks back for its warm-up, or has a partial past (detectors), takes what there is.
        """
        known: dict[str, set[Partition]] = {}
        for asset in self.order:
            if asset in self.by_series:
                parents = [known[edge.parent] for edge in self.edges[asset]]
                known[asset] = {Partition("", series)} if all(parents) else set()
                continue
            known[asset] = {
                Partition(period, series)
                for period in data_periods
                if all(
                    self._fed(asset, e, Partition(period, series), known) for e in self.edges[asset]
                )
            }
        return known

    def _fed(
        self, asset: str, edge: Edge, partition: Partition, known: Mapping[str, set[Partition]]
    ) -> bool:
        if edge.first is None or edge.last is None:
            return bool(known[edge.parent])
        if asset in self.partial and edge.last < 0:
            return True
        steps = range(edge.first, edge.last + 1) if edge.last < 0 else (0,)
        shifted = (self.periods.shift(partition.period, step) for step in steps)
        return all(Partition(item, partition.series) in known[edge.parent] for item in shifted)


def _edge(parent: dg.AssetKey, mapping: dg.PartitionMapping | None) -> Edge:
    name = parent.path[-1]
    if mapping is None:
        return Edge(name, 0, 0)
    if isinstance(mapping, dg.MultiToSingleDimensionPartitionMapping):
        return Edge(name, None, None)
    if isinstance(mapping, dg.MultiPartitionMapping):
        window = mapping.downstream_mappings_by_upstream_dimension["period"].partition_mapping
        if isinstance(window, dg.TimeWindowPartitionMapping):
            return Edge(name, window.start_offset, window.end_offset)
    raise TypeError(f"the planner cannot follow {mapping!r} to {name}")
