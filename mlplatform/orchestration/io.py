"""The IO manager: asset values are frames in the lake, one file a partition."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from mlplatform.adapters.lake import Lake
from mlplatform.adapters.turns import Turns
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.stamp import Stamp
from mlplatform.orchestration.steps.turn import owner_of, place_of

WHOLE = "all"
MAY_BE_EMPTY = "mlplatform/may_be_empty"
"""Metadata of an input that is an empty frame where no upstream partition was ever made."""


class LakeIOManager(dg.IOManager):
    """Writes one partition; reads all upstream partitions that exist, in order of time."""

    def __init__(self, lake: Lake, stamp: Stamp) -> None:
        self.lake = lake
        self.stamp = stamp

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        """One frame to one file."""
        partition = Partition.parse(context.asset_partition_key)
        asset = context.asset_key.path[-1]
        path = self.lake.write(obj, asset, partition.series, partition.period or WHOLE)
        context.add_output_metadata({"path": dg.MetadataValue.path(str(path))})

    def load_input(self, context: dg.InputContext) -> pl.DataFrame:
        """The upstream partitions as one frame; where none was ever materialised a frame without
        columns if the input may be empty, else dg.Failure.
        """
        step = context.step_context
        self.stamp.begin(step.instance, step.run_id, step.step.key, step.partition_key)
        asset = context.asset_key.path[-1]
        partitions = sorted(Partition.parse(key) for key in context.asset_partition_keys)
        try:
            return self.lake.read(
                asset, partitions[0].series, [item.period or WHOLE for item in partitions]
            )
        except (FileNotFoundError, IndexError):
            if (context.definition_metadata or {}).get(MAY_BE_EMPTY):
                return pl.DataFrame()
            raise dg.Failure(
                f"No partition of '{asset}' that this one needs is materialised: materialise "
                f"'{asset}' first, or let `mlplatform run` find out what is needed."
            ) from None


def kept_in(lake: Lake, asset: str, series: str) -> frozenset[Partition]:
    """The partitions of an asset and a series whose file is there."""
    periods = lake.periods(asset, series)
    return frozenset(Partition("" if key == WHOLE else key, series) for key in periods)


def lake_io_manager(lake: Lake, stamp: Stamp, turns: Turns) -> dg.IOManagerDefinition:
    """The IO manager, which every step needs: the process that has it has its partition's turn."""

    @dg.io_manager(description="Frames in the lake; waits until no other run is at the partition.")
    def lake_io(context: dg.InitResourceContext) -> Iterator[LakeIOManager]:
        run = context.run
        place = place_of(run) if run is not None else None
        manager = LakeIOManager(lake, stamp)
        if run is None or place is None:
            yield manager
            return
        log = context.log

        def on_wait() -> None:
            if log is not None:
                log.info(f"Another run is at {place}: waiting until it has ended.")

        with turns.take(place, owner_of(run), on_wait):
            yield manager

    return lake_io
