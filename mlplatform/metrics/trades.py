"""The list of closed trades into numbers. A win is a trade with a positive net, a loss a negative.

A trade that nets exactly zero is a trade, but neither a win nor a loss.
"""

import numpy as np
from numpy.typing import NDArray

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined

NO_TRADES = "there is no trade"
NO_WINNERS = "there is no winning trade"
NO_LOSERS = "there is no losing trade"
NO_STOPS = "no trade had a stop, so none has an R"

SESSION_HOURS = 23.0
"""Hours of a full CME Globex equity-index session, 17:00 to 16:00 Chicago."""


def win_rate(net_usd: Floats) -> Metric:
    """Wins over trades."""
    return float(np.mean(net_usd > 0.0)) if net_usd.size else Undefined(NO_TRADES)


def profit_factor(net_usd: Floats) -> Metric:
    """Sum of the wins over the sum of the losses, net of costs."""
    if net_usd.size == 0:
        return Undefined(NO_TRADES)
    lost = float(-np.sum(net_usd[net_usd < 0.0]))
    if lost == 0.0:
        return Undefined(NO_LOSERS)
    return float(np.sum(net_usd[net_usd > 0.0])) / lost


def average_win_usd(net_usd: Floats) -> Metric:
    """Mean net of the wins, USD."""
    wins = net_usd[net_usd > 0.0]
    return float(np.mean(wins)) if wins.size else Undefined(NO_WINNERS)


def average_loss_usd(net_usd: Floats) -> Metric:
    """Mean net of the losses, USD, as a positive number."""
    losses = net_usd[net_usd < 0.0]
    return -float(np.mean(losses)) if losses.size else Undefined(NO_LOSERS)


def payoff_ratio(net_usd: Floats) -> Metric:
    """Average win over average loss."""
    if net_usd.size == 0:
        return Undefined(NO_TRADES)
    win, loss = average_win_usd(net_usd), average_loss_usd(net_usd)
    if isinstance(loss, Undefined):
        return loss
    return win if isinstance(win, Undefined) else win / loss


def mean_per_trade(values: Floats) -> Metric:
    """Expectancy: the mean over all trades, in the values' unit (R, or USD net of costs)."""
    return float(np.mean(values)) if values.size else Undefined(NO_TRADES)


def mean_r(r: Floats) -> Metric:
    """Expectancy in R: the mean over the trades that have an R; NaN where a trade had no stop."""
    known = r[np.isfinite(r)]
    if r.size and not known.size:
        return Undefined(NO_STOPS)
    return mean_per_trade(known)


def longest_run(hits: NDArray[np.bool_]) -> int:
    """Length of the longest run of True, in trades; 0 where there is none."""
    padded = np.concatenate(([False], hits, [False])).astype(np.int8)
    edges = np.diff(padded)
    return int(np.max(np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1), initial=0))


def exposure_frac(entry_us: NDArray[np.int64], exit_us: NDArray[np.int64], days: int) -> Metric:
    """Share of the market's open time (23 hours a trading day) with a position.

    Times are microseconds since the epoch, of the bars' starts; overlapping trades count once, and
    a trade within one bar counts as no time, so the figure is low by up to a bar per trade.
    """
    if days == 0:
        return Undefined("there is no trading day")
    order = np.argsort(entry_us, kind="stable")
    entry, leave = entry_us[order], np.maximum.accumulate(exit_us[order])
    before = np.concatenate((entry[:1], leave[:-1]))
    held = np.maximum(leave - np.maximum(entry, before), 0)
    return float(np.sum(held) / 3.6e9 / (SESSION_HOURS * days))


def turnover_contracts_per_day(contracts: NDArray[np.int64], days: int) -> Metric:
    """Contracts bought plus contracts sold, per trading day."""
    if days == 0:
        return Undefined("there is no trading day")
    return float(2 * np.sum(contracts) / days)
