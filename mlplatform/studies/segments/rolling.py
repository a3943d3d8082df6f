"""Sharpe ratio and volatility over the last quarter, day by day."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view

from mlplatform.metrics.returns import DAYS_A_YEAR, ROUNDING_FRAC, Floats, daily_returns
from mlplatform.metrics.undefined import Undefined

LONG_DAYS, SHORT_DAYS = 63, 21
"""A quarter; a month where there are not two quarters."""


@dataclass(frozen=True)
class Rolling:
    """From the day on which the window is full; `sharpe` is NaN where the returns do not vary."""

    window_days: int
    session_date: tuple[date, ...]
    sharpe: Floats
    volatility_frac: Floats


def rolling_of(daily: pl.DataFrame, capital_usd: float) -> Rolling | Undefined:
    """Annualised, of daily marks; Undefined below 21 days, or where the account was wiped out."""
    equity = daily["equity_usd"].to_numpy().astype(np.float64)
    window = LONG_DAYS if equity.size >= 2 * LONG_DAYS else SHORT_DAYS
    if equity.size < window:
        return Undefined(f"a rolling figure needs {SHORT_DAYS} trading days")
    returns = daily_returns(equity, capital_usd)
    if isinstance(returns, Undefined):
        return returns
    views = sliding_window_view(returns, window)
    # The same rule as metrics.risk.is_constant, for all windows at once.
    flat = np.ptp(views, axis=1) <= ROUNDING_FRAC + 1e-9 * np.max(np.abs(views), axis=1)
    spread = np.where(flat, 0.0, np.std(views, axis=1, ddof=1))
    sharpe = np.full(spread.size, np.nan)
    np.divide(np.mean(views, axis=1), spread, out=sharpe, where=~flat)
    days = tuple(daily["session_date"].to_list()[window - 1 :])
    scale = np.sqrt(DAYS_A_YEAR)
    return Rolling(window, days, sharpe * scale, spread * scale)
