"""How sure a mean of daily figures is: the stationary bootstrap."""

from dataclasses import dataclass

import numpy as np

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Undefined

MINIMUM_DAYS = 20
_CHUNK = 200


@dataclass(frozen=True)
class Interval:
    """A mean with the bounds between which it lies with probability `confidence`."""

    mean: float
    low: float
    high: float
    confidence: float


def mean_interval(
    daily: Floats, seed: int, *, confidence: float = 0.98, resamples: int = 2_000
) -> Interval | Undefined:
    """Expanded percentile interval of the mean of daily figures, in their unit.

    Stationary bootstrap of Politis and Romano (1994): blocks of geometric length, mean
    `n ** (1/3)` days, wrapped around the end, so that runs of good and bad days stay together. For
    a paired difference give the daily differences. Undefined below 20 days. Seeded: the same
    figures and seed give the same interval.

    A plain percentile interval is too narrow for few days: on noise its 1 % bound was crossed in
    2 to 3 of 100 worlds of 60 days. So the quantiles are moved outwards (Hesterberg 2015, section
    3.3), with the number of blocks less one as degrees of freedom: then it is 1 to 2 of 100.
    """
    n = daily.size
    if n < MINIMUM_DAYS:
        return Undefined(f"an interval needs {MINIMUM_DAYS} trading days")
    rng = np.random.default_rng(seed)
    means = np.concatenate(
        [
            daily[_resampled_days(rng, n, min(_CHUNK, resamples - done))].mean(axis=1)
            for done in range(0, resamples, _CHUNK)
        ]
    )
    tail = _expanded(n, (1.0 - confidence) / 2.0)
    low, high = np.quantile(means, (tail, 1.0 - tail))
    return Interval(float(np.mean(daily)), float(low), float(high), confidence)


def _expanded(n: int, tail: float) -> float:
    """The smaller tail whose normal quantile is Student's at `tail`, widened by n / (n - 1)."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(np.sqrt(n / (n - 1.0)) * stdtrit(n ** (2.0 / 3.0) - 1.0, tail)))


def _resampled_days(rng: np.random.Generator, n: int, rows: int) -> np.ndarray:
    """Day indices of `rows` resamples of n days, shape (rows, n)."""
    restart = rng.random((rows, n)) < n ** (-1.0 / 3.0)
    restart[:, 0] = True
    first = rng.integers(0, n, (rows, n))
    day = np.arange(n)
    block_start = np.maximum.accumulate(np.where(restart, day, 0), axis=1)
    return (np.take_along_axis(first, block_start, axis=1) + day - block_start) % n
