"""Whether choosing the best of several variants chooses anything: the probability of overfitting.

Own code because the libraries do not fit: `skfolio` 1.12 has no such function, and `purgedcv` 0.1
loops over combinations and variants in Python (20 variants of one year: 12 s). Tests hold it to
`purgedcv`.
"""

from itertools import combinations

import numpy as np

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined

BLOCKS = 16
"""As in the paper: 12,870 ways to choose half of them."""
MINIMUM_DAYS = 4 * BLOCKS


def overfitting_probability(daily: Floats, blocks: int = BLOCKS) -> Metric:
    """Share of the splits in which the variant that was best on one half of the days lies below
    the median of all on the other half: 0 is a sound choice, 0.5 is none at all.

    `daily` holds the results of each variant on the same days, shape (days, variants), in order of
    time. Combinatorially symmetric cross-validation: the days are cut into `blocks` of consecutive
    days, each choice of half of them is one split, and the Sharpe ratio ranks; a variant that does
    not vary ranks as zero. Source: Bailey, Borwein, Lopez de Prado and Zhu (2017), The Probability
    of Backtest Overfitting. Undefined below two
    variants, below four days a block, or where nothing varies.
    """
    days, variants = daily.shape
    if variants < 2:
        return Undefined("there are fewer than two variants to choose from")
    if days < 4 * blocks:
        return Undefined(f"splitting the days needs {4 * blocks} trading days")
    if not np.any(np.ptp(daily, axis=0) > 0.0):
        return Undefined("no variant's days differ")
    parts = np.array_split(daily, blocks)
    sums = np.array([part.sum(axis=0) for part in parts])
    squares = np.array([(part**2).sum(axis=0) for part in parts])
    sizes = np.array([len(part) for part in parts], dtype=np.float64)
    halves = np.array(list(combinations(range(blocks), blocks // 2)))
    chosen = np.zeros((len(halves), blocks))
    np.put_along_axis(chosen, halves, 1.0, axis=1)
    inside = _sharpe(_total(chosen, sums), _total(chosen, squares), chosen @ sizes)
    outside = inside[::-1]  # in this order, the last split is the other half of the first
    best = np.argmax(inside, axis=1)
    own = np.take_along_axis(outside, best[:, None], axis=1)
    # The mean rank of ties, as scipy.stats.rankdata gives it.
    rank = (outside < own).sum(axis=1) + ((outside == own).sum(axis=1) + 1.0) / 2.0
    return float(np.mean(rank < (variants + 1.0) / 2.0))


def _total(half: Floats, by_block: Floats) -> Floats:
    """Sums over the chosen blocks. Not a matrix product: its last bits depend on threads, and
    equal variants must stay equal.
    """
    return np.asarray(np.einsum("sb,bv->sv", half, by_block), dtype=np.float64)


def _sharpe(total: Floats, squares: Floats, days: Floats) -> Floats:
    """Sharpe ratio per day from sums, 0 where the results do not vary; shape (splits, variants)."""
    n = days[:, None]
    mean = total / n
    variance = (squares - n * mean**2) / (n - 1.0)
    varies = variance > 1e-12 * squares / n
    return np.where(varies, mean / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
