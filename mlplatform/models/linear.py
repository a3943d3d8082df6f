"""A sparse linear member for probabilities: logistic regression with few features kept.

On the few hundred candidates of a window it ranks better than trees where an effect is near to
linear, and its errors are other ones than theirs: a good member of a stack.
"""

import json
from dataclasses import asdict, dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, Rows
from mlplatform.models.families import Budget, Kind, row_weights
from mlplatform.models.space import Params, Real, Space

SPACE = Space(
    ranges={"inverse_penalty": Real(0.003, 0.3, log=True)}, first={"inverse_penalty": 0.05}
)
_FARTHEST_SD = 5.0
_MOST_STEPS = 2000
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class SparseLogistic:
    """Fitted on standardised features, gaps at their mean, outliers drawn in to five deviations.

    The penalty is on the sum of absolute coefficients (R. Tibshirani 1996); liblinear's coordinate
    descent (R.-E. Fan et al. 2008) finds the same bits for the same rows and seed.
    """

    mean: tuple[float, ...]
    spread: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    family = "linear"
    KINDS = ("binary",)
    """It cannot say how the best stop depends on features: that is an interaction."""
    MOST_TRIALS = 6
    """One parameter needs no more."""
    rounds = 1

    @classmethod
    def fit(
        cls,
        kind: Kind,
        train: Rows,
        valid: Rows | None,  # noqa: ARG003 - it does not stop early
        params: Params,
        seed: int,
        budget: Budget,
    ) -> "SparseLogistic":
        """Fit on the training rows; ValueError for anything but probabilities."""
        if kind not in cls.KINDS:
            raise ValueError(f"family {cls.family} fits probabilities only")
        from sklearn.linear_model import LogisticRegression

        known = ~np.isnan(train.x)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, train.x, 0.0).sum(axis=0) / count
        off = np.where(known, train.x - mean, 0.0)
        spread = np.sqrt((off * off).sum(axis=0) / count)
        spread = np.where(spread > 0.0, spread, 1.0)
        model = LogisticRegression(
            C=float(params["inverse_penalty"]),
            l1_ratio=1.0,
            solver="liblinear",
            intercept_scaling=_FARTHEST_SD,
            max_iter=_MOST_STEPS,
            tol=_TOLERANCE,
            random_state=seed % 2**31,
        )
        z = _standardised(train.x, mean, spread)
        model.fit(z, train.y > 0.0, sample_weight=row_weights(kind, train, budget))
        fitted = model.coef_[0].tolist(), float(model.intercept_[0])
        return cls(tuple(mean.tolist()), tuple(spread.tolist()), tuple(fitted[0]), fitted[1])

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) probability; sums are own, so one row gives the bits of many."""
        z = _standardised(x, np.array(self.mean), np.array(self.spread))
        odds = (z * np.array(self.coefficients)).sum(axis=1) + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))

    def to_text(self) -> str:
        """Its numbers as JSON, to the last bit."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "SparseLogistic":
        """The member of `to_text`."""
        body = json.loads(text)
        mean, spread, found = (tuple(body[key]) for key in ("mean", "spread", "coefficients"))
        return cls(mean, spread, found, float(body["intercept"]))


def _standardised(x: FloatArray, mean: FloatArray, spread: FloatArray) -> FloatArray:
    z = (x - mean) / spread
    return np.clip(np.where(np.isnan(z), 0.0, z), -_FARTHEST_SD, _FARTHEST_SD)
