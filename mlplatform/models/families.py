"""The registry of families: what may stand in a blend, under which name.

A family of another library joins by `register_family`, or by a line of `_ELSEWHERE` where its
library is too heavy to import before its name is asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol

import numpy as np

from mlplatform.models.arrays import FloatArray, Rows
from mlplatform.models.space import Params, Space

Kind = Literal["regression", "binary"]


@dataclass(frozen=True)
class Budget:
    """How far a booster may grow: rounds at most, patience of early stopping, bins.

    `threads` is how many families are fitted side by side. One fit has one thread, so no number
    of them changes a byte.

    `win_weight` is what a row with target 1 weighs in a binary fit, in training and in its early
    stopping; any other row weighs 1.
    """

    max_rounds: int = 200
    patience: int = 15
    threads: int = 1
    max_bins: int = 63
    win_weight: float = 1.0


def row_weights(kind: Kind, rows: Rows, budget: Budget) -> FloatArray | None:
    """(n,) what each row weighs; None where all weigh the same."""
    if kind == "regression" or budget.win_weight == 1.0:
        return None
    return np.where(rows.y > 0.0, budget.win_weight, 1.0)


class Booster(Protocol):
    """A fitted member of a blend: predicts a value, or a probability, per row."""

    @property
    def family(self) -> str:
        """Name of the family."""

    @property
    def rounds(self) -> int:
        """Trees (or epochs) that predict; the best where early stopping was asked for."""

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) features, NaN where missing -> (n,) predictions."""

    def to_text(self) -> str:
        """Native text; the family called with it predicts the very same bits."""


Fit = Callable[[Params], Booster]


class Family(Protocol):
    """A family: `fit`, its `family` name, and a call or `from_text` that reads `to_text` again.

    It may have `prepared(kind, train, valid, seed, budget) -> Fit` where trials on the same rows
    can share work (bins), a `SPACE` of its own where its parameters are not those of trees, and
    `KINDS` where it cannot fit both.
    """

    def __call__(self, text: str) -> Booster:
        """The fitted member from its native text."""

    def fit(
        self,
        kind: Kind,
        train: Rows,
        valid: Rows | None,
        params: Params,
        seed: int,
        budget: Budget,
    ) -> Booster:
        """Fit; with `valid` stop early and keep the best round, else grow `budget.max_rounds`."""


FALLBACK = ("lightgbm",)
"""What stands in where no named family can fit the targets."""
_REGISTRY: dict[str, Any] = {}
_ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "lightgbm": ("mlplatform.models.boosting", "LightGbm"),
    "xgboost": ("mlplatform.models.boosting", "XgBoost"),
    "keras": ("mlplatform.models.neural.network", "KerasNet"),
    "linear": ("mlplatform.models.linear", "SparseLogistic"),
}


def register_family(family: Any, name: str | None = None) -> None:
    """Make a family known under its name; ValueError where another class already has it."""
    name = name or str(family.family)
    if _REGISTRY.setdefault(name, family) is not family:
        raise ValueError(f"there is another family {name}")


def known_families() -> tuple[str, ...]:
    """Names of all families, imported or not."""
    return tuple(sorted({*_REGISTRY, *_ELSEWHERE}))


def family_of(name: str) -> Any:
    """The family of that name, imported where needed; KeyError for an unknown one."""
    if name not in _REGISTRY:
        module, attribute = _ELSEWHERE[name]
        _REGISTRY[name] = getattr(import_module(module), attribute)
    return _REGISTRY[name]


def families_for(kind: Kind, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the families that can fit such targets; `FALLBACK` where none can."""
    able = tuple(name for name in names if kind in getattr(family_of(name), "KINDS", (kind,)))
    return able or FALLBACK


def space_of(name: str, default: Space) -> Space:
    """What is searched for a family: its own space, else the default one."""
    family = family_of(name)
    own = getattr(family, "SPACE", None)
    if own is None and family.__module__ != "mlplatform.models.boosting":
        own = getattr(import_module(family.__module__), "SPACE", None)
    return own or default


def prepared_fit(
    name: str, kind: Kind, rows: tuple[Rows, Rows | None], seed: int, budget: Budget
) -> Fit:
    """Fits of one family on the same (train, valid) rows; what trials share is made once."""
    family, (train, valid) = family_of(name), rows
    if hasattr(family, "prepared"):
        fit: Fit = family.prepared(kind, train, valid, seed, budget)
        return fit
    return lambda params: family.fit(kind, train, valid, params, seed, budget)


def load_booster(name: str, text: str) -> Booster:
    """The fitted member of that family from its native text; KeyError for an unknown family."""
    family = family_of(name)
    read = getattr(family, "from_text", family)
    booster: Booster = read(text)
    return booster
