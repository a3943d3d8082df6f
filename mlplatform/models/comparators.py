"""The plain model that an entry model must beat: logistic regression on five features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import Columns, FloatArray

FIVE_FEATURES = ("momentum20", "vwap_gap_atr", "volume_ratio20", "volatility_level", "rsi14")
"""One each of trend, place, volume, volatility and oscillator; named before any result was seen."""
_STEPS = 50
_CONVERGED = 1e-10


@dataclass(frozen=True, eq=False)
class LogisticRegression:
    """A logistic curve over standardised features; gaps read as the training median."""

    names: tuple[str, ...]
    places: tuple[int, ...]
    median: FloatArray
    mean: FloatArray
    spread: FloatArray
    coefficients: FloatArray

    def predict(self, x: FloatArray) -> FloatArray:
        """All given features (n, F) -> (n,) probability."""
        z = _design((_filled(x[:, self.places], self.median) - self.mean) / self.spread)
        return np.asarray(1.0 / (1.0 + np.exp(-(z * self.coefficients).sum(axis=1))))


def fit_logistic(
    x: FloatArray, y: FloatArray, columns: Columns, wanted: Sequence[str], l2: float = 1.0
) -> LogisticRegression:
    """Fit on training rows x (n, F), y (n,) of 0/1, by Newton steps under a ridge.

    It reads the `wanted` columns that are usable, and where some are not, the first usable others
    until it has as many. Sums are own, so they are the same bits on any number of threads.
    """
    usable = [columns.names[place] for place in columns.kept]
    chosen = [name for name in wanted if name in usable]
    chosen += [name for name in usable if name not in chosen][: len(wanted) - len(chosen)]
    places = tuple(columns.names.index(name) for name in chosen)
    median = np.nanmedian(x[:, places], axis=0)
    filled = _filled(x[:, places], median)
    mean, spread = filled.mean(axis=0), filled.std(axis=0)
    spread = np.where(spread > 0.0, spread, 1.0)
    fitted = _newton(_design((filled - mean) / spread), y, l2)
    return LogisticRegression(tuple(chosen), places, median, mean, spread, fitted)


def _filled(x: FloatArray, median: FloatArray) -> FloatArray:
    return np.where(np.isnan(x), median, x)


def _design(z: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(z)), z])


def _newton(z: FloatArray, y: FloatArray, l2: float) -> FloatArray:
    """Coefficients of the penalised log likelihood; the intercept is free."""
    ridge = np.full(z.shape[1], l2)
    ridge[0] = 0.0
    coefficients = np.zeros(z.shape[1])
    rate = float(np.clip(y.mean(), 1e-3, 1.0 - 1e-3))
    coefficients[0] = np.log(rate / (1.0 - rate))
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-(z * coefficients).sum(axis=1)))
        slope = (z * (p - y)[:, None]).sum(axis=0) + ridge * coefficients
        curve = np.einsum("n,ni,nj->ij", p * (1.0 - p), z, z) + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        coefficients = coefficients - step
        if np.abs(step).max() < _CONVERGED:
            break
    return np.asarray(coefficients)
