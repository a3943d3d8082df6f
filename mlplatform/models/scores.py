"""How good predictions are: proper scores and rank quality."""

import numpy as np

from mlplatform.models.arrays import FloatArray

_EPS = 1e-12
_ODDS_EPS = 1e-6


def squared_error(y: FloatArray, prediction: FloatArray) -> float:
    """Mean squared error, in the target's unit squared; of probabilities: the Brier score."""
    return float(np.mean((y - prediction) ** 2))


def log_loss(y: FloatArray, probability: FloatArray) -> float:
    """Mean negative log likelihood of 0/1 outcomes, in nats."""
    return float(np.mean(log_losses(y, probability)))


def log_losses(y: FloatArray, probability: FloatArray, least: float = _EPS) -> FloatArray:
    """(n,) negative log likelihood of each 0/1 outcome, in nats; p is kept `least` off 0 and 1."""
    p = np.clip(probability, least, 1.0 - least)
    return np.asarray(-(y * np.log(p) + (1.0 - y) * np.log1p(-p)))


def log_odds(probability: FloatArray) -> FloatArray:
    """log(p / (1 - p)), p kept off 0 and 1."""
    p = np.clip(probability, _ODDS_EPS, 1.0 - _ODDS_EPS)
    return np.asarray(np.log(p) - np.log1p(-p))


def auc(y: FloatArray, score: FloatArray) -> float:
    """Area under the ROC curve, ties counted half; ValueError where y has one class only."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(y)) < 2:
        raise ValueError("AUC needs winners and losers")
    return float(roc_auc_score(y, score))
