"""How the entry model did on its calibration slice, next to a base rate and a plain model."""

from dataclasses import dataclass, replace

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray
from mlplatform.models.calibration import Calibration
from mlplatform.models.intervals import (
    Intervals,
    ReliabilityBin,
    bootstrap_intervals,
    reliability_curve,
)
from mlplatform.models.scores import auc, log_loss, squared_error


@dataclass(frozen=True)
class SliceScores:
    """Quality on the calibration slice, which neither trained nor tuned.

    Brier scores and log losses (nats) are of probabilities whose calibrator did not see the row,
    and of a base rate that did not see it either; None where purging left nothing to compare. The
    logistic regression was fitted on the training rows and calibrated on the slice by the same
    rule. "Beats" is by log loss. Intervals are of the model's scores; days are drawn.
    """

    base_rate: float
    auc: float
    brier: float | None
    brier_base_rate: float | None
    log_loss: float | None
    log_loss_base_rate: float | None
    calibration: str
    auc_logistic: float
    brier_logistic: float | None = None
    log_loss_logistic: float | None = None
    logistic_features: tuple[str, ...] = ()
    beats_base_rate: bool = False
    beats_logistic: bool = False
    intervals: Intervals | None = None
    reliability: tuple[ReliabilityBin, ...] = ()


@dataclass(frozen=True, eq=False)
class Rival:
    """The logistic regression to beat: its scores (n,), calibrated by the same rule, its inputs."""

    score: FloatArray
    calibration: Calibration
    names: tuple[str, ...]


def score_slice(
    score: FloatArray,
    won: FloatArray,
    decision_ts: IntArray,
    calibration: Calibration,
    rival: Rival,
    seed: int,
) -> SliceScores:
    """Scores (n,) of the slice, whether each won, and when it was decided."""
    scores = _alone(score, won, calibration)
    scores = _beside(scores, won, calibration, rival)
    scores = replace(scores, logistic_features=rival.names)
    return _with_spread(scores, score, won, calibration, decision_ts, seed)


def _alone(score: FloatArray, won: FloatArray, calibration: Calibration) -> SliceScores:
    known = ~np.isnan(calibration.cross_probability)
    method = calibration.calibrator.method
    rank = auc(won, score)
    if not known.any():
        return SliceScores(float(won.mean()), rank, None, None, None, None, method, 0.5)
    y, p, base = (
        won[known],
        calibration.cross_probability[known],
        calibration.cross_base_rate[known],
    )
    return SliceScores(
        base_rate=float(won.mean()),
        auc=rank,
        brier=squared_error(y, p),
        brier_base_rate=squared_error(y, base),
        log_loss=log_loss(y, p),
        log_loss_base_rate=log_loss(y, base),
        calibration=method,
        auc_logistic=0.5,
        beats_base_rate=log_loss(y, p) < log_loss(y, base),
        reliability=reliability_curve(y, p),
    )


def _beside(
    scores: SliceScores, won: FloatArray, calibration: Calibration, rival: Rival
) -> SliceScores:
    """The scores with those of the logistic regression on the same rows."""
    scores = replace(scores, auc_logistic=auc(won, rival.score))
    if scores.log_loss is None:
        return scores
    known = ~np.isnan(calibration.cross_probability)
    y, p = won[known], rival.calibration.cross_probability[known]
    lost = log_loss(y, p)
    return replace(
        scores,
        brier_logistic=squared_error(y, p),
        log_loss_logistic=lost,
        beats_logistic=scores.log_loss < lost,
    )


def _with_spread(
    scores: SliceScores,
    score: FloatArray,
    won: FloatArray,
    calibration: Calibration,
    decision_ts: IntArray,
    seed: int,
) -> SliceScores:
    """The scores with their bootstrap intervals, on the rows that have a probability."""
    p = calibration.cross_probability
    known = ~np.isnan(p)
    if not known.any():
        return scores
    found = bootstrap_intervals(won[known], score[known], p[known], decision_ts[known], seed)
    return replace(scores, intervals=found)
