"""How sure a figure of daily results is: the stationary bootstrap."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined

MINIMUM_DAYS = 20
RESAMPLES = 2_000
CONFIDENCE = 0.98
"""One bound is crossed by chance once in a hundred times."""
MAX_UNDEFINED_FRAC = 0.05
"""Past this share of resamples in which a figure does not exist, it has no interval."""


@dataclass(frozen=True)
class Interval:
    """A figure with the bounds between which it lies with probability `confidence`."""

    value: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True, eq=False)
class Resamples:
    """Blocks of days, drawn with replacement, that make up resamples of n days each."""

    n: int
    first: NDArray[np.int64]
    """Of each block, the first day: 0 .. n - 1."""
    length: NDArray[np.int64]
    """Of each block, days; it goes on from day 0 past the last day."""
    starts: NDArray[np.int64]
    """Of each resample, the position of its first block."""

    def days(self) -> NDArray[np.int32]:
        """The days in the order drawn, shape (resamples, n)."""
        ends = np.cumsum(self.length)
        offset = (self.first - (ends - self.length) % self.n).astype(np.int32)
        days = np.repeat(offset, self.length).reshape(-1, self.n)
        days += np.arange(self.n, dtype=np.int32)
        days[days < 0] += np.int32(self.n)
        days[days >= self.n] -= np.int32(self.n)
        return days

    def sums(self, daily: Floats) -> Floats:
        """Sums over the drawn days of daily figures of shape (n, k): shape (resamples, k)."""
        running = np.zeros((2 * self.n + 1, daily.shape[1]))
        np.cumsum(np.concatenate((daily, daily)), axis=0, out=running[1:])
        blocks = running[self.first + self.length] - running[self.first]
        return np.asarray(np.add.reduceat(blocks, self.starts, axis=0), dtype=np.float64)


def stationary_resamples(n: int, seed: int, resamples: int = RESAMPLES) -> Resamples:
    """The stationary bootstrap of n >= 1 days.

    Politis and Romano (1994): blocks of geometric length, mean `n ** (1/3)` days, wrapped around
    the end, so that runs of good and bad days stay together. Figures that are compared are taken
    on the same resamples. Seeded: the same n and seed give the same days.
    """
    rng = np.random.default_rng(seed)
    begins = rng.random((resamples, n), dtype=np.float32) < n ** (-1.0 / 3.0)
    begins[:, 0] = True
    at = np.flatnonzero(begins)
    return Resamples(
        n,
        rng.integers(0, n, at.size),
        np.diff(at, append=resamples * n),
        np.flatnonzero(at % n == 0),
    )


def percentile_interval(
    value: Metric, resampled: Floats, n: int, confidence: float = CONFIDENCE
) -> Interval | Undefined:
    """Expanded percentile interval of a figure of n days from its values on the resamples.

    A plain percentile interval is too narrow for few days: on noise its 1 % bound was crossed in
    2 to 3 of 100 worlds of 60 days. So the quantiles are moved outwards (Hesterberg 2015, section
    3.3), with the number of blocks less one as degrees of freedom: then it is 1 to 2 of 100.
    Resamples in which the figure does not exist (NaN) are left out. Undefined below 20 days, where
    the figure itself does not exist, or where more than 5 % of the resamples have none.
    """
    if isinstance(value, Undefined):
        return value
    if n < MINIMUM_DAYS:
        return Undefined(f"an interval needs {MINIMUM_DAYS} trading days")
    known = resampled[np.isfinite(resampled)]
    if known.size < (1.0 - MAX_UNDEFINED_FRAC) * resampled.size:
        return Undefined("the figure does not exist on too many of the resampled days")
    tail = _expanded(n, (1.0 - confidence) / 2.0)
    low, high = np.quantile(known, (tail, 1.0 - tail))
    return Interval(float(value), float(low), float(high), confidence)


def mean_interval(
    daily: Floats, seed: int, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES
) -> Interval | Undefined:
    """Interval of the mean of daily figures, in their unit; of a paired difference where the
    figures are daily differences. Undefined below 20 days.
    """
    n = daily.size
    if n < MINIMUM_DAYS:
        return Undefined(f"an interval needs {MINIMUM_DAYS} trading days")
    means = stationary_resamples(n, seed, resamples).sums(daily[:, None])[:, 0] / n
    return percentile_interval(float(np.mean(daily)), means, n, confidence)


def _expanded(n: int, tail: float) -> float:
    """The smaller tail whose normal quantile is Student's at `tail`, widened by n / (n - 1)."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(np.sqrt(n / (n - 1.0)) * stdtrit(n ** (2.0 / 3.0) - 1.0, tail)))
