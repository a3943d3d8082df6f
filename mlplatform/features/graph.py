"""The declared graph of features: inputs, lookback and parameters in, a computable plan out.

Style after zipline's pipeline graph: a feature states what it needs, the plan sorts, derives the
history that is needed, and carries a fingerprint of everything that can change a number.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from mlplatform.features.arithmetic import Columns, Compute, Expression

__all__ = ["Columns", "Feature", "FeatureError", "FeaturePlan"]


@dataclass(frozen=True)
class Feature:
    """One causal column: row t may use bars up to and including t.

    `compute` gets its declared inputs as equally long series of ONE contract (no difference ever
    crosses a roll) and returns a Float64 series of that length; null where history is too short.
    The bars given start with a session wherever `session_date` is an input: what restarts each
    session must declare it, then its lookback counts only what lies before the session.
    """

    name: str
    inputs: tuple[str, ...]
    """Bar columns, or names of other features."""
    lookback_bars: int
    """Bars before t after which older bars no longer matter (recursive ones: to 1e-9)."""
    compute: Compute
    about: str
    unit: str = "1"
    is_signed: bool = False
    """Flips its sign when the market is mirrored: models see it multiplied by the trade's side."""
    version: int = 1
    params: Mapping[str, float] = field(default_factory=dict)
    mirror: str | None = None
    """The feature that this one becomes when the market is mirrored: for shorts, models see that
    one's value (its sign flipped where `is_signed`). None: it becomes itself."""
    is_step: bool = False
    """A step on the way: computed and used, but no column of the result."""
    made_of: tuple["Feature", ...] = ()
    """Features of another timeframe that it is computed from: what they declare, it declares."""

    def declared(self) -> list[Any]:
        """All that can change its numbers, or what models make of them; not how it is written."""
        said: list[Any] = [self.name, self.version, list(self.inputs), self.lookback_bars]
        said += [self.is_signed, self.mirror, self.is_step, dict(self.params)]
        return [*said, [part.declared() for part in self.made_of]]


class FeatureError(ValueError):
    """A feature set that cannot be computed: a cycle, an unknown input, a name that is taken."""


@dataclass(frozen=True, eq=False)
class FeaturePlan:
    """A named, versioned set of features in computable order."""

    name: str
    version: int
    order: tuple[Feature, ...]
    """All of them, steps on the way included, each after what it needs."""

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
            _check(feature, by_name, bar_columns)
        graph = {f.name: [i for i in f.inputs if i in by_name] for f in features}
        try:
            order = tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise FeatureError(f"features need each other: {' -> '.join(error.args[1])}") from None
        return cls(name, version, tuple(by_name[item] for item in order))

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """Those whose columns the plan gives, in computed order."""
        return tuple(feature for feature in self.order if not feature.is_step)

    @property
    def names(self) -> list[str]:
        """The columns, in computed order."""
        return [feature.name for feature in self.features]

    @cached_property
    def bar_columns(self) -> list[str]:
        """The columns of bars that any feature reads."""
        computed = {feature.name for feature in self.order}
        return sorted({item for f in self.order for item in f.inputs} - computed)

    @cached_property
    def warmup_bars(self) -> int:
        """The longest history that any feature needs, through its inputs."""
        needed: dict[str, int] = {}
        for feature in self.order:
            before = max((needed.get(item, 0) for item in feature.inputs), default=0)
            needed[feature.name] = feature.lookback_bars + before
        return max(needed.values(), default=0)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with inputs, parameters, lookback or declared version; not with formatting."""
        described = [f.declared() for f in sorted(self.order, key=lambda item: item.name)]
        text = json.dumps([self.name, self.version, described], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check(feature: Feature, by_name: Mapping[str, Feature], bar_columns: tuple[str, ...]) -> None:
    """Raise FeatureError where a feature by itself cannot be part of the set."""
    name = feature.name
    for item in feature.inputs:
        if item not in by_name and item not in bar_columns:
            raise FeatureError(f"feature {name} needs '{item}', which nobody gives")
    if feature.lookback_bars < 0:
        raise FeatureError(
            f"feature {name} looks back {feature.lookback_bars} bars: into the future"
        )
    if isinstance(feature.compute, Expression):
        # Expressions are evaluated together: one would see what only another has declared.
        if feature.compute.expr.meta.has_multiple_outputs():
            raise FeatureError(f"feature {name} reads columns by a pattern: name its inputs")
        read = set(feature.compute.expr.meta.root_names()) - set(feature.inputs)
        if read:
            raise FeatureError(f"feature {name} reads '{min(read)}' without declaring it")
    if feature.mirror is not None:
        _check_mirror(feature, by_name.get(feature.mirror))


def _check_mirror(feature: Feature, mirror: Feature | None) -> None:
    """A mirror image must be there, and see the feature as its own mirror image."""
    name = feature.name
    if mirror is None:
        raise FeatureError(f"feature {name} has the mirror '{feature.mirror}', which nobody gives")
    if mirror.mirror != name:
        raise FeatureError(f"feature {name} is no mirror of its mirror {mirror.name}")
    if (mirror.is_signed, mirror.is_step) != (feature.is_signed, feature.is_step):
        raise FeatureError(f"feature {name} and its mirror {mirror.name} differ in their kind")
