"""The market yard: from raw rows to continuous bars, one period at a time.

Assets call it a partition at a time; the intake of many years calls it for each period in one run.
"""

from dataclasses import dataclass

import polars as pl

from mlplatform.adapters.bars.book import BarBook
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.domain.tables import BARS, QUARANTINED_BARS
from mlplatform.market.periods import period_of_day
from mlplatform.market.rolls import RollRule, front_month, roll_table
from mlplatform.market.validation import Validated, validate
from mlplatform.orchestration.checks.quality import Verdict, evidence_of, judge
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.settings import StudySettings

_LOOK_BACK = {Cadence.MONTH: 1, Cadence.WEEK: 5}
"""Periods before that surely hold a month: what a roll is decided by, and its gaps judged by."""


@dataclass(frozen=True)
class MarketYard:
    """Validation, rolls and quality of one home's series."""

    axis: PeriodAxis
    settings: StudySettings
    book: BarBook

    @staticmethod
    def look_back(cadence: Cadence) -> int:
        """How many periods before are looked at."""
        return _LOOK_BACK[cadence]

    def sound(self, partition: Partition, raw: pl.DataFrame) -> pl.DataFrame:
        """Valid bars of every contract (table `bars`)."""
        return self.checked(partition, raw).bars

    def rolls(self, partition: Partition, sound: pl.DataFrame) -> pl.DataFrame:
        """The front contract over the period; `sound` holds it and the periods before."""
        period = partition.period
        rule = RollRule(self.settings.roll_rule)
        return roll_table(sound, rule, self.axis.start_of(period), self.axis.end_of(period))

    def judged(
        self, partition: Partition, raw: pl.DataFrame, sound: pl.DataFrame, rolls: pl.DataFrame
    ) -> tuple[pl.DataFrame, Verdict]:
        """The period's continuous bars, and what the quality checks say of them.

        `sound` and `rolls` hold the period and those before it, `raw` the period alone.
        """
        checked = self.checked(partition, raw)
        bars, _, verdict = self.continued(partition, raw.height, checked, sound, rolls)
        return bars, verdict

    def continued(
        self,
        partition: Partition,
        raw_rows: int,
        checked: Validated,
        sound: pl.DataFrame,
        rolls: pl.DataFrame,
    ) -> tuple[pl.DataFrame, pl.DataFrame, Verdict]:
        """Continuous bars, refused rows and the verdict of a period that is validated already."""
        front, _ = front_month(sound, rolls)
        is_own = period_of_day(self.axis.cadence, pl.col("session_date")) == partition.period
        bars, earlier = front.filter(is_own), front.filter(~is_own)
        refused = self._refused(checked, rolls.filter(is_own))
        frames = (bars, earlier, refused)
        evidence = evidence_of(partition, self.axis, frames, raw_rows, self.book)
        return BARS.frame(bars), refused, judge(evidence, self.settings)

    def quarantined(
        self, partition: Partition, raw: pl.DataFrame, rolls: pl.DataFrame
    ) -> pl.DataFrame:
        """Every row of the period that is not in its bars, with the reason."""
        return self._refused(self.checked(partition, raw), rolls)

    @staticmethod
    def _refused(checked: Validated, rolls: pl.DataFrame) -> pl.DataFrame:
        _, back = front_month(checked.bars, rolls)
        whole = pl.concat([checked.quarantined, back.select(QUARANTINED_BARS.names)])
        return QUARANTINED_BARS.frame(whole.sort("source", "row", maintain_order=True))

    @staticmethod
    def checked(partition: Partition, raw: pl.DataFrame) -> Validated:
        """Valid and refused rows of every contract."""
        return validate(raw, Series.parse(partition.series).timeframe)
