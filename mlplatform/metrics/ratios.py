"""Return per unit of risk, from daily returns."""

import numpy as np

from mlplatform.metrics.returns import DAYS_A_YEAR, ROUNDING_FRAC, Floats, cagr
from mlplatform.metrics.risk import ONE_DAY, downside_deviation, is_constant
from mlplatform.metrics.undefined import Metric, Undefined

ZERO_VARIANCE = "daily returns do not vary"
NO_LOSING_DAY = "no day lost money"


def sharpe_ratio(returns: Floats, periods_a_year: float = DAYS_A_YEAR) -> Metric:
    """`mean(r) / std(r, ddof=1) * sqrt(252)`; Sharpe (1994), risk-free rate 0."""
    if returns.size < 2:
        return Undefined(ONE_DAY)
    if is_constant(returns):
        return Undefined(ZERO_VARIANCE)
    return float(np.mean(returns) / np.std(returns, ddof=1) * np.sqrt(periods_a_year))


def sortino_ratio(returns: Floats, periods_a_year: float = DAYS_A_YEAR) -> Metric:
    """`mean(r) / sqrt(mean(min(r, 0)^2)) * sqrt(252)`; Sortino and Price (1994), target 0."""
    if returns.size < 2:
        return Undefined("a ratio of scatter needs two trading days")
    downside = downside_deviation(returns, 1.0)
    if isinstance(downside, Undefined) or downside <= ROUNDING_FRAC:
        return Undefined(NO_LOSING_DAY)
    return float(np.mean(returns) / downside * np.sqrt(periods_a_year))


def calmar_ratio(
    returns: Floats, max_drawdown_frac: float, periods_a_year: float = DAYS_A_YEAR
) -> Metric:
    """CAGR over the largest drawdown of the daily marks, over the whole time; Young (1991)."""
    growth = cagr(returns, periods_a_year)
    if isinstance(growth, Undefined):
        return growth
    if max_drawdown_frac <= ROUNDING_FRAC:
        return Undefined("equity never fell below its high")
    return growth / max_drawdown_frac


def omega_ratio(returns: Floats) -> Metric:
    """`sum(max(r, 0)) / sum(max(-r, 0))`; Keating and Shadwick (2002), threshold 0 a day."""
    losses = float(-np.sum(np.minimum(returns, 0.0)))
    if losses <= ROUNDING_FRAC:
        return Undefined(NO_LOSING_DAY)
    return float(np.sum(np.maximum(returns, 0.0))) / losses
