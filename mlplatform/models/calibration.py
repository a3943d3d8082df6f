"""Raw scores into probabilities, by the method that a purged cross-check prefers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray
from mlplatform.models.scores import log_odds, squared_error
from mlplatform.models.splits import Fold, purged_blocks

_LEAST_STEP = 1e-6
_RIDGE = 1e-9
_CONVERGED = 1e-14
_NEWTON_STEPS = 50
_LEAST_SLOPE = 0.02


@dataclass(frozen=True)
class Sigmoid:
    """A logistic curve over the score's log odds (J. Platt 1999); the slope is always positive."""

    slope: float
    intercept: float
    method: str = "sigmoid"

    def apply(self, score: FloatArray) -> FloatArray:
        """(n,) raw probability -> (n,) calibrated probability."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * log_odds(score) + self.intercept))))


@dataclass(frozen=True)
class Isotonic:
    """A rising step line through knots (B. Zadrozny, C. Elkan 2002), kept off 0 and 1."""

    knots: tuple[float, ...]
    values: tuple[float, ...]
    method: str = "isotonic"

    def apply(self, score: FloatArray) -> FloatArray:
        """(n,) raw probability -> (n,) calibrated probability."""
        return np.asarray(np.interp(score, self.knots, self.values))


Calibrator = Sigmoid | Isotonic
_Fit = Callable[[FloatArray, FloatArray], Calibrator]


@dataclass(frozen=True)
class Calibration:
    """The calibrator fitted on the whole slice, and what the cross-check said.

    `cross_probability` (n,) holds for each row of the slice the probability by calibrators that
    did not see it, NaN where no other row was left; `cross_base_rate` likewise the share of wins.
    """

    calibrator: Calibrator
    cross_probability: FloatArray
    cross_base_rate: FloatArray


def fit_sigmoid(score: FloatArray, y: FloatArray) -> Sigmoid:
    """Platt's fit with his smoothed targets; a falling curve is replaced by one that hardly rises.

    It stays at the base rate, and keeps the order of the scores for who must choose all the same.

    Newton steps with halving, after H.-T. Lin, C.-J. Lin, R. Weng, A Note on Platt's Probabilistic
    Outputs for Support Vector Machines (2007). Own sums instead of a solver's: they are the same
    bits however many threads the algebra library has.
    """
    wins = float(y.sum())
    target = np.where(y > 0, (wins + 1.0) / (wins + 2.0), 1.0 / (len(y) - wins + 2.0))
    start = float(log_odds(np.array([target.mean()]))[0])
    z = log_odds(score)
    slope, intercept = 0.0, start
    loss = _logistic_loss(z, target, slope, intercept)
    for _ in range(_NEWTON_STEPS):
        turn, lift = _newton_step(z, target, slope, intercept)
        step = 1.0
        while step > _LEAST_STEP:
            tried = _logistic_loss(z, target, slope - step * turn, intercept - step * lift)
            if tried <= loss:
                break
            step /= 2.0
        else:
            break
        slope, intercept = slope - step * turn, intercept - step * lift
        if loss - tried < _CONVERGED:
            break
        loss = tried
    if slope >= _LEAST_SLOPE:
        return Sigmoid(slope, intercept)
    return Sigmoid(_LEAST_SLOPE, start - _LEAST_SLOPE * float(z.mean()))


def _logistic_loss(z: FloatArray, target: FloatArray, slope: float, intercept: float) -> float:
    odds = slope * z + intercept
    return float(np.mean(np.logaddexp(0.0, odds) - target * odds))


def _newton_step(
    z: FloatArray, target: FloatArray, slope: float, intercept: float
) -> tuple[float, float]:
    """Inverse Hessian times gradient of the mean logistic loss, by Cramer's rule."""
    p = 1.0 / (1.0 + np.exp(-(slope * z + intercept)))
    error, weight = p - target, p * (1.0 - p)
    g1, g2 = float(np.mean(error * z)), float(np.mean(error))
    # The ridge keeps a constant score solvable.
    h11 = float(np.mean(weight * z * z)) + _RIDGE
    h12, h22 = float(np.mean(weight * z)), float(np.mean(weight)) + _RIDGE
    determinant = h11 * h22 - h12 * h12
    return (h22 * g1 - h12 * g2) / determinant, (h11 * g2 - h12 * g1) / determinant


def fit_isotonic(score: FloatArray, y: FloatArray) -> Isotonic:
    """Pool adjacent violators; values stay 1/(n+2) away from 0 and 1, so no bet is ever certain."""
    from sklearn.isotonic import IsotonicRegression

    margin = 1.0 / (len(y) + 2.0)
    fitted = IsotonicRegression(y_min=margin, y_max=1.0 - margin, out_of_bounds="clip")
    fitted.fit(score, y)
    return Isotonic(
        tuple(float(v) for v in fitted.X_thresholds_), tuple(float(v) for v in fitted.y_thresholds_)
    )


def calibrate(
    score: FloatArray,
    y: FloatArray,
    decision_ts: IntArray,
    label_end_ts: IntArray,
    isotonic_min_rows: int = 200,
    embargo: int = 0,
    n_blocks: int = 3,
) -> Calibration:
    """Choose isotonic or sigmoid by the lower Brier score over purged blocks, then fit it on all.

    Blocks are `embargo` microseconds apart from what they are judged by.

    Below `isotonic_min_rows` only the sigmoid is considered: steps would follow single rows.
    """
    folds = purged_blocks(decision_ts, label_end_ts, n_blocks, embargo)
    fits: dict[str, _Fit] = {"sigmoid": fit_sigmoid}
    if len(y) >= isotonic_min_rows:
        fits["isotonic"] = fit_isotonic
    crossed = {name: _crossed(score, y, folds, fit) for name, fit in fits.items()}
    known = ~np.isnan(crossed["sigmoid"])
    best = "sigmoid"
    if "isotonic" in crossed and known.any():
        errors = {n: squared_error(y[known], p[known]) for n, p in crossed.items()}
        best = min(errors, key=lambda name: errors[name])
    base = np.full(len(y), np.nan)
    for fold in folds:
        base[fold.valid] = y[fold.train].mean()
    return Calibration(fits[best](score, y), crossed[best], base)


def _crossed(score: FloatArray, y: FloatArray, folds: list[Fold], fit: _Fit) -> FloatArray:
    out = np.full(len(y), np.nan)
    for fold in folds:
        out[fold.valid] = fit(score[fold.train], y[fold.train]).apply(score[fold.valid])
    return out
