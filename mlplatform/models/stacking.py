"""The meta-learner: how much each family counts, from predictions that are out of fold.

D. Wolpert, Stacked Generalization (1992), with weights that are not negative after L. Breiman,
Stacked Regressions (1996). Weights also add up to one and are drawn to equal ones, so the fit has
one parameter less than families and cannot do much harm on little data. Values are averaged; of
probabilities the log odds are (a logarithmic pool), so that contributions of features add up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray
from mlplatform.models.families import Kind
from mlplatform.models.scores import log_odds

_Slope = Callable[[FloatArray], FloatArray]
_STEPS = 2000
_CONVERGED = 1e-10


@dataclass(frozen=True)
class StackConfig:
    """Equal weights below `min_rows`; above, `prior_sd` is how far from equal a weight may be
    expected to lie before any row is seen (the standard deviation of a normal prior).

    Without `learn` all count the same.
    """

    learn: bool = True
    min_rows: int = 100
    prior_sd: float = 0.25


def pooled(kind: Kind, parts: Sequence[FloatArray], weights: Sequence[float]) -> FloatArray:
    """The families' predictions, each (n,), as one (n,): values averaged, or their log odds."""
    terms = [log_odds(part) for part in parts] if kind == "binary" else parts
    total = weights[0] * terms[0]
    for weight, term in zip(weights[1:], terms[1:], strict=True):
        total = total + weight * term
    return 1.0 / (1.0 + np.exp(-total)) if kind == "binary" else np.asarray(total)


def stack_weights(
    kind: Kind,
    y: FloatArray,
    parts: Sequence[FloatArray],
    config: StackConfig,
    row_weight: FloatArray | None = None,
) -> tuple[float, ...]:
    """Weights of families, >= 0 with sum 1, by least squares or log loss on out-of-fold rows.

    Projected gradient descent on a convex loss. Sums are own and in one order, so they are the same
    bits whatever threads the algebra library has.
    """
    k = len(parts)
    equal = np.full(k, 1.0 / k)
    if not config.learn or k == 1 or len(y) < config.min_rows:
        return tuple(equal.tolist())
    z = np.column_stack([log_odds(p) if kind == "binary" else p for p in parts])
    u = np.ones(len(y)) if row_weight is None else row_weight / row_weight.mean()
    noise = float(np.mean(u * (y - z.mean(axis=1)) ** 2)) if kind == "regression" else 1.0
    if noise <= 0.0:
        return tuple(equal.tolist())
    pull = noise / (config.prior_sd**2 * len(y))  # posterior mode: variance over prior variance
    steepest = float((u[:, None] * z * z).sum() / len(y)) * (0.25 if kind == "binary" else 1.0)
    step = 1.0 / (steepest + pull)
    slope = _slope_of_log_loss(z, y, u) if kind == "binary" else _slope_of_squares(z, y, u)
    weights = equal
    for _ in range(_STEPS):
        moved = _on_simplex(weights - step * (slope(weights) + pull * (weights - equal)))
        if np.abs(moved - weights).max() < _CONVERGED:
            break
        weights = moved
    return tuple(weights.tolist())


def _slope_of_log_loss(z: FloatArray, y: FloatArray, u: FloatArray) -> _Slope:
    def slope(weights: FloatArray) -> FloatArray:
        error = u * (1.0 / (1.0 + np.exp(-(z * weights).sum(axis=1))) - y)
        return np.asarray((z * error[:, None]).sum(axis=0) / len(y))

    return slope


def _slope_of_squares(z: FloatArray, y: FloatArray, u: FloatArray) -> _Slope:
    k = z.shape[1]
    gram = np.array([[float((u * z[:, i] * z[:, j]).mean()) for j in range(k)] for i in range(k)])
    cross = np.array([float((u * z[:, i] * y).mean()) for i in range(k)])

    def slope(weights: FloatArray) -> FloatArray:
        return np.asarray((gram * weights).sum(axis=1) - cross)

    return slope


def _on_simplex(point: FloatArray) -> FloatArray:
    """The nearest point with coordinates >= 0 and sum 1 (J. Duchi et al. 2008, figure 1)."""
    ordered = np.sort(point)[::-1]
    excess = (np.cumsum(ordered) - 1.0) / np.arange(1, len(point) + 1)
    last = int(np.flatnonzero(ordered > excess)[-1])
    return np.asarray(np.maximum(point - excess[last], 0.0))
