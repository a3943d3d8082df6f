"""One session of a world on the simulation grid: spells, price path, volume."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlplatform.synthetic.profile import minute_profile
from mlplatform.synthetic.trend import Floats, TrendState, busy_spells, trend_of_bars
from mlplatform.synthetic.world import CELL_SECONDS, NO_DRIFT, Edge, World

_CELLS_PER_MINUTE = 60 // CELL_SECONDS

# Logarithms of volatility: a level per day, and one that wanders within the day.
_DAY_SD, _DAY_MEMORY = 0.35, 0.95
_HOUR_SD, _HOUR_MINUTES = 0.45, 60.0
_TAIL_DEGREES = 4.0
"""Degrees of freedom of the Student-t innovation of one minute."""
# Volume follows volatility, less than one to one, and has noise of its own.
_VOLUME_PER_VOLATILITY = 0.6
_VOLUME_MINUTE_SD, _VOLUME_CELL_SD = 0.20, 0.35
_DAILY_CONTRACTS = 550_000.0
# Standard deviation of the gap at an opening, of the day's, after a night and after a weekend.
_NIGHT_GAP, _WEEKEND_GAP = 0.08, 0.25


@dataclass(frozen=True)
class Carry:
    """What one session hands to the next."""

    log_price: float
    log_day_volatility: float
    trend: TrendState

    @classmethod
    def start(cls, points: float) -> "Carry":
        """Before the first session: no trend, volatility at its usual level."""
        log_price = float(np.log(points))
        return cls(log_price, 0.0, TrendState(log_price, log_price))

    def rolled(self, gap: float) -> "Carry":
        """In the next contract, which stands higher by `gap` (log): a roll is no trend."""
        trend = replace(self.trend, fast=self.trend.fast + gap, slow=self.trend.slow + gap)
        return replace(self, log_price=self.log_price + gap, trend=trend)


@dataclass(frozen=True)
class Cells:
    """One session: by cell prices in whole ticks and contracts; by bar what is hidden."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    busy: NDArray[np.bool_]
    trend: NDArray[np.int8]
    """After each bar: -1, 0 or +1."""


@dataclass(frozen=True)
class _Volatility:
    """Standard deviations of log returns by cell, and what they were made of, by minute."""

    usual: Floats
    """Known before the minute's innovation."""
    actual: Floats
    wander: Floats
    shock: Floats


def simulate_session(
    world: World, number: int, minutes: int, nights: int, carry: Carry
) -> tuple[Cells, Carry]:
    """The session with that number (from 0), `minutes` long and `nights` after the one before.

    Its draws depend on the world's seed and its number alone. Within a cell the path is a Brownian
    bridge, whose extremes are drawn from their exact law.
    """
    edge = world.edge or NO_DRIFT
    rng = np.random.default_rng([world.seed, number, 0])
    count, each = minutes * _CELLS_PER_MINUTE, world.cells_per_bar
    starts = np.arange(0, count, each)
    # The hidden spells have their own stream: an edge never changes the noise around it.
    hidden = np.random.default_rng([world.seed, number, 1])
    busy = busy_spells(hidden, len(starts), edge, carry.trend.busy)

    day_sigma = world.annual_volatility_frac / np.sqrt(252.0)
    level = _DAY_MEMORY * carry.log_day_volatility
    level += np.sqrt(1 - _DAY_MEMORY**2) * _DAY_SD * rng.standard_normal()
    volatility = _volatility(rng, minutes, day_sigma, level)
    gap = day_sigma * (_WEEKEND_GAP if nights > 1 else _NIGHT_GAP) * rng.standard_normal()
    opening = carry.log_price + float(gap)

    noise = volatility.actual * rng.standard_normal(count)
    per_bar = np.where(busy, edge.drift_frac, -edge.reversal_frac) / np.sqrt(each)
    pull = np.repeat(per_bar, each)[:count] * volatility.usual
    trend, state = trend_of_bars(
        opening, np.add.reduceat(noise, starts), np.add.reduceat(pull, starts), carry.trend
    )
    path = opening + np.cumsum(noise + pull * np.repeat(trend[:-1], each)[:count])
    before = np.concatenate(([opening], path[:-1]))
    prices = _trade(rng, before, path, volatility.actual, world.instrument.tick_points)
    volume = _volume(rng, volatility, np.repeat(busy, each)[:count], edge)
    last = Carry(float(path[-1]), float(level), replace(state, busy=bool(busy[-1])))
    return Cells(*prices, volume, busy, trend[1:]), last


def _volatility(
    rng: np.random.Generator, minutes: int, day_sigma: float, level: float
) -> _Volatility:
    """Stochastic volatility: profile of the day x the day's level x a level within the day.

    A minute's innovation is Student-t: a normal whose variance is drawn for the minute.
    """
    wander = level + _autoregression(rng, minutes)
    # The mean of exp(2x) of a normal x is exp(2 sd^2): taken out, so that variance keeps its mean.
    scale = np.exp(wander - _DAY_SD**2 - _HOUR_SD**2) / np.sqrt(_CELLS_PER_MINUTE)
    usual = day_sigma * minute_profile()[0][:minutes] * scale
    shock = np.sqrt((_TAIL_DEGREES - 2) / rng.chisquare(_TAIL_DEGREES, minutes))
    by_cell = np.repeat(usual, _CELLS_PER_MINUTE)
    return _Volatility(by_cell, by_cell * np.repeat(shock, _CELLS_PER_MINUTE), wander, shock)


def _autoregression(rng: np.random.Generator, minutes: int) -> Floats:
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
    bounce = rng.random((2, count)) - 0.5
    opening = np.rint(np.exp(before) / tick_points + bounce[0])
    closing = np.rint(np.exp(after) / tick_points + bounce[1])
    high = np.maximum(np.rint(np.exp(top) / tick_points), np.maximum(opening, closing))
    low = np.minimum(np.rint(np.exp(bottom) / tick_points), np.minimum(opening, closing))
    return opening, high, low, closing


def _volume(
    rng: np.random.Generator, volatility: _Volatility, busy: NDArray[np.bool_], edge: Edge
) -> Floats:
    """Whole contracts of each cell, at least one."""
    minutes = len(volatility.wander)
    by_minute = np.log(_DAILY_CONTRACTS * minute_profile()[1][:minutes] / _CELLS_PER_MINUTE)
    by_minute += _VOLUME_PER_VOLATILITY * (volatility.wander + np.log(volatility.shock))
    by_minute += _VOLUME_MINUTE_SD * rng.standard_normal(minutes)
    log_volume = np.repeat(by_minute, _CELLS_PER_MINUTE)
    log_volume += _VOLUME_CELL_SD * rng.standard_normal(len(busy))
    log_volume += np.log(edge.volume_ratio) * busy
    return np.asarray(np.maximum(1.0, np.rint(np.exp(log_volume))))
