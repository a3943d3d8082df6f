"""One session of a world on the simulation grid: hidden trend, price path, volume."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlplatform.synthetic.profile import minute_profile
from mlplatform.synthetic.world import CELL_SECONDS, NO_DRIFT, Edge, World

Floats = NDArray[np.float64]
_CELLS_PER_MINUTE = 60 // CELL_SECONDS

# Logarithms of volatility: a level per day, and one that wanders within the day.
_DAY_SD, _DAY_MEMORY = 0.30, 0.95
_HOUR_SD, _HOUR_MINUTES = 0.30, 60.0
_TAIL_DEGREES = 4.0
"""Degrees of freedom of the Student-t innovation of one minute."""
# Volume follows volatility, less than one to one, and has noise of its own.
_VOLUME_PER_VOLATILITY = 0.6
_VOLUME_MINUTE_SD, _VOLUME_CELL_SD = 0.20, 0.35
_DAILY_CONTRACTS = 1_000_000.0
# Standard deviation of the gap at an opening, of the day's, after a night and after a weekend.
_NIGHT_GAP, _WEEKEND_GAP = 0.08, 0.25


@dataclass(frozen=True)
class Carry:
    """What one session hands to the next."""

    log_price: float
    log_day_volatility: float
    trend: int
    """-1, 0 or +1 at the end of the session."""


@dataclass(frozen=True)
class Cells:
    """One session by cell: prices in ticks (whole), contracts, and the hidden trend."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    trend: NDArray[np.int8]


def simulate_session(
    world: World, number: int, minutes: int, nights: int, carry: Carry
) -> tuple[Cells, Carry]:
    """The session with that number (from 0), `minutes` long and `nights` after the one before.

    Its draws depend on the world's seed and its number alone. Volatility is stochastic: profile
    of the day x day level x level within the day; a minute's innovation is Student-t. Within a
    cell the path is a Brownian bridge, whose extremes are drawn from their exact law.
    """
    edge = world.edge or NO_DRIFT
    rng = np.random.default_rng([world.seed, number, 0])
    hidden = np.random.default_rng([world.seed, number, 1])
    count = minutes * _CELLS_PER_MINUTE
    trend = _trend(hidden, count, carry.trend, edge, world.cells_per_bar)
    level = _DAY_MEMORY * carry.log_day_volatility
    level += np.sqrt(1 - _DAY_MEMORY**2) * _DAY_SD * rng.standard_normal()
    wander = level + _wander(rng, minutes)
    day_sigma = world.annual_volatility_frac / np.sqrt(252.0)
    sigma_minute = day_sigma * minute_profile()[0][:minutes]
    # The mean of exp(2x) of a normal x is exp(2 sd^2): taken out, so that variance keeps its mean.
    sigma_minute = sigma_minute * np.exp(wander - _DAY_SD**2 - _HOUR_SD**2)
    shock = np.sqrt((_TAIL_DEGREES - 2) / rng.chisquare(_TAIL_DEGREES, minutes))
    usual = np.repeat(sigma_minute, _CELLS_PER_MINUTE) / np.sqrt(_CELLS_PER_MINUTE)
    sigma = usual * np.repeat(shock, _CELLS_PER_MINUTE)
    gap = day_sigma * (_WEEKEND_GAP if nights > 1 else _NIGHT_GAP) * rng.standard_normal()
    drift = trend * edge.drift_frac / np.sqrt(world.cells_per_bar) * usual
    path = carry.log_price + gap + np.cumsum(drift + sigma * rng.standard_normal(count))
    before = np.concatenate(([carry.log_price + gap], path[:-1]))
    prices = _trade(rng, before, path, sigma, world.instrument.tick_points)
    volume = _volume(rng, wander, shock, trend, edge)
    last = replace(
        carry, log_price=float(path[-1]), log_day_volatility=float(level), trend=int(trend[-1])
    )
    return Cells(*prices, volume, trend), last


def _trend(
    rng: np.random.Generator, count: int, trend: int, edge: Edge, cells_per_bar: int
) -> NDArray[np.int8]:
    """The hidden trend by cell: -1, 0 or +1, in spells of exponential length."""
    path = np.empty(count, dtype=np.int8)
    at = 0
    while at < count:
        mean_bars = edge.trend_bars if trend else edge.calm_bars
        length = max(1, round(rng.exponential(mean_bars) * cells_per_bar))
        path[at : at + length] = trend
        at += length
        if at < count:
            trend = 0 if trend else (1 if rng.random() < 0.5 else -1)
    return path


def _wander(rng: np.random.Generator, minutes: int) -> Floats:
    """A stationary first-order autoregression by minute, in closed form: no loop."""
    memory = np.exp(-1.0 / _HOUR_MINUTES)
    noise = rng.standard_normal(minutes) * _HOUR_SD
    noise[1:] *= np.sqrt(1 - memory**2)
    powers = memory ** np.arange(minutes)
    return np.asarray(powers * np.cumsum(noise / powers))


def _trade(
    rng: np.random.Generator, before: Floats, after: Floats, sigma: Floats, tick_points: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Open, high, low, close of each cell in ticks: trades lie within a tick of the path."""
    count = len(after)
    log_uniform = np.log1p(-rng.random((2, count)))
    middle, span = before + after, (after - before) ** 2
    top = (middle + np.sqrt(span - 2 * sigma**2 * log_uniform[0])) / 2
    bottom = (middle - np.sqrt(span - 2 * sigma**2 * log_uniform[1])) / 2
    spread = rng.random((2, count)) - 0.5
    opening = np.rint(np.exp(before) / tick_points + spread[0])
    closing = np.rint(np.exp(after) / tick_points + spread[1])
    high = np.maximum(np.rint(np.exp(top) / tick_points), np.maximum(opening, closing))
    low = np.minimum(np.rint(np.exp(bottom) / tick_points), np.minimum(opening, closing))
    return opening, high, low, closing


def _volume(
    rng: np.random.Generator, wander: Floats, shock: Floats, trend: NDArray[np.int8], edge: Edge
) -> Floats:
    """Whole contracts of each cell, at least one."""
    minutes = len(wander)
    by_minute = np.log(_DAILY_CONTRACTS * minute_profile()[1][:minutes] / _CELLS_PER_MINUTE)
    by_minute += _VOLUME_PER_VOLATILITY * (wander + 0.5 * np.log(shock))
    by_minute += _VOLUME_MINUTE_SD * rng.standard_normal(minutes)
    log_volume = np.repeat(by_minute, _CELLS_PER_MINUTE)
    log_volume += _VOLUME_CELL_SD * rng.standard_normal(len(trend))
    log_volume += np.log(edge.volume_ratio) * (trend != 0)
    return np.asarray(np.maximum(1.0, np.rint(np.exp(log_volume))))
