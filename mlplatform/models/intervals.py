"""How sure a score is: bootstrap over days, and the reliability curve.

Trades of one day share its weather, so whole days are drawn, not rows (B. Efron, R. Tibshirani, An
Introduction to the Bootstrap, 1993; H. Kuensch on blocks, 1989).
"""

from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray
from mlplatform.models.scores import log_losses

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Interval:
    """The central 90 % of a score over resampled days."""

    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """Intervals of the three scores; `days` is how many (UTC) days were drawn from."""

    days: int
    auc: Interval
    brier: Interval
    log_loss: Interval


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows of like probability: what was said on average, and what share won."""

    mean_probability: float
    win_frac: float
    rows: int


def bootstrap_intervals(
    y: FloatArray,
    score: FloatArray,
    probability: FloatArray,
    decision_ts: IntArray,
    seed: int,
    draws: int = 200,
) -> Intervals | None:
    """Intervals of AUC (of the raw score), Brier score and log loss, all inputs (n,).

    None where there are fewer than five days or the outcomes are all the same. Draws without both
    outcomes have no AUC, and do not count for it.
    """
    days, day = np.unique(decision_ts // _DAY_US, return_inverse=True)
    if len(days) < 5 or len(np.unique(y)) < 2:
        return None
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(days), np.full(len(days), 1.0 / len(days)), size=draws)
    brier, loss = (y - probability) ** 2, log_losses(y, probability)
    _, rank = np.unique(score, return_inverse=True)
    areas, means = [], []
    for counts in drawn:
        weight = counts[day].astype(np.float64)
        means.append([(weight * each).sum() / weight.sum() for each in (brier, loss)])
        area = _weighted_auc(y, rank, weight)
        if area is not None:
            areas.append(area)
    briers, losses = np.array(means).T
    return Intervals(len(days), _middle(np.array(areas)), _middle(briers), _middle(losses))


def _weighted_auc(y: FloatArray, rank: IntArray, weight: FloatArray) -> float | None:
    won = np.bincount(rank, weight * y)
    lost = np.bincount(rank, weight * (1.0 - y))
    pairs = won.sum() * lost.sum()
    if pairs <= 0.0:
        return None
    below = np.cumsum(lost) - lost
    return float((won * (below + 0.5 * lost)).sum() / pairs)


def _middle(values: FloatArray) -> Interval:
    low, high = np.quantile(values, (0.05, 0.95))
    return Interval(float(low), float(high))


def reliability_curve(
    y: FloatArray, probability: FloatArray, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Rows in order of probability in `bins` bins of like count; equal values stay together."""
    edges = np.quantile(probability, np.linspace(0.0, 1.0, bins + 1)[1:-1])
    place = np.searchsorted(edges, probability, side="left")
    curve = []
    for one in np.unique(place):
        inside = place == one
        said, won = float(probability[inside].mean()), float(y[inside].mean())
        curve.append(ReliabilityBin(said, won, int(inside.sum())))
    return tuple(curve)
