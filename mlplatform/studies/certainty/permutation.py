"""Whether the entry model's scores know anything: the same number of trades, scores shuffled."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.certainty.value import Permutation

SHUFFLES = 40
SHIFTS = 50
"""Of each shuffle: each shift of a shuffled order is a draw as random as another shuffle."""


def permutation_test(candidates: pl.DataFrame | None, seed: int) -> Permutation:
    """One-sided p-value of the mean R, each trade alone, of the candidates that ML took.

    `candidates` holds `period`, `probability`, `take` and `net_r` (null: never filled, so nothing
    earned). Shuffling the scores within a window means taking the same number of its candidates at
    random, so the test sees only what the scores add to the choice of windows. Candidates of
    windows without a model are left out. `p = (1 + as good) / (1 + shuffles)`: Phipson and Smyth
    (2010).
    """
    resamples = SHUFFLES * SHIFTS
    if candidates is None:
        return _none("the study holds no judged candidates", 0, 0)
    judged = candidates.filter(pl.col("probability").is_not_null())
    count, taken = judged.height, int(judged["take"].sum())
    if taken == 0:
        return _none("no candidate was taken by a model", taken, count)
    if taken == count:
        return _none("every candidate was taken: there is nothing to shuffle", taken, count)
    rng = np.random.default_rng(seed)
    shuffled = np.zeros(resamples)
    observed = 0.0
    for (_period,), window in sorted(judged.partition_by("period", as_dict=True).items()):
        net_r = window["net_r"].fill_null(0.0).to_numpy().astype(np.float64)
        take = window["take"].to_numpy()
        observed += float(net_r[take].sum())
        shuffled += _random_sums(rng, net_r, int(take.sum()))
    tolerance = 1e-9 * (1.0 + abs(observed))  # equal choices must count as equal
    as_good = int(np.count_nonzero(shuffled >= observed - tolerance))
    return Permutation(
        p=(1.0 + as_good) / (1.0 + resamples),
        taken=taken,
        candidates=count,
        mean_taken_r=observed / taken,
        mean_all_r=float(judged["net_r"].fill_null(0.0).mean()),  # type: ignore[arg-type]
        resamples=resamples,
    )


def _random_sums(rng: np.random.Generator, values: Floats, k: int) -> Floats:
    """Sums of k of the values, drawn without replacement, shape (SHUFFLES * SHIFTS,)."""
    n = values.size
    order = rng.permuted(np.tile(values, (SHUFFLES, 1)), axis=1)
    first: NDArray[np.int64] = rng.integers(0, n, (SHUFFLES, SHIFTS))
    running = np.zeros((SHUFFLES, 2 * n + 1))
    np.cumsum(np.concatenate((order, order), axis=1), axis=1, out=running[:, 1:])
    ends = np.take_along_axis(running, first + k, axis=1)
    return (ends - np.take_along_axis(running, first, axis=1)).ravel()


def _none(reason: str, taken: int, candidates: int) -> Permutation:
    missing = Undefined(reason)
    return Permutation(missing, taken, candidates, missing, missing, 0)
