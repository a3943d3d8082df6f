"""How many of the newest bars each feature needs for its newest value: the tail that live computes.

A feature that reads back n bars needs the last n + 1 of its inputs, these need theirs, and so on
down to the bars; whoever reads `session_date` needs the session from its start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from mlplatform.domain.series import Timeframe
from mlplatform.features.evaluation import Step, gather, levels_of, step_of
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.market.sessions import bars_a_session

SESSION = "session_date"
_SIZES_BARS = (256, 2048, 16_384)
"""Features of about one size share a window: one call for many beats a short window for each."""


@dataclass(frozen=True)
class Window:
    """A step, and how far its features look back from the first row that is wanted of them."""

    step: Step
    lookback_bars: int
    from_session_start: bool

    @cached_property
    def gives(self) -> frozenset[str]:
        """The columns it computes."""
        return frozenset(feature.name for feature in self.step.features)


@dataclass(frozen=True, eq=False)
class TailPlan:
    """A plan's steps in order, each with its window."""

    plan: FeaturePlan
    windows: tuple[Window, ...]

    @classmethod
    def of(cls, plan: FeaturePlan, timeframe: Timeframe) -> "TailPlan":
        """Group the plan's features by level and size of window."""
        level, size = levels_of(plan), _sizes(plan, bars_a_session(timeframe))
        place = {name: (level[name], np.searchsorted(_SIZES_BARS, size[name])) for name in level}
        groups = sorted(gather(plan.order, place), key=lambda group: level[group[0].name])
        return cls(plan, tuple(_window(group) for group in groups))

    def starts(self, session_start: np.ndarray) -> tuple[list[int], int]:
        """First row that each window needs, and the first of all, for the newest row's values.

        `session_start` is, of every row of the bars at hand, the first row of its session.
        """
        newest = len(session_start) - 1
        wanted = dict.fromkeys(self.plan.names, newest)
        starts = [0] * len(self.windows)
        for number in range(len(self.windows) - 1, -1, -1):
            window = self.windows[number]
            first = min(wanted.get(name, newest) for name in window.gives)
            start = max(0, first - window.lookback_bars)
            start = int(session_start[start]) if window.from_session_start else start
            starts[number] = start
            for name in window.step.inputs:
                wanted[name] = min(wanted.get(name, newest), start)
        return starts, min(starts, default=newest)

    def newest(self, bars: pl.DataFrame, starts: list[int]) -> dict[str, float | None]:
        """The newest row's features of bars of one contract; windows start at `starts`."""
        known: dict[str, tuple[int, pl.Series]] = {
            name: (0, bars[name]) for name in self.plan.bar_columns
        }
        for window, start in zip(self.windows, starts, strict=True):
            given = {name: _since(known[name], start) for name in window.step.inputs}
            for column in window.step.columns(given):
                known[column.name] = (start, column)
        return {name: known[name][1][-1] for name in self.plan.names}


def _since(column: tuple[int, pl.Series], start: int) -> pl.Series:
    first, values = column
    return values if first == start else values[start - first :]


def _window(group: list[Feature]) -> Window:
    lookback = max(feature.lookback_bars for feature in group)
    return Window(step_of(group), lookback, any(SESSION in feature.inputs for feature in group))


def _sizes(plan: FeaturePlan, session_bars: int) -> Mapping[str, int]:
    """About how many bars each feature's window holds."""
    size: dict[str, int] = dict.fromkeys(plan.names, 1)
    for feature in reversed(plan.order):
        own = size.get(feature.name, 1) + feature.lookback_bars
        own += session_bars if SESSION in feature.inputs else 0
        size[feature.name] = own
        for name in feature.inputs:
            size[name] = max(size.get(name, 1), own)
    return size
