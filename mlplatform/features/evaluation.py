"""Columns from a plan: computed together where that can be, freed when nobody needs them more."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any

import polars as pl

from mlplatform.features.arithmetic import Columns, Gatherable, Together
from mlplatform.features.graph import Feature, FeatureError, FeaturePlan


@dataclass(frozen=True)
class Step:
    """Features that one call computes, and the columns that it is the last to read."""

    features: tuple[Feature, ...]
    compute: Together
    inputs: tuple[str, ...]
    frees: tuple[str, ...] = ()

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
def steps_of(plan: FeaturePlan) -> tuple[Step, ...]:
    """The plan level by level; each step frees what no later one reads and nobody stores."""
    level = levels_of(plan)
    groups = gather(plan.order, level)
    groups.sort(key=lambda group: level[group[0].name])  # stable: a level stays in order
    steps = [step_of(group) for group in groups]
    last = {item: number for number, step in enumerate(steps) for item in step.inputs}
    kept = {"ts", *plan.names}
    freed: dict[int, list[str]] = defaultdict(list)
    for number, step in enumerate(steps):
        for name in {*step.inputs, *(feature.name for feature in step.features)} - kept:
            if last.get(name, number) == number:
                freed[number].append(name)
    return tuple(
        Step(s.features, s.compute, s.inputs, tuple(freed[n])) for n, s in enumerate(steps)
    )


def evaluate(plan: FeaturePlan, segment: pl.DataFrame) -> pl.DataFrame:
    """All features of one contract's bars, sorted by time; a row per bar, `ts` first.

    Raises FeatureError where a bar column is missing, or a feature has another length.
    """
    needed = ["ts", *plan.bar_columns]
    if missing := [name for name in needed if name not in segment.columns]:
        raise FeatureError(f"feature set {plan.name} needs the bar column '{missing[0]}'")
    # In one piece: indicators read it without a copy, and no sum depends on where chunks end.
    known = {name: segment[name].rechunk() for name in dict.fromkeys(needed)}
    for step in steps_of(plan):
        for column in step.columns(known):
            known[column.name] = column
        for name in step.frees:
            del known[name]
    return pl.DataFrame([known[name] for name in ("ts", *plan.names)])
