"""How an asset hands over its frame: with content hash, input hash, row count, figures."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import polars as pl

from mlplatform.adapters.bars.book import BarBook
from mlplatform.domain.content import content_hash
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.planning.ledger import INPUTS_TAG, Ledger
from mlplatform.orchestration.planning.lineage import Lineage
from mlplatform.orchestration.planning.planner import Planner
from mlplatform.settings import StudySettings

CONTENT_DIGITS = 32


@dataclass(frozen=True)
class Stamp:
    """Builds materialize results that the planner can judge later."""

    settings: StudySettings
    book: BarBook
    kept: Callable[[str, str], Collection[Partition]]
    """The partitions of an asset and a series whose file is there."""
    lineage: Lineage
    _begun: dict[tuple[str, str], str] = field(default_factory=dict)
    """The input hashes of steps that have begun to read, by run and asset."""

    def planner(
        self,
        instance: dg.DagsterInstance,
        series: str,
        selection: frozenset[str] | None = None,
        ledger: Ledger | None = None,
    ) -> Planner:
        """The planner of one series as its source is now; with what a ledger has read, if given."""
        sources = self.sources(series)
        known = ledger or Ledger(instance)
        return Planner(self.lineage, known, series, sources, self.kept, selection)

    def sources(self, series: str) -> dict[str, dict[str, str]]:
        """The outside content of each root partition, as it is now."""
        hashes = {
            period: content
            for period, content in self.book.chapter(series).hashes.items()
            if (self.settings.from_period or "") <= period <= (self.settings.to_period or "~")
        }
        return {"raw_bars": hashes}

    def begin(self, instance: dg.DagsterInstance, run_id: str, asset: str, key: str) -> None:
        """Take note of what goes in, before it is read: where a parent is made anew meanwhile, the
        result counts as made of the old one, so that it is made again. The other way round what
        was made of the old one would count as fresh for ever.
        """
        if asset in self.lineage.codes and (run_id, asset) not in self._begun:
            partition = Partition.parse(key)
            planner = self.planner(instance, partition.series)
            self._begun[run_id, asset] = planner.expected_inputs(asset, partition)

    def result(
        self,
        context: dg.AssetExecutionContext,
        frame: pl.DataFrame,
        metadata: Mapping[str, Any] | None = None,
        unhashed: tuple[str, ...] = (),
        tags: Mapping[str, str] | None = None,
        checks: Sequence[dg.AssetCheckResult] = (),
    ) -> dg.MaterializeResult[pl.DataFrame]:
        """The frame with its identity. `unhashed` columns are provenance: they say when and where,
        not what, so that they make nothing downstream run again.
        """
        run_id, asset = context.run.run_id, context.asset_key.path[-1]
        self.begin(context.instance, run_id, asset, context.partition_key)
        inputs = self._begun.pop((run_id, asset))
        return dg.MaterializeResult(
            value=frame,
            data_version=dg.DataVersion(content_hash(frame.drop(*unhashed))[:CONTENT_DIGITS]),
            tags={INPUTS_TAG: inputs, **(tags or {})},
            check_results=checks,
            metadata={"dagster/row_count": frame.height, **(metadata or {})},
        )
