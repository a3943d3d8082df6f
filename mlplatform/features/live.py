"""Features bar by bar: the newest bar's row, as the batch would give it."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.compute import warmup_sessions
from mlplatform.features.evaluation import evaluate
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.windows import SESSION, Days, Window, rows_read, windows_of


class BarOrderError(ValueError):
    """A bar that is not after the newest one."""


class LiveFeatures:
    """The features of each new bar, equal to the batch's to 1e-9 of a column's usual size.

    It holds the bars that the plan reads for its newest row, and what its features were on the
    bars before; each new bar computes every feature on the tail that its declared lookback allows.
    A bar of another contract starts anew, as no feature crosses a roll.
    """

    def __init__(self, plan: FeaturePlan, timeframe: Timeframe, history: pl.DataFrame) -> None:
        """Start after `history` (table `bars`, sorted; it may be empty).

        `history_sessions` of trading days are enough; with fewer, features are null until their
        history is there, as in a batch over the same bars. Of several contracts the last counts.
        Raises BarOrderError where the history is not in order.
        """
        self.plan = plan
        self.history_sessions = warmup_sessions(plan, timeframe)
        """Whole trading days of history after which every feature has all the past it needs."""
        self._levels = windows_of(plan)
        self._bars_read = rows_read(plan, timeframe, of_bars=True)
        columns = ["ts", "contract", SESSION, *plan.bar_columns]
        self._schema = pl.Schema({name: BARS.schema[name] for name in dict.fromkeys(columns)})
        if not history["ts"].is_sorted():
            raise BarOrderError("the bars of the history are not in order of time")
        present = [name for name in self._schema if name in history.columns]
        bars = pl.concat([pl.DataFrame(schema=self._schema), history[present]], how="diagonal")
        changes = (bars["contract"] != bars["contract"].shift(-1)).arg_true()
        self._bars = bars[int(changes[-1]) + 1 :] if len(changes) else bars
        whole = FeaturePlan(plan.name, 1, tuple(replace(f, is_step=False) for f in plan.order))
        self._past = Past(whole.names, rows_read(plan, timeframe, of_bars=False))
        if self._bars.height:
            self._past.fill(evaluate(whole, self._bars))
        self._held: dict[int, tuple[Hashable, list[float | None]]] = {}

    @property
    def bars_held(self) -> int:
        """Bars kept after an update: what the newest row reads, and no more."""
        return self._bars.height

    def update(self, bar: Mapping[str, Any]) -> dict[str, Any]:
        """`ts` and the features of a new bar (a row of table `bars`), null where unknown.

        Raises BarOrderError, changing nothing, where the bar is not after the newest one.
        """
        row = pl.DataFrame([{name: bar.get(name) for name in self._schema}], self._schema)
        if self._bars.height:
            newest = self._bars["ts"][-1]
            if bar["ts"] <= newest:
                raise BarOrderError(f"the bar of {bar['ts']} is not after the newest, {newest}")
            if bar["contract"] != self._bars["contract"][-1]:
                self._bars = self._bars.clear()
                self._past.end = 0
                self._held.clear()
        self._bars = pl.concat([self._bars.tail(self._bars_read - 1), row], rechunk=True)
        day = self._bars[SESSION].to_physical().to_numpy()
        self._past.grow()
        # One after the other: planning their expressions, which is most of it, gains no time from
        # a second thread.
        newest = self._past.newest
        newest.update(row.row(0, named=True))
        for window in (window for windows in self._levels for window in windows):
            newest.update(zip(window.names, self._values(window, day, bar), strict=True))
        self._past.keep()
        return {"ts": bar["ts"], **{name: newest[name] for name in self.plan.names}}

    def _values(self, window: Window, day: Days, bar: Mapping[str, Any]) -> list[float | None]:
        """The newest values of a window: computed, or those that cannot have changed."""
        if not window.stands_still:
            return self._computed(window, day)
        moment = window.moment(bar, self._past.newest)
        held = self._held.get(id(window))
        if held is None or held[0] != moment:
            held = self._held[id(window)] = (moment, self._computed(window, day))
        return held[1]

    def _computed(self, window: Window, day: Days) -> list[float | None]:
        """The newest values of a window."""
        if window.of_row is not None:
            return window.values_of_row(window.of_row, self._past.newest)
        return window.values(self._rows(window, day))

    def _rows(self, window: Window, day: Days) -> pl.DataFrame:
        """The rows of its inputs that a window reads."""
        start, inputs = window.start(day), window.step.inputs
        of_bars = [name for name in inputs if name in self._schema]
        computed = [name for name in inputs if name not in self._schema]
        if not computed:
            return self._bars[of_bars][start:]
        past = self._past.tail(computed, self._bars.height - start)
        return self._bars[of_bars][start:].hstack(past) if of_bars else pl.DataFrame(past)


class Past:
    """What features were on the last bars, and what they are on the newest one."""

    def __init__(self, names: list[str], rows: int) -> None:
        """Room for `rows` of each name."""
        self.newest: dict[str, Any] = {}
        """By name, columns of the newest bar included, as far as the levels before have come."""
        self.end = 0
        self._rows = rows
        self._row_of = {name: number for number, name in enumerate(names)}
        self._series: dict[tuple[str, int], pl.Series] = {}
        self._values = np.full((len(names), 4 * rows + 64), np.nan)

    def tail(self, names: list[str], height: int) -> list[pl.Series]:
        """The last values of some names, the newest included."""
        return [self._tail(name, height) for name in names]

    def _tail(self, name: str, height: int) -> pl.Series:
        place = name, height
        if place in self._series:
            return self._series[place]
        number, value = self._row_of[name], self.newest[name]
        # In place: the newest column is filled as far as the levels before have come.
        self._values[number, self.end - 1] = np.nan if value is None else value
        values = self._values[number, self.end - height : self.end]
        series = pl.Series(name, values, nan_to_null=True)
        self._series[place] = series
        return series

    def fill(self, features: pl.DataFrame) -> None:
        """Start with the last of these rows."""
        last = features.tail(self._rows)
        for name, number in self._row_of.items():
            self._values[number, : last.height] = last[name].fill_null(np.nan).to_numpy()
        self.end = last.height

    def grow(self) -> None:
        """Make room for the newest row."""
        if self.end == self._values.shape[1]:
            kept = self._values[:, self.end - self._rows :].copy()
            self._values[:, : self._rows] = kept
            self.end = self._rows
        self.end += 1
        self.newest = {}
        self._series.clear()

    def keep(self) -> None:
        """The newest row becomes the last one of the past."""
        values = [self.newest[name] for name in self._row_of]
        self._values[:, self.end - 1] = np.array(values, dtype=np.float64)
