"""How likely a Sharpe ratio is skill: probabilistic and deflated.

Own code because the libraries do not fit: `skfolio` 1.12 and `purgedcv` 0.1 take returns, never the
moments, so that the published example could not be asked of them; the one brings a convex solver
along, the other takes 1.6 s to import. Tests hold these functions to `purgedcv` and to the
published figures.
"""

from dataclasses import dataclass

import numpy as np

from mlplatform.metrics.distribution import excess_kurtosis, skewness
from mlplatform.metrics.ratios import sharpe_ratio
from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined


@dataclass(frozen=True)
class Moments:
    """What the probability of a Sharpe ratio depends on; per day, not annualised."""

    sharpe: float
    days: int
    skew: float = 0.0
    kurtosis: float = 3.0
    """Not in excess: 3 for a normal distribution."""


def moments_of(returns: Floats) -> Moments | Undefined:
    """The moments of daily returns; Undefined below four days, or where they do not vary."""
    sharpe, skew, excess = sharpe_ratio(returns, 1.0), skewness(returns), excess_kurtosis(returns)
    if isinstance(sharpe, Undefined):
        return sharpe
    if isinstance(skew, Undefined):
        return skew
    if isinstance(excess, Undefined):
        return excess
    return Moments(sharpe, returns.size, skew, excess + 3.0)


def sharpe_variance(of: Moments) -> float:
    """Variance of an estimated daily Sharpe ratio: `(1 - g3 SR + (g4 - 1) / 4 SR^2) / (T - 1)`.

    Source: Bailey and Lopez de Prado (2012), equation 6; Mertens (2002).
    """
    spread = 1.0 - of.skew * of.sharpe + (of.kurtosis - 1.0) / 4.0 * of.sharpe**2
    return spread / (of.days - 1.0)


def probabilistic_sharpe(of: Moments, benchmark: float = 0.0) -> Metric:
    """Probability that the true daily Sharpe ratio is above a benchmark (per day).

    Source: Bailey and Lopez de Prado (2012), The Sharpe Ratio Efficient Frontier, equation 7.
    """
    from scipy.special import ndtr

    variance = sharpe_variance(of)
    if variance <= 0.0:
        return Undefined("the tails of the daily returns are too extreme for the formula")
    return float(ndtr((of.sharpe - benchmark) / np.sqrt(variance)))


def expected_best_sharpe(trials: int, variance: float) -> float:
    """SR0: the daily Sharpe ratio that the best of `trials` without skill is expected to show.

    `variance` is that of the trials' daily Sharpe ratios; the trials count as independent, which is
    the severest reading. 0 for one trial. Source: Bailey and Lopez de Prado (2014), equation 1.
    """
    from scipy.special import ndtri

    if trials < 2:
        return 0.0
    quantiles = ndtri([1.0 - 1.0 / trials, 1.0 - 1.0 / (trials * np.e)])
    weights = (1.0 - np.euler_gamma, np.euler_gamma)
    return float(np.sqrt(variance) * np.dot(weights, quantiles))


def deflated_sharpe(of: Moments, trials: int, variance: float) -> Metric:
    """Probability that the true Sharpe ratio is above zero, had it been the best of `trials`:
    `probabilistic_sharpe` over `expected_best_sharpe`. Source: the same, equation 2.
    """
    return probabilistic_sharpe(of, expected_best_sharpe(trials, variance))
