"""How much the daily returns scatter, and how bad their bad days are."""

import numpy as np

from mlplatform.metrics.returns import DAYS_A_YEAR, NO_DAYS, ROUNDING_FRAC, Floats
from mlplatform.metrics.undefined import Metric, Undefined

TAIL_FRAC = 0.05
"""Share of the days that make the tail of VaR and CVaR."""

ONE_DAY = "a standard deviation needs two trading days"


def is_constant(values: Floats) -> bool:
    """Whether all values are one number up to rounding, so that dividing by their scatter is noise.

    The tolerance is `ROUNDING_FRAC`, plus 1e-9 of the largest value.
    """
    if values.size == 0:
        return True
    return bool(np.ptp(values) <= ROUNDING_FRAC + 1e-9 * np.max(np.abs(values)))


def volatility(returns: Floats, periods_a_year: float = DAYS_A_YEAR) -> Metric:
    """Annual volatility: `std(r, ddof=1) * sqrt(252)`; exactly 0 where all returns are equal."""
    if returns.size < 2:
        return Undefined(ONE_DAY)
    if is_constant(returns):
        return 0.0
    return float(np.std(returns, ddof=1) * np.sqrt(periods_a_year))


def downside_deviation(returns: Floats, periods_a_year: float = DAYS_A_YEAR) -> Metric:
    """Annual downside deviation: `sqrt(mean(min(r, 0)^2)) * sqrt(252)`, over all days.

    Source: Sortino and Price (1994), target 0. The mean is over all n days, not the losing ones.
    """
    if returns.size == 0:
        return Undefined(NO_DAYS)
    worst = float(-np.min(returns, initial=0.0))
    if worst == 0.0:
        return 0.0
    # Relative to the worst, so that the square of a tiny return does not vanish.
    share = np.sqrt(np.mean((np.minimum(returns, 0.0) / worst) ** 2))
    return float(worst * share * np.sqrt(periods_a_year))


def value_at_risk(returns: Floats, tail_frac: float = TAIL_FRAC) -> Metric:
    """Historical one-day value at risk: minus the 5 % quantile of daily returns.

    The quantile is interpolated linearly between order statistics, as `numpy.quantile` does. A
    loss is positive. (empyrical gives the same with the sign of the return; quantstats fits a
    normal distribution instead and differs in the tail.)
    """
    if returns.size == 0:
        return Undefined(NO_DAYS)
    return -float(np.quantile(returns, tail_frac))


def conditional_value_at_risk(returns: Floats, tail_frac: float = TAIL_FRAC) -> Metric:
    """Historical one-day CVaR (expected shortfall): minus the mean of the worst days' returns.

    The worst days are the `floor(0.05 * (n - 1)) + 1` lowest, which are those at or below the
    quantile of `value_at_risk`; so CVaR is never below VaR. A loss is positive.
    """
    if returns.size == 0:
        return Undefined(NO_DAYS)
    count = int(tail_frac * (returns.size - 1)) + 1
    return -float(np.mean(np.partition(returns, count - 1)[:count]))
