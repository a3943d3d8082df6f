"""Raw scores into probabilities, by the method that a purged cross-check prefers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray
from mlplatform.models.scores import squared_error
from mlplatform.models.splits import Fold, purged_blocks

_EPS = 1e-6


def _logit(probability: FloatArray) -> FloatArray:
    p = np.clip(probability, _EPS, 1.0 - _EPS)
    return np.asarray(np.log(p) - np.log1p(-p))


@dataclass(frozen=True)
class Sigmoid:
    """A logistic curve over the score's log odds (J. Platt 1999); the slope is never negative."""

    slope: float
    intercept: float
    method: str = "sigmoid"

    def apply(self, score: FloatArray) -> FloatArray:
        """(n,) raw probability -> (n,) calibrated probability."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * _logit(score) + self.intercept))))


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
    """Platt's fit with his smoothed targets; a falling curve is replaced by the flat base rate."""
    from sklearn.linear_model import LogisticRegression

    wins = float(y.sum())
    losses = len(y) - wins
    target = np.where(y > 0, (wins + 1.0) / (wins + 2.0), 1.0 / (losses + 2.0))
    z = _logit(score)
    flat = Sigmoid(0.0, float(_logit(np.array([target.mean()]))[0]))
    if float(np.ptp(z)) < _EPS:
        return flat
    # Two weighted copies of each row are the logistic fit to a target between 0 and 1.
    fitted = LogisticRegression(C=np.inf, max_iter=1000).fit(
        np.concatenate([z, z])[:, None],
        np.concatenate([np.ones(len(z)), np.zeros(len(z))]),
        sample_weight=np.concatenate([target, 1.0 - target]),
    )
    slope = float(fitted.coef_[0, 0])
    return Sigmoid(slope, float(fitted.intercept_[0])) if slope > 0 else flat


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
    n_blocks: int = 3,
) -> Calibration:
    """Choose isotonic or sigmoid by the lower Brier score over purged blocks, then fit it on all.

    Below `isotonic_min_rows` only the sigmoid is considered: steps would follow single rows.
    """
    folds = purged_blocks(decision_ts, label_end_ts, n_blocks)
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
