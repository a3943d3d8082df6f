"""Which training candidates look worth trading: those whose stop matters.

Most candidates of a setup lose, and what loses on average loses least, per risk, under the widest
stop. A stop that is chosen for all of them therefore suits the trades that nobody should take: in
worlds with a planted edge it gave away a fifth of what the favoured candidates could earn.
"""

from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray, Rows
from mlplatform.models.families import Budget
from mlplatform.models.linear import SparseLogistic
from mlplatform.models.splits import purged_folds
from mlplatform.models.stop_rows import StopRows


@dataclass(frozen=True)
class PromiseConfig:
    """The share of candidates that counts as promising, by blocks of time; 1 takes all."""

    frac: float = 1.0 / 3.0
    n_folds: int = 4
    min_rows: int = 60
    inverse_penalty: float = 0.05


def promising(
    rows: StopRows,
    ends: IntArray,
    index: IntArray,
    at_atr: float,
    config: PromiseConfig,
    embargo_us: int,
    seed: int,
) -> IntArray:
    """Of the complete candidates `index`, in order of decision, those that look worth trading.

    A sparse logistic regression of "positive net of costs under the stop nearest to `at_atr`" on
    purged blocks before the candidate's scores it; of each block the best `frac` are kept. The
    first block has no past and is left out. Where that leaves fewer than `min_rows`, or there is
    nothing to learn from, all of `index` is given.
    """
    if config.frac >= 1.0:
        return index
    place = int(np.abs(rows.stop_grid_atr - at_atr).argmin())
    gained = (rows.net_r[:, place] > 0.0).astype(np.float64)
    kept = []
    for fold in purged_folds(rows.decision_ts[index], ends[index], config.n_folds, embargo_us):
        train, block = index[fold.train], index[fold.valid]
        if len(train) < config.min_rows or not np.ptp(gained[train]):
            continue
        score = _score(rows.x, gained, train, block, config, seed)
        kept.append(block[score > np.quantile(score, 1.0 - config.frac)])
    found = np.concatenate(kept) if kept else index
    return found if len(found) >= config.min_rows else index


def _score(
    x: FloatArray,
    gained: FloatArray,
    train: IntArray,
    block: IntArray,
    config: PromiseConfig,
    seed: int,
) -> FloatArray:
    params = {"inverse_penalty": config.inverse_penalty}
    data = Rows(x[train], gained[train])
    model = SparseLogistic.fit("binary", data, None, params, seed, Budget())
    return model.predict(x[block])
