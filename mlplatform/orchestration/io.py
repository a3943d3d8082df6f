"""The IO manager: asset values are frames in the lake, one file a partition."""

import dagster as dg
import polars as pl

from mlplatform.adapters.lake import Lake
from mlplatform.orchestration.axis import Partition

WHOLE = "all"


class LakeIOManager(dg.IOManager):
    """Writes one partition; reads all upstream partitions that exist, in order of time."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        """One frame to one file."""
        partition = Partition.parse(context.asset_partition_key)
        asset = context.asset_key.path[-1]
        path = self.lake.write(obj, asset, partition.series, partition.period or WHOLE)
        context.add_output_metadata({"path": dg.MetadataValue.path(str(path))})

    def load_input(self, context: dg.InputContext) -> pl.DataFrame:
        """The upstream partitions as one frame; dg.Failure where none was ever materialised."""
        asset = context.asset_key.path[-1]
        partitions = sorted(Partition.parse(key) for key in context.asset_partition_keys)
        try:
            return self.lake.read(
                asset, partitions[0].series, [item.period or WHOLE for item in partitions]
            )
        except (FileNotFoundError, IndexError):
            raise dg.Failure(
                f"No partition of '{asset}' that this one needs is materialised: materialise "
                f"'{asset}' first, or let `mlplatform run` find out what is needed."
            ) from None
