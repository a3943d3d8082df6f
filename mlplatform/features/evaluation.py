"""Columns from a plan: computed together where that can be, freed when nobody needs them more."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any

import polars as pl

from mlplatform.domain.tables import BARS
from mlplatform.features.arithmetic import Columns, Expression, Gatherable, Together
from mlplatform.features.graph import Feature, FeatureError, FeaturePlan

_OPTIONAL = {column.name for column in BARS.columns if column.optional}
_PARALLEL_ROWS = 20_000
"""Rows from which threads earn more than they cost."""


@dataclass(frozen=True)
class Step:
    """Features that one call computes, and all that they read."""

    features: tuple[Feature, ...]
    compute: Together
    inputs: tuple[str, ...]

    def columns(self, known: Columns) -> list[pl.Series]:
        """The features' columns: Float64, as long as their inputs, null where no finite number.

        Raises FeatureError where a feature has another length.
        """
        given = {name: known[name] for name in self.inputs}
        height = len(next(iter(given.values()))) if given else 0
        try:
            found = self.compute(given)
        except pl.exceptions.ShapeError:
            if len(self.features) == 1:
                raise FeatureError(f"feature {self.features[0].name} has no row per bar") from None
            for feature in self.features:
                step_of([feature]).columns(known)
            raise
        return [
            _checked(feature, column, height)
            for feature, column in zip(self.features, found, strict=True)
        ]


@dataclass(frozen=True)
class Stage:
    """Steps that need nothing of each other, and the columns that nobody needs after them."""

    steps: tuple[Step, ...]
    frees: tuple[str, ...]


def _checked(feature: Feature, column: pl.Series, height: int) -> pl.Series:
    if len(column) != height:
        raise FeatureError(f"feature {feature.name} gave {len(column)} of {height} rows")
    column = column.cast(pl.Float64)
    total: Any = column.sum()
    if not isfinite(total):  # a look at the sum is far cheaper than one at each value
        column = column.set(~column.is_finite(), None)
    return column.alias(feature.name)


def step_of(features: Iterable[Feature]) -> Step:
    """One step of features that can be computed together."""
    members = tuple(features)
    inputs = tuple(dict.fromkeys(item for feature in members for item in feature.inputs))
    first = members[0].compute
    if isinstance(first, Gatherable):
        return Step(members, first.together([f.compute for f in members]), inputs)  # type: ignore[misc]
    return Step(members, lambda columns: [first(columns)], inputs)


def levels_of(plan: FeaturePlan) -> dict[str, int]:
    """How many features lie behind each one, along the longest way."""
    level: dict[str, int] = {}
    for feature in plan.order:
        level[feature.name] = 1 + max((level.get(item, -1) for item in feature.inputs), default=-1)
    return level


def gather(features: Iterable[Feature], place: Mapping[str, Hashable]) -> list[list[Feature]]:
    """Groups of features that have one place and one key, each in the order of its first."""
    groups: dict[Hashable, list[Feature]] = defaultdict(list)
    for feature in features:
        gathers = isinstance(feature.compute, Gatherable)
        key = feature.compute.key if gathers else feature.name  # type: ignore[attr-defined]
        groups[(place[feature.name], key)].append(feature)
    return list(groups.values())


@lru_cache(maxsize=32)
def stages_of(plan: FeaturePlan) -> tuple[Stage, ...]:
    """The plan level by level; what no later level reads and nobody stores is freed."""
    level = levels_of(plan)
    # Polars runs windows of one select after each other: alone they can run beside each other.
    place = {f.name: (level[f.name], f.name if _is_windowed(f) else "") for f in plan.order}
    steps: dict[int, list[Step]] = defaultdict(list)
    for group in gather(plan.order, place):
        steps[level[group[0].name]].append(step_of(group))
    last = dict(level)
    for number in sorted(steps):
        last.update((item, number) for step in steps[number] for item in step.inputs)
    kept = {"ts", *plan.names}
    return tuple(
        Stage(tuple(steps[at]), tuple(n for n, end in last.items() if end == at and n not in kept))
        for at in sorted(steps)
    )


def _is_windowed(feature: Feature) -> bool:
    return isinstance(feature.compute, Expression) and feature.compute.is_windowed


def evaluate(plan: FeaturePlan, segment: pl.DataFrame) -> pl.DataFrame:
    """All features of one contract's bars, sorted by time; a row per bar, `ts` first.

    A bar column that not every source has, such as `bid_volume`, is null where it is missing.
    Raises FeatureError where another one is missing, or a feature has another length.
    """
    known = _bar_columns(plan, segment)
    threads = 1 if segment.height < _PARALLEL_ROWS else pl.thread_pool_size()
    with ThreadPoolExecutor(threads) as pool:
        run = map if threads == 1 else pool.map
        for stage in stages_of(plan):
            for columns in run(lambda step: step.columns(known), stage.steps):
                known.update((column.name, column) for column in columns)
            for name in stage.frees:
                del known[name]
    return pl.DataFrame([known[name] for name in ("ts", *plan.names)])


def _bar_columns(plan: FeaturePlan, segment: pl.DataFrame) -> dict[str, pl.Series]:
    """What the plan reads of bars, each in one piece.

    Indicators read them without a copy then, and no sum depends on where chunks end.
    """
    known = {}
    for name in dict.fromkeys(["ts", *plan.bar_columns]):
        if name in segment.columns:
            known[name] = segment[name].rechunk()
        elif name in _OPTIONAL:
            known[name] = pl.Series(name, [None], BARS.schema[name]).new_from_index(
                0, segment.height
            )
        else:
            raise FeatureError(f"feature set {plan.name} needs the bar column '{name}'")
    return known
