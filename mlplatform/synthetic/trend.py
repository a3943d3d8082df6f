"""The part of price that is planted: spells, the trend of the moment, and the drift it causes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlplatform.synthetic.world import Edge

Floats = NDArray[np.float64]
FAST_BARS, SLOW_BARS = 20, 50


@dataclass(frozen=True)
class TrendState:
    """Averages of the log price over the bars so far, and the spell that the last bar was in."""

    fast: float
    slow: float
    busy: bool = False


def busy_spells(rng: np.random.Generator, bars: int, edge: Edge, busy: bool) -> NDArray[np.bool_]:
    """Whether each bar is busy, in spells of geometric length; `busy` is the spell before."""
    path = np.empty(bars, dtype=np.bool_)
    at = 0
    while at < bars:
        length = int(rng.geometric(1.0 / (edge.busy_bars if busy else edge.calm_bars)))
        path[at : at + length] = busy
        at += length
        busy = not busy if at < bars else busy
    return path


def trend_of_bars(
    log_price: float, noise: Floats, pull: Floats, state: TrendState
) -> tuple[NDArray[np.int8], TrendState]:
    """The trend before each bar and after the last (bars + 1), as price feeds back on itself.

    `noise` is each bar's log return without drift, `pull` its drift were the trend up. A bar's
    drift needs the averages of the bars before it, so this is a loop.
    """
    alpha, beta = 2.0 / (FAST_BARS + 1), 2.0 / (SLOW_BARS + 1)
    fast, slow, price = state.fast, state.slow, log_price
    trends = np.empty(len(noise) + 1, dtype=np.int8)
    for at, (step, drift) in enumerate(zip(noise.tolist(), pull.tolist(), strict=True)):
        trends[at] = sign = (fast > slow) - (fast < slow)
        price += step + sign * drift
        fast += alpha * (price - fast)
        slow += beta * (price - slow)
    trends[-1] = (fast > slow) - (fast < slow)
    return trends, TrendState(fast, slow, state.busy)
