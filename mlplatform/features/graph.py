"""The declared graph of features: inputs, lookback and parameters in, a computable plan out.

Style after zipline's pipeline graph: a feature states what it needs, the plan sorts, derives the
history that is needed, and carries a fingerprint of everything that can change a number.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

import polars as pl

Columns = Mapping[str, pl.Series]


@dataclass(frozen=True)
class Feature:
    """One causal column: row t may use bars up to and including t.

    `compute` gets its declared inputs as equally long series of ONE contract (no difference ever
    crosses a roll) and returns a Float64 series of that length; null where history is too short.
    """

    name: str
    inputs: tuple[str, ...]
    """Bar columns, or names of other features."""
    lookback_bars: int
    """Bars before t after which older bars no longer matter (recursive ones: to 1e-9)."""
    compute: Callable[[Columns], pl.Series]
    about: str
    unit: str = "1"
    is_signed: bool = False
    """Flips its sign when the market is mirrored: models see it multiplied by the trade's side."""
    version: int = 1
    params: Mapping[str, float] = field(default_factory=dict)


class FeatureError(ValueError):
    """A feature set that cannot be computed: a cycle, an unknown input, a name that is taken."""


@dataclass(frozen=True)
class FeaturePlan:
    """A named, versioned set of features in computable order."""

    name: str
    version: int
    features: tuple[Feature, ...]

    @classmethod
    def build(
        cls, name: str, version: int, features: tuple[Feature, ...], bar_columns: tuple[str, ...]
    ) -> "FeaturePlan":
        """Sort the features by their inputs; raises FeatureError where that is impossible."""
        by_name = {feature.name: feature for feature in features}
        if len(by_name) < len(features):
            raise FeatureError(f"feature set {name} holds a name twice")
        if hidden := sorted(set(by_name) & set(bar_columns)):
            raise FeatureError(f"feature {hidden[0]} has the name of a bar column: rename it")
        for feature in features:
            for item in feature.inputs:
                if item not in by_name and item not in bar_columns:
                    raise FeatureError(f"feature {feature.name} needs '{item}', which nobody gives")
        graph = {f.name: [i for i in f.inputs if i in by_name] for f in features}
        try:
            order = tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise FeatureError(f"features need each other: {' -> '.join(error.args[1])}") from None
        return cls(name, version, tuple(by_name[item] for item in order))

    @property
    def names(self) -> list[str]:
        """The columns, in computed order."""
        return [feature.name for feature in self.features]

    @cached_property
    def warmup_bars(self) -> int:
        """The longest history that any feature needs, through its inputs."""
        needed: dict[str, int] = {}
        for feature in self.features:
            before = max((needed.get(item, 0) for item in feature.inputs), default=0)
            needed[feature.name] = feature.lookback_bars + before
        return max(needed.values(), default=0)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with inputs, parameters, lookback or declared version; not with formatting."""
        described = [
            [f.name, f.version, list(f.inputs), f.lookback_bars, f.is_signed, dict(f.params)]
            for f in sorted(self.features, key=lambda item: item.name)
        ]
        text = json.dumps([self.name, self.version, described], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def evaluate(plan: FeaturePlan, segment: pl.DataFrame) -> pl.DataFrame:
    """All features of one contract's bars, sorted by time; a row per bar, `ts` first."""
    known: dict[str, pl.Series] = {name: segment[name] for name in segment.columns}
    for feature in plan.features:
        column = feature.compute({item: known[item] for item in feature.inputs})
        if len(column) != segment.height:
            raise FeatureError(
                f"feature {feature.name} gave {len(column)} of {segment.height} rows"
            )
        known[feature.name] = column.cast(pl.Float64).fill_nan(None).alias(feature.name)
    return pl.DataFrame([known["ts"], *(known[name] for name in plan.names)])
