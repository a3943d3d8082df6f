"""Features bar by bar: the newest bar's row, as the batch would give it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.compute import warmup_sessions
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.windows import SESSION, TailPlan


class BarOrderError(ValueError):
    """A bar that is not after the newest one."""


class LiveFeatures:
    """The features of each new bar, equal to the batch's to 1e-9 of a column's usual size.

    It holds just the bars that the plan needs for its newest row, and computes each feature again
    on the shortest tail of them that its declared lookback allows. A bar of another contract
    starts anew, as no feature crosses a roll.
    """

    def __init__(self, plan: FeaturePlan, timeframe: Timeframe, history: pl.DataFrame) -> None:
        """Start after `history` (table `bars`, sorted; it may be empty).

        `history_sessions` of trading days are enough; with fewer, features are null until their
        history is there, as in a batch over the same bars. Of several contracts the last counts.
        """
        self.plan = plan
        self.timeframe = timeframe
        self._tail = TailPlan.of(plan, timeframe)
        self._columns = list(dict.fromkeys(["ts", "contract", SESSION, *plan.bar_columns]))
        bars = history.select(self._columns)
        contract = bars["contract"]
        others = (contract != contract[-1]).arg_true() if len(contract) else contract
        self._bars = bars[int(others[-1]) + 1 :].rechunk() if len(others) else bars.rechunk()
        if not self._bars["ts"].is_sorted():
            raise BarOrderError("the bars of the history are not in order of time")
        self._forget()

    @property
    def history_sessions(self) -> int:
        """Whole trading days of history after which every feature has all the past it needs."""
        return warmup_sessions(self.plan, self.timeframe)

    @property
    def bars_held(self) -> int:
        """Bars kept: what the newest row needs, and no more."""
        return self._bars.height

    def update(self, bar: Mapping[str, Any]) -> dict[str, Any]:
        """`ts` and the features of a new bar (a row of table `bars`), null where unknown.

        Raises BarOrderError, changing nothing, where the bar is not after the newest one.
        """
        row = pl.DataFrame([{name: bar[name] for name in self._columns}], self._schema())
        if self._bars.height:
            newest = self._bars["ts"][-1]
            if bar["ts"] <= newest:
                raise BarOrderError(f"the bar of {bar['ts']} is not after the newest, {newest}")
            if bar["contract"] != self._bars["contract"][-1]:
                self._bars = self._bars.clear()
        self._bars = pl.concat([self._bars, row], rechunk=True)
        starts = self._forget()
        return {"ts": bar["ts"], **self._tail.newest(self._bars, starts)}

    def _schema(self) -> pl.Schema:
        return pl.Schema({name: BARS.schema[name] for name in self._columns})

    def _forget(self) -> list[int]:
        """Drop the bars that no feature needs any more; first row of each window in the rest."""
        if self._bars.is_empty():
            return []
        day = self._bars[SESSION].to_physical().to_numpy()
        first = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
        session_start = np.repeat(first, np.diff(first, append=len(day)))
        starts, needless = self._tail.starts(session_start)
        self._bars = self._bars[needless:]
        return [start - needless for start in starts]
