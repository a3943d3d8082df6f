"""How many contracts a trade is worth: methods to choose, and less beside what moves with it.

Pure functions; fractions are of capital. What is at risk is contracts x stop x multiplier.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlplatform.models.arrays import FloatArray

Method = Literal["fixed", "fixed_fractional", "kelly", "volatility"]


@dataclass(frozen=True)
class MethodConfig:
    """How contracts are found; `fixed` is one contract whatever the risk.

    `fixed_fractional` risks the same fraction each time; `volatility` takes so many contracts that
    their daily standard deviation is the target fraction.
    """

    method: Method = "kelly"
    risk_frac: float = 0.005
    target_daily_frac: float = 0.01


def wanted_contracts(
    config: MethodConfig,
    kelly_risk_frac: FloatArray,
    risk_usd: FloatArray,
    daily_sd_usd: FloatArray,
    capital_usd: float,
) -> FloatArray:
    """(n,) whole contracts by the chosen method, before caps; never below 0.

    `risk_usd` is what one contract loses at its stop, `daily_sd_usd` one contract's daily standard
    deviation. Raises ValueError where what the method divides by is not positive.
    """
    if config.method == "fixed":
        return np.ones(len(risk_usd))
    if config.method == "volatility":
        return _whole(config.target_daily_frac * capital_usd, daily_sd_usd)
    share = kelly_risk_frac if config.method == "kelly" else config.risk_frac
    return _whole(share * capital_usd, risk_usd)


def daily_sd_points(atr_points: FloatArray, bars_per_day: float) -> FloatArray:
    """A day's standard deviation from the ATR of one bar, both in points.

    A random walk's range is sqrt(8 / pi) of its standard deviation on average (W. Feller, The
    Asymptotic Distribution of the Range of Sums, 1951), and grows with the root of time.
    """
    return np.asarray(atr_points * np.sqrt(bars_per_day * np.pi / 8.0))


def _whole(budget_usd: "float | FloatArray", one_usd: "float | FloatArray") -> FloatArray:
    if not (np.asarray(one_usd) > 0.0).all():
        raise ValueError("what one contract risks must be positive")
    # A budget of exactly so many contracts must not lose one to rounding.
    return np.asarray(np.maximum(0.0, np.floor(budget_usd / np.asarray(one_usd) + 1e-9)))


def correlation_scale(
    new_risk_frac: float, others: tuple[FloatArray, FloatArray], correlation: FloatArray
) -> float:
    """Share of a new position's size to take beside open ones: 1 / (1 + shared risk / own risk).

    `others` are risks (k,) and their correlations' signs relative to the new one (+1 the same side,
    -1 the other); `correlation` (k,) is of returns. Only what moves with the new one counts.
    """
    risk, same = others
    shared = float((risk * np.clip(correlation * same, 0.0, 1.0)).sum())
    if not new_risk_frac > 0.0:
        raise ValueError("the new position's risk must be positive")
    return 1.0 / (1.0 + shared / new_risk_frac)
