"""How an asset hands over its frame: with content hash, input hash, row count, figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from mlplatform.adapters.bars.book import BarBook
from mlplatform.domain.content import content_hash
from mlplatform.orchestration.axis import Partition
from mlplatform.orchestration.ledger import INPUTS_TAG, Ledger
from mlplatform.orchestration.lineage import Lineage
from mlplatform.orchestration.planner import Planner
from mlplatform.settings import StudySettings

CONTENT_DIGITS = 32


@dataclass(frozen=True)
class Stamp:
    """Builds materialize results that the planner can judge later."""

    settings: StudySettings
    book: BarBook
    exists: Callable[[str, Partition], bool]
    lineage: Lineage

    def planner(
        self, instance: dg.DagsterInstance, series: str, selection: frozenset[str] | None = None
    ) -> Planner:
        """The planner of one series as its source is now."""
        hashes = {
            period: content
            for period, content in self.book.chapter(series).hashes.items()
            if (self.settings.from_period or "") <= period <= (self.settings.to_period or "~")
        }
        sources = {"raw_bars": hashes}
        return Planner(self.lineage, Ledger(instance), series, sources, self.exists, selection)

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
        partition = Partition.parse(context.partition_key)
        planner = self.planner(context.instance, partition.series)
        inputs = planner.expected_inputs(context.asset_key.path[-1], partition)
        return dg.MaterializeResult(
            value=frame,
            data_version=dg.DataVersion(content_hash(frame.drop(*unhashed))[:CONTENT_DIGITS]),
            tags={INPUTS_TAG: inputs, **(tags or {})},
            check_results=checks,
            metadata={"dagster/row_count": frame.height, **(metadata or {})},
        )
