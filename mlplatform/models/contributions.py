"""What each feature adds to a model's raw score: arrays in, contributions (n, F) out.

Boosters give theirs natively (TreeSHAP: Lundberg, Erion, Chen et al., From Local Explanations to
Global Understanding with Explainable AI for Trees, 2020), in log odds for a probability. A family
without native ones is explained by sampled Shapley values (Strumbelj, Kononenko, Explaining
Prediction Models and Individual Predictions with Feature Contributions, 2014): features are
uncovered one after the other, in seeded orders and their reverses, from a row where nothing is
known. Either way base + sum of the contributions is the raw score.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlplatform.models.arrays import Columns, FloatArray, IntArray
from mlplatform.models.blend import Blend
from mlplatform.models.entry import EntryModel
from mlplatform.models.families import Booster, Kind
from mlplatform.models.scores import log_odds
from mlplatform.models.seeds import derive_seed
from mlplatform.models.stop import StopModel

_ORDERS = 4
_BATCH_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class Contributions:
    """`values` (n, F) and `base` (n,), in the unit of the raw score: log odds for a probability."""

    values: FloatArray
    base: FloatArray

    @property
    def raw(self) -> FloatArray:
        """(n,) the raw score that they make up."""
        return np.asarray(self.base + self.values.sum(axis=1))


def member_contributions(booster: Booster, x: FloatArray, kind: Kind) -> Contributions:
    """Contributions of features x (n, F) to one family's raw score."""
    native = _NATIVE.get(booster.family)
    if native is None:
        return sampled_contributions(_raw_score(booster, kind), x)
    table = np.asarray(native(booster.to_text(), x), dtype=np.float64)
    return Contributions(table[:, :-1], table[:, -1])


def sampled_contributions(
    score: Callable[[FloatArray], FloatArray], x: FloatArray, orders: int = _ORDERS, seed: int = 7
) -> Contributions:
    """Shapley values of score((m, F)) -> (m,) by `orders` orders of uncovering features x (n, F).

    The start is a row of NaN, which every family takes as missing. Orders come with their reverse,
    so an even number of them is drawn at least; the sum is exact for any number.
    """
    n, width = x.shape
    values = np.zeros((n, width))
    rng = np.random.default_rng(derive_seed(seed, "contributions", width))
    base = float(score(np.full((1, width), np.nan))[0])
    if n == 0 or width == 0:
        return Contributions(values, np.full(n, base))
    drawn = [rng.permutation(width) for _ in range(max(1, orders // 2))]
    walks = [walk for order in drawn for walk in (order, order[::-1])]
    block = max(1, _BATCH_CELLS // (width * width))
    for start in range(0, n, block):
        rows = x[start : start + block]
        for walk in walks:
            values[start : start + block][:, walk] += _uncovered(score, rows, walk, base)
    return Contributions(values / len(walks), np.full(n, base))


def _uncovered(
    score: Callable[[FloatArray], FloatArray], rows: FloatArray, walk: IntArray, base: float
) -> FloatArray:
    """(n, F) gain of score by each step of the walk, in the walk's order."""
    width = rows.shape[1]
    place = np.empty(width, dtype=np.int64)
    place[walk] = np.arange(width)
    known = place[None, :] <= np.arange(width)[:, None]  # (step, feature)
    states = np.where(known[None, :, :], rows[:, None, :], np.nan)
    scores = score(np.ascontiguousarray(states.reshape(-1, width))).reshape(len(rows), width)
    return np.diff(scores, axis=1, prepend=base)


def blend_contributions(blend: Blend, x: FloatArray) -> Contributions:
    """Contributions to the blend's raw score: those of its families by what each counts.

    Probabilities are pooled by their log odds, so these add up just as values do.
    """
    values, base = np.zeros(x.shape), np.zeros(len(x))
    for share, member in zip(blend.shares, blend.members, strict=True):
        part = member_contributions(member, x, blend.kind)
        values, base = values + share * part.values, base + share * part.base
    return Contributions(values, base)


def entry_contributions(model: EntryModel, x: FloatArray) -> Contributions:
    """Inputs x (n, F) -> contributions to the raw log odds of a win; 0 for columns left out."""
    found = blend_contributions(model.blend, model.columns.select(x))
    return Contributions(_spread(found.values, model.columns), found.base)


@dataclass(frozen=True, eq=False)
class StopContributions:
    """Why the chosen stop and not another: by how much it is expected to do better, in ATR.

    `advantage` holds contributions of the inputs (n, F); its base is what all candidates share.
    """

    chosen_atr: FloatArray
    compared_atr: FloatArray
    advantage: Contributions


def stop_contributions(model: StopModel, x: FloatArray) -> StopContributions:
    """Inputs x (n, F) -> why each stop was chosen over the best constant.

    Where it is the best constant that was chosen, it is compared with the next best of the grid.
    """
    grid, mean = np.array(model.stop_grid_atr), np.array(model.mean_net_r)
    outcome = model.predict_outcome(x)
    chosen = np.searchsorted(grid, model.predict(x))
    rows = np.arange(len(x))
    others = outcome.copy()
    others[rows, chosen] = -np.inf
    compared = np.where(chosen == mean.argmax(), others.argmax(axis=1), mean.argmax())
    weight = model.metrics.weight
    selected = model.columns.select(x)
    one, other = (
        blend_contributions(model.blend, np.column_stack([selected, grid[place]]))
        for place in (chosen, compared)
    )
    difference = weight * (one.values - other.values)
    shared = (1.0 - weight) * (mean[chosen] - mean[compared]) + weight * (one.base - other.base)
    advantage = Contributions(
        _spread(difference[:, :-1], model.columns), shared + difference[:, -1]
    )
    return StopContributions(grid[chosen], grid[compared], advantage)


def _spread(values: FloatArray, columns: Columns) -> FloatArray:
    """(n, kept) -> (n, F): 0 for the columns that the model does not read."""
    if not columns.dropped:
        return values
    whole = np.zeros((len(values), len(columns.names)))
    whole[:, columns.kept] = values
    return whole


def _raw_score(booster: Booster, kind: Kind) -> Callable[[FloatArray], FloatArray]:
    if kind == "regression":
        return booster.predict

    return lambda x: log_odds(booster.predict(x))


def _lightgbm(text: str, x: FloatArray) -> npt.NDArray[np.floating]:
    import lightgbm

    booster = lightgbm.Booster(model_str=text)
    return np.asarray(booster.predict(x, pred_contrib=True, num_threads=1))


def _xgboost(text: str, x: FloatArray) -> npt.NDArray[np.floating]:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(text.encode()))
    booster.set_param({"nthread": 1})
    return np.asarray(booster.predict(xgboost.DMatrix(x, nthread=1), pred_contribs=True))


_NATIVE: dict[str, Callable[[str, FloatArray], npt.NDArray[np.floating]]] = {
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
}
