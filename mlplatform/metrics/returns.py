"""Equity marks into returns: daily, cumulative, total, annual."""

import numpy as np
from numpy.typing import NDArray

from mlplatform.metrics.undefined import Metric, Undefined

Floats = NDArray[np.float64]

DAYS_A_YEAR = 252.0
"""Trading days by which daily figures are annualised."""

ROUNDING_FRAC = 1e-12
"""What the division of two marks leaves: a return as small is no gain and no loss."""

NO_DAYS = "there is no trading day"
WIPED_OUT = "equity fell to zero or below, so returns on it mean nothing"


def daily_returns(equity_usd: Floats, capital_usd: float) -> Floats | Undefined:
    """Simple returns `e[t] / e[t-1] - 1` of the daily marks, the first on the capital; shape (n,).

    Undefined where an equity that a return is taken on is not positive (a futures account can owe).
    """
    before = np.concatenate(([capital_usd], equity_usd[:-1]))[: equity_usd.size]
    if np.any(before <= 0.0):
        return Undefined(WIPED_OUT)
    return np.asarray(equity_usd / before - 1.0, dtype=np.float64)


def cumulative_returns(returns: Floats) -> Floats:
    """Compounded return since the start after each day, as a fraction; shape (n,)."""
    return np.asarray(np.cumprod(1.0 + returns) - 1.0, dtype=np.float64)


def total_return(equity_usd: Floats, capital_usd: float) -> float:
    """Last mark over capital, minus one; 0 without days. Defined even for an equity below zero."""
    return float(equity_usd[-1] / capital_usd - 1.0) if equity_usd.size else 0.0


def cagr(returns: Floats, periods_a_year: float = DAYS_A_YEAR) -> Metric:
    """Compound annual growth rate: `prod(1 + r) ** (252 / n) - 1`.

    It extrapolates: of a few weeks it says little, however exact it looks.
    """
    if returns.size == 0:
        return Undefined(NO_DAYS)
    growth = float(np.prod(1.0 + returns))
    if growth <= 0.0:
        return Undefined(WIPED_OUT)
    exponent = periods_a_year / returns.size * np.log(growth)
    if exponent > np.log(np.finfo(np.float64).max):
        return Undefined("the annual growth is too large to state")
    return float(np.expm1(exponent))


def annual_mean_return(returns: Floats) -> Metric:
    """Arithmetic annual return: `252 * mean(r)`; the numerator of Sharpe and Sortino."""
    if returns.size == 0:
        return Undefined(NO_DAYS)
    return float(DAYS_A_YEAR * np.mean(returns))
