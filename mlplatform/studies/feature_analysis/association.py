"""Whether a feature says anything about the outcome, and how many would seem to by chance."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit
from scipy.stats import false_discovery_control, rankdata

from mlplatform.studies.feature_analysis.expectancy import MINIMUM_DAYS
from mlplatform.studies.feature_analysis.sample import Bools, CandidateSample, Floats, Ints

DISCOVERY_RATE = 0.05
"""Expected share of false ones among the discoveries."""


@dataclass(frozen=True, eq=False)
class Association:
    """Each (F,). NaN where there are too few days."""

    rank_correlation: Floats
    """Of the feature's rank and R: better trades at high values (+) or at low ones (-).

    R itself, not its rank: losses differ by little but their costs, and ranks would make those
    small differences great ones.
    """
    fold_correlation: Floats
    """Of the distance to the feature's median rank and R: at extremes (+) or in the middle (-)."""
    correlation_by_chance: Floats
    """What |rank_correlation| of a feature that says nothing stays below with 95 %."""
    p_value: Floats
    """The smaller of both tests' p, doubled, for two were made."""
    q_value: Floats
    """Corrected for the number of features looked at, by Benjamini and Hochberg."""
    is_discovery: Bools
    shape: tuple[str, ...]
    """rising, falling, extremes or middle where it is a discovery, else noise."""


def association_of(sample: CandidateSample) -> Association:
    """Of rows with an outcome.

    The p-value is that of a t-test over days: each day's contribution to the covariance is
    one observation, since candidates of a day share its market; rows as observations would find
    far too much. q-values: Benjamini and Hochberg (1995), valid also for positively dependent tests
    (Benjamini and Yekutieli 2001).
    """
    rising, folded, limit = np.full((3, len(sample.names)), np.nan)
    p = np.full((2, len(sample.names)), np.nan)
    for place in range(len(sample.names)):
        values = sample.x[:, place]
        known = ~np.isnan(values)
        r, day = sample.r[known], sample.day[known]
        if r.size == 0:
            continue
        rank = rankdata(values[known]) - (r.size + 1) / 2
        rising[place], p[0, place], limit[place] = _tested(rank, r, day)
        folded[place], p[1, place], _ = _tested(np.abs(rank), r, day)
    both = np.minimum(1.0, 2.0 * np.fmin(p[0], p[1]))
    q = corrected(both)
    found = q <= DISCOVERY_RATE
    shapes = [
        _shape(*row)
        for row in zip(found, rising, folded, np.nan_to_num(p[0], nan=1.0), p[1], strict=True)
    ]
    return Association(rising, folded, limit, both, q, found, tuple(shapes))


def corrected(p: Floats) -> Floats:
    """Benjamini-Hochberg q-values; NaN is not counted as looked at, and stays."""
    q, known = np.full(p.shape, np.nan), ~np.isnan(p)
    if known.any():
        q[known] = false_discovery_control(p[known], method="bh")
    return q


def _tested(feature: Floats, r: Floats, day: Ints) -> tuple[float, float, float]:
    """Correlation, the p-value of the t-test over the days' parts of the covariance, and the
    correlation at which that were 0.05.
    """
    a, b = feature - feature.mean(), r - r.mean()
    product = a * b
    # No `@`: a short dot in many threads waits for them on a busy machine.
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    present = np.bincount(day) > 0
    n = int(present.sum())
    if n < MINIMUM_DAYS or scale <= 0.0:
        return np.nan, np.nan, np.nan
    part = np.bincount(day, product)[present]
    spread = float(part.std(ddof=1))
    correlation = float(product.sum()) / scale
    if spread <= 0.0:
        return correlation, np.nan, np.nan
    t = float(part.mean()) / spread * np.sqrt(n)
    limit = float(stdtrit(n - 1, 0.975)) * spread * np.sqrt(n) / scale
    return correlation, float(2.0 * stdtr(n - 1, -abs(t))), limit


def _shape(found: bool, rising: float, folded: float, p_rising: float, p_folded: float) -> str:
    if not found:
        return "noise"
    if np.isnan(p_folded) or p_rising <= p_folded:
        return "rising" if rising > 0 else "falling"
    return "extremes" if folded > 0 else "middle"
