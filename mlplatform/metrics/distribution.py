"""The shape of the daily returns."""

import numpy as np

from mlplatform.metrics.returns import NO_DAYS, ROUNDING_FRAC, Floats
from mlplatform.metrics.risk import is_constant
from mlplatform.metrics.undefined import Metric, Undefined


def skewness(values: Floats) -> Metric:
    """Adjusted Fisher-Pearson skewness G1 (as pandas `skew`); Joanes and Gill (1998)."""
    n = values.size
    if n < 3:
        return Undefined("skewness needs three trading days")
    if is_constant(values):
        return Undefined("daily returns do not vary")
    centred = values - np.mean(values)
    g1 = np.mean(centred**3) / np.mean(centred**2) ** 1.5
    return float(g1 * np.sqrt(n * (n - 1)) / (n - 2))


def excess_kurtosis(values: Floats) -> Metric:
    """Adjusted excess kurtosis G2, 0 for a normal distribution (as pandas `kurt`); same source."""
    n = values.size
    if n < 4:
        return Undefined("kurtosis needs four trading days")
    if is_constant(values):
        return Undefined("daily returns do not vary")
    centred = values - np.mean(values)
    g2 = np.mean(centred**4) / np.mean(centred**2) ** 2 - 3.0
    return float((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6.0))


def tail_ratio(returns: Floats) -> Metric:
    """`|95 % quantile| / |5 % quantile|` of daily returns: above 1, the good tail is longer."""
    if returns.size == 0:
        return Undefined(NO_DAYS)
    low, high = np.quantile(returns, (0.05, 0.95))
    if abs(low) <= ROUNDING_FRAC:
        return Undefined("the 5 % quantile of daily returns is zero")
    return float(abs(high) / abs(low))


def gain_to_pain(returns: Floats) -> Metric:
    """`sum(r) / |sum(min(r, 0))|`, Schwager's ratio on daily (his: monthly) returns."""
    pain = float(-np.sum(np.minimum(returns, 0.0)))
    if pain <= ROUNDING_FRAC:
        return Undefined("no day lost money")
    return float(np.sum(returns)) / pain
