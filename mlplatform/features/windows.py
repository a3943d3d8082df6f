"""How many of the newest bars each feature reads for its newest value: the tail that live computes.

A feature reads its lookback and the newest row of its inputs; where `session_date` is an input, it
reads the session from its start. What its inputs were on earlier bars is known already.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
import polars as pl

from mlplatform.domain.series import Timeframe
from mlplatform.features.arithmetic import Gatherable, Newest, OfRow
from mlplatform.features.evaluation import Step, gather, levels_of, step_of
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.market.sessions import bars_a_session

SESSION = "session_date"
_SIZES_BARS = (0, 512, 4096)
"""Features of about one lookback share a window: one call for many beats a short tail for each."""

Days = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True)
class Window:
    """A step, and how far it reads back from the newest row."""

    step: Step
    newest: Newest
    of_row: OfRow | None
    """Where the newest row is all it reads: the values from that row by name."""
    lookback_bars: int
    from_session_start: bool
    stands_still: bool
    """Whether only a new moment can change its newest values."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its features."""
        return tuple(feature.name for feature in self.step.features)

    def start(self, day: Days) -> int:
        """First row it reads; `day` is the session of every row, in order."""
        row = max(0, len(day) - 1 - self.lookback_bars)
        return int(np.searchsorted(day, day[row])) if self.from_session_start else row

    def values(self, rows: pl.DataFrame) -> list[float | None]:
        """The newest row's values; null where they are no finite number. `rows` has its inputs."""
        return _finite(self.newest(rows))

    def values_of_row(self, of_row: OfRow, row: Mapping[str, Any]) -> list[float | None]:
        """The same from the newest row by name, where that is all it reads."""
        return _finite(of_row(row))

    def moment(self, bar: Mapping[str, Any], newest: Mapping[str, float | None]) -> Hashable:
        """What must change before the values of a window that stands still can."""
        first = self.step.features[0].compute
        if isinstance(first, Gatherable) and first.stands_still:
            return first.moment(bar)
        return tuple(newest[name] for name in self.step.inputs)


def windows_of(plan: FeaturePlan) -> tuple[tuple[Window, ...], ...]:
    """The plan level by level, each level's features gathered by key and size of window."""
    level, still = levels_of(plan), _standing(plan)
    place = {
        f.name: (
            level[f.name],
            SESSION in f.inputs,
            _size(f.lookback_bars),
            f.name in still,
            type(f.compute),
        )
        for f in plan.order
    }
    levels: list[list[Window]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for group in gather(plan.order, place):
        levels[level[group[0].name]].append(_window(group, group[0].name in still))
    return tuple(tuple(windows) for windows in levels)


def rows_read(plan: FeaturePlan, timeframe: Timeframe, of_bars: bool) -> int:
    """The most rows that any feature reads of bars, or of other features."""
    computed = {feature.name for feature in plan.order}
    rows = 1
    for window in (window for level in windows_of(plan) for window in level):
        if any((name not in computed) is of_bars for name in window.step.inputs):
            session = bars_a_session(timeframe) if window.from_session_start else 0
            rows = max(rows, window.lookback_bars + session + 1)
    return rows


def _size(lookback_bars: int) -> int:
    return int(np.searchsorted(_SIZES_BARS, lookback_bars))


def _standing(plan: FeaturePlan) -> set[str]:
    """Features that stand still by themselves, or because all that they read does."""
    still: set[str] = set()
    for feature in plan.order:
        itself = isinstance(feature.compute, Gatherable) and feature.compute.stands_still
        if itself or (feature.lookback_bars == 0 and still.issuperset(feature.inputs)):
            still.add(feature.name)
    return still


def _window(group: list[Feature], stands_still: bool) -> Window:
    lookback = max(feature.lookback_bars for feature in group)
    step, first = step_of(group), group[0].compute
    if isinstance(first, Gatherable):
        newest = first.newest([f.compute for f in group])  # type: ignore[misc]
    else:
        newest = _last_of(step)
    from_start = any(SESSION in feature.inputs for feature in group)
    return Window(step, newest, _of_row(group), lookback, from_start, stands_still)


def _of_row(group: list[Feature]) -> OfRow | None:
    first = group[0].compute
    if not isinstance(first, Gatherable) or not first.reads_one_row:
        return None
    return first.of_row([f.compute for f in group])  # type: ignore[misc]


def _finite(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None or not isfinite(value) else float(value) for value in values]


def _last_of(step: Step) -> Newest:
    return lambda rows: [column[-1] for column in step.compute(rows.to_dict())]
