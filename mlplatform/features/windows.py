"""How many of the newest bars each feature reads for its newest value: the tail that live computes.

A feature reads its lookback and the newest row of its inputs; where `session_date` is an input, it
reads the session from its start. What its inputs were on earlier bars is known already.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from mlplatform.domain.series import Timeframe
from mlplatform.features.arithmetic import Columns, Gatherable, Indicator, Newest
from mlplatform.features.evaluation import Step, gather, levels_of, step_of
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.market.sessions import bars_a_session

SESSION = "session_date"
_SIZES_BARS = (0, 64, 512, 4096)
"""Features of about one lookback share a window: one call for many beats a short tail for each."""

_MOST_FEATURES = 24
"""More are split: planning a long select takes longer than running it, and that on one core."""


@dataclass(frozen=True)
class Window:
    """A step, and how far it reads back from the newest row."""

    step: Step
    newest: Newest
    lookback_bars: int
    from_session_start: bool

    def start(self, session_start: np.ndarray[Any, np.dtype[np.int64]]) -> int:
        """First row it reads; `session_start` is, of every row, the first row of its session."""
        row = max(0, len(session_start) - 1 - self.lookback_bars)
        return int(session_start[row]) if self.from_session_start else row

    def values(self, known: Columns) -> list[float | None]:
        """The newest row's values; null where they are no finite number."""
        found = self.newest({name: known[name] for name in self.step.inputs})
        return [None if value is None or not isfinite(value) else float(value) for value in found]

    def moment(self, bar: Mapping[str, Any]) -> Hashable | None:
        """What must change before the newest values can; None where any bar may change them."""
        first = self.step.features[0].compute
        return first.moment(bar) if isinstance(first, Gatherable) else None


def windows_of(plan: FeaturePlan) -> tuple[tuple[Window, ...], ...]:
    """The plan level by level, each level's features gathered by key and size of window."""
    level = levels_of(plan)
    place = {
        f.name: (level[f.name], SESSION in f.inputs, _size(f.lookback_bars)) for f in plan.order
    }
    levels: list[list[Window]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for group in gather(plan.order, place):
        parts = 1 if isinstance(group[0].compute, Indicator) else -(-len(group) // _MOST_FEATURES)
        levels[level[group[0].name]] += [_window(group[part::parts]) for part in range(parts)]
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


def _window(group: list[Feature]) -> Window:
    lookback = max(feature.lookback_bars for feature in group)
    step, first = step_of(group), group[0].compute
    if isinstance(first, Gatherable):
        newest = first.newest([f.compute for f in group])  # type: ignore[misc]
    else:
        newest = _last_of(step)
    return Window(step, newest, lookback, any(SESSION in f.inputs for f in group))


def _last_of(step: Step) -> Newest:
    return lambda columns: [column[-1] for column in step.compute(columns)]
