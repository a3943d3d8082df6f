"""The compiled loop of the Monte-Carlo of trade order."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mlplatform.metrics.returns import Floats


@njit(cache=True, nogil=True, error_model="numpy")
def shuffled_equity(
    net_usd: Floats, capital_usd: float, shuffles: int, marks: NDArray[np.int64], seed: int
) -> tuple[Floats, Floats, Floats]:  # pragma: no cover - compiled
    """Deepest drawdown of each shuffle, frac and USD, shape (shuffles,); equity, shape (shuffles,
    marks), after the trades numbered in `marks` (rising, from 1).

    Fisher and Yates, drawn by xorshift64 (Marsaglia 2003): each shuffle goes on from the last.
    """
    n, state, x = net_usd.size, np.uint64(seed), net_usd.copy()
    frac, usd = np.empty(shuffles), np.empty(shuffles)
    path = np.empty((shuffles, marks.size))
    for k in range(shuffles):
        equity = peak = capital_usd
        worst_frac = worst_usd = 0.0
        mark = 0
        for i in range(n):
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            j = i + np.int64(((state >> np.uint64(32)) * np.uint64(n - i)) >> np.uint64(32))
            x[i], x[j] = x[j], x[i]
            equity += x[i]
            peak = max(peak, equity)
            fall = peak - equity
            worst_usd = max(worst_usd, fall)
            if fall > worst_frac * peak:  # spares most divisions
                worst_frac = fall / peak
            if mark < marks.size and i + 1 == marks[mark]:
                path[k, mark] = equity
                mark += 1
        frac[k], usd[k] = worst_frac, worst_usd
    return frac, usd, path
