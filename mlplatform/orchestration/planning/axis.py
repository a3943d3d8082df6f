"""Partitions and the mappings between them: period x series, and the windows that look back."""

from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from mlplatform.domain.periods import Cadence, PeriodAxis

SERIES = dg.DynamicPartitionsDefinition(name="series")


@dataclass(frozen=True)
class Axis:
    """The partitions of one home."""

    periods: PeriodAxis

    @cached_property
    def partitions(self) -> dg.MultiPartitionsDefinition:
        """`period x series`; the current period is a key too."""
        start = self.periods.start_of(self.periods.first).isoformat()
        if self.periods.cadence is Cadence.MONTH:
            period: dg.PartitionsDefinition = dg.MonthlyPartitionsDefinition(
                start[:7], fmt="%Y-%m", end_offset=1
            )
        else:
            period = dg.WeeklyPartitionsDefinition(
                start, fmt="%Y-%m-%d", day_offset=1, end_offset=1
            )
        return dg.MultiPartitionsDefinition({"period": period, "series": SERIES})

    @staticmethod
    def looking_back(first: int, last: int) -> dg.MultiPartitionMapping:
        """The periods from `first` to `last` relative to the own one, of the same series."""
        window = dg.TimeWindowPartitionMapping(
            start_offset=first, end_offset=last, allow_nonexistent_upstream_partitions=True
        )
        return dg.MultiPartitionMapping(
            {
                "period": dg.DimensionPartitionMapping("period", window),
                "series": dg.DimensionPartitionMapping("series", dg.IdentityPartitionMapping()),
            }
        )

    @staticmethod
    def all_periods() -> dg.MultiToSingleDimensionPartitionMapping:
        """All periods of a series, for the assets that have one partition a series."""
        return dg.MultiToSingleDimensionPartitionMapping("series")


@dataclass(frozen=True, order=True)
class Partition:
    """One partition of one asset; `period` is empty where an asset has one a series."""

    period: str
    series: str

    @classmethod
    def parse(cls, key: str) -> "Partition":
        """From Dagster's key: `2025-06|MES-1m`, or `MES-1m`."""
        period, _, series = key.rpartition("|")
        return cls(period, series)

    @property
    def key(self) -> str:
        """Dagster's key."""
        return f"{self.period}|{self.series}" if self.period else self.series
