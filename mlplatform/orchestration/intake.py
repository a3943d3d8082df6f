"""Intake of many periods in one run: one file and one materialisation a period, as the assets do.

A run a period costs a third of a second; seventeen years of months would take minutes. What is
written and recorded is what the assets of group `market` would write and record.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import dagster as dg
import polars as pl

from mlplatform.adapters.bars.deliveries import Chapter
from mlplatform.adapters.turns import Turns
from mlplatform.domain import tables
from mlplatform.domain.content import content_hash
from mlplatform.market.validation import Validated
from mlplatform.orchestration import told
from mlplatform.orchestration.checks.quality import Verdict, summaries
from mlplatform.orchestration.desks.yard import MarketYard
from mlplatform.orchestration.planning.axis import SERIES, Partition
from mlplatform.orchestration.planning.ledger import (
    BLOCKED_TAG,
    CODE_TAG,
    CONTENT_TAG,
    INPUTS_TAG,
    Entry,
)
from mlplatform.orchestration.planning.planner import Planner
from mlplatform.orchestration.stamp import CONTENT_DIGITS, Stamp

MARKET = ("raw_bars", "contract_bars", "rolls", "bars", "quarantined_bars")
Event = dg.AssetMaterialization | dg.AssetCheckEvaluation


@dataclass
class RangedIntake:
    """Brings the market assets of one series up to date, period after period."""

    yard: MarketYard
    planner: Planner
    chapter: Chapter
    series: str
    owner: str
    """As whom it takes its turn at each period."""
    _recent: list[tuple[pl.DataFrame, pl.DataFrame]] = field(default_factory=list)
    """Sound bars and rolls of the periods just before."""
    _verdicts: dict[str, Verdict] = field(default_factory=dict)
    """What the checks said of each period."""

    @classmethod
    def of(
        cls, yard: MarketYard, stamp: Stamp, instance: dg.DagsterInstance, series: str, owner: str
    ) -> "RangedIntake":
        """For a series that has deliveries; `owner` is who takes the turn at each period."""
        instance.add_dynamic_partitions(str(SERIES.name), [series])
        planner = stamp.planner(instance, series)
        return cls(yard, planner, yard.book.chapter(series), series, owner)

    @property
    def turns(self) -> Turns:
        """Of the home."""
        return self.yard.book.home.turns

    def stale(self) -> list[str]:
        """The periods in which a market asset would run."""
        tasks = self.planner.tasks()
        return sorted({task.partition.period for task in tasks if task.asset in MARKET})

    def events(self) -> Iterator[Event]:
        """Write what is stale; give each materialisation, then the checks, for the record."""
        stale = set(self.stale())
        back = self.yard.look_back(self.yard.axis.cadence)
        for period in sorted(self.chapter.periods):
            partition = Partition(period, self.series)
            if period in stale:
                with self.turns.take(partition.key, self.owner):
                    yield from self._period(partition)
            elif self._is_before(period, stale, back):
                self._remember(partition, self.yard.checked(partition, self.chapter.frame(period)))
            del self._recent[:-back]
        if self._verdicts:
            yield from summaries(self.series, self._verdicts)

    def _is_before(self, period: str, stale: set[str], back: int) -> bool:
        shift = self.yard.axis.shift
        return any(shift(period, step) in stale for step in range(1, back + 1))

    def _remember(
        self, partition: Partition, checked: Validated
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Sound bars and rolls of the last periods, this one included, and its own rolls."""
        sound = pl.concat([*(item[0] for item in self._recent), checked.bars])
        own = self.yard.rolls(partition, sound)
        rolls = pl.concat([*(item[1] for item in self._recent), own])
        self._recent.append((checked.bars, own))
        return sound, rolls, own

    def _period(self, partition: Partition) -> Iterator[Event]:
        raw = self.chapter.frame(partition.period)
        checked = self.yard.checked(partition, raw)
        sound, rolls, own = self._remember(partition, checked)
        bars, refused, verdict = self.yard.continued(partition, raw.height, checked, sound, rolls)
        self._verdicts[partition.period] = verdict
        yield self._made("raw_bars", partition, raw, self.chapter.told(partition.period))
        yield self._made("contract_bars", partition, checked.bars, told.sound(checked.bars))
        yield self._made("rolls", partition, own, told.rolls(own))
        figures = told.bars(bars, verdict.refused_rows)
        yield self._made("bars", partition, bars, figures, verdict.tags)
        yield self._made("quarantined_bars", partition, refused, told.quarantined(refused))

    def _made(
        self,
        asset: str,
        partition: Partition,
        frame: pl.DataFrame,
        figures: dict[str, object],
        tags: dict[str, str] | None = None,
    ) -> dg.AssetMaterialization:
        self.yard.book.home.lake.write(frame, asset, self.series, partition.period)
        content = content_hash(frame.drop(tables.ORIGIN, strict=False))[:CONTENT_DIGITS]
        code = self.planner.lineage.codes[asset]
        inputs = self.planner.expected_inputs(asset, partition)
        blocked = (tags or {}).get(BLOCKED_TAG, "")
        self.planner.ledger.put(asset, partition, Entry(content, code, inputs, blocked))
        return dg.AssetMaterialization(
            asset_key=asset,
            partition=partition.key,
            metadata={"dagster/row_count": frame.height, **figures},
            tags={CONTENT_TAG: content, CODE_TAG: code, INPUTS_TAG: inputs, **(tags or {})},
        )
