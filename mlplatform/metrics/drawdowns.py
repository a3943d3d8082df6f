"""How far and how long the equity stood below its highest mark so far."""

from dataclasses import dataclass

import numpy as np

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined

NO_DRAWDOWN = "equity never fell below its high"


@dataclass(frozen=True)
class Episode:
    """One drawdown: from the day after a peak to the day that reaches the peak again."""

    first_day: int
    """Index of the first day under water."""
    trough_day: int
    """Index of the lowest mark relative to the peak."""
    recovery_day: int | None
    """Index of the first day at or above the peak; None where the data end before."""
    depth_frac: float
    """Largest fall from the peak, as a fraction of the peak, > 0."""


def running_peak(equity_usd: Floats, capital_usd: float) -> Floats:
    """Highest mark so far, the starting capital included; USD, shape (n,)."""
    return np.maximum(np.maximum.accumulate(equity_usd), capital_usd)


def drawdown_frac(equity_usd: Floats, capital_usd: float) -> Floats:
    """Fall from the peak so far, as a fraction of that peak; >= 0, above 1 where equity is owed."""
    peak = running_peak(equity_usd, capital_usd)
    return (peak - equity_usd) / peak


def max_drawdown_frac(equity_usd: Floats, capital_usd: float) -> float:
    """Largest fall from a peak of the daily marks, as a fraction of the peak; 0 without a fall."""
    return float(np.max(drawdown_frac(equity_usd, capital_usd), initial=0.0))


def max_drawdown_usd(equity_usd: Floats, capital_usd: float) -> float:
    """Largest fall from a peak of the daily marks in USD; 0 without a fall."""
    fall = running_peak(equity_usd, capital_usd) - equity_usd
    return float(np.max(fall, initial=0.0))


def max_intraday_drawdown_frac(equity_usd: Floats, low_usd: Floats, capital_usd: float) -> float:
    """Largest fall of an intraday low from the highest earlier daily mark, as a fraction of it.

    The day's own mark is no peak for its low: which came first is not known.
    """
    peak = np.concatenate(([capital_usd], running_peak(equity_usd, capital_usd)[:-1]))
    return float(np.max((peak[: low_usd.size] - low_usd) / peak[: low_usd.size], initial=0.0))


def episodes(equity_usd: Floats, capital_usd: float) -> tuple[Episode, ...]:
    """All drawdowns of the daily marks, in order of time."""
    depth = drawdown_frac(equity_usd, capital_usd)
    under = np.concatenate(([False], depth > 0.0, [False])).astype(np.int8)
    edges = np.diff(under)
    found = []
    for first, after in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        trough = int(first + np.argmax(depth[first:after]))
        recovery = int(after) if after < equity_usd.size else None
        found.append(Episode(int(first), trough, recovery, float(depth[trough])))
    return tuple(found)


def average_drawdown_frac(found: tuple[Episode, ...]) -> Metric:
    """Mean depth of the drawdowns, each counted once at its trough."""
    if not found:
        return Undefined(NO_DRAWDOWN)
    return float(np.mean([episode.depth_frac for episode in found]))


def recovery_days(found: tuple[Episode, ...]) -> Metric:
    """Trading days from the trough of the deepest drawdown to the peak's recovery."""
    if not found:
        return Undefined(NO_DRAWDOWN)
    deepest = max(found, key=lambda episode: episode.depth_frac)
    if deepest.recovery_day is None:
        return Undefined("the deepest drawdown has not recovered")
    return deepest.recovery_day - deepest.trough_day


def longest_under_water_days(found: tuple[Episode, ...], days: int) -> int:
    """Trading days of the longest drawdown, one that still lasts included; 0 without any."""
    ends = (days if e.recovery_day is None else e.recovery_day for e in found)
    return max((end - e.first_day for e, end in zip(found, ends, strict=True)), default=0)


def time_under_water_frac(equity_usd: Floats, capital_usd: float) -> Metric:
    """Share of the trading days whose mark is below the peak so far."""
    if equity_usd.size == 0:
        return Undefined("there is no trading day")
    return float(np.mean(drawdown_frac(equity_usd, capital_usd) > 0.0))


def ulcer_index_frac(equity_usd: Floats, capital_usd: float) -> Metric:
    """Root mean square of the drawdown over all days; Martin and McCann (1989), as a fraction."""
    if equity_usd.size == 0:
        return Undefined("there is no trading day")
    return float(np.sqrt(np.mean(drawdown_frac(equity_usd, capital_usd) ** 2)))


def recovery_factor(equity_usd: Floats, capital_usd: float) -> Metric:
    """Net profit over the largest drawdown, both in USD."""
    deepest = max_drawdown_usd(equity_usd, capital_usd)
    if deepest == 0.0:
        return Undefined(NO_DRAWDOWN)
    return float((equity_usd[-1] - capital_usd) / deepest)
