"""Candidates whose truth is known: what the best stop depends on, and what wins depend on."""

import numpy as np

from mlplatform.models.boosting import Budget
from mlplatform.models.entry import EntryConfig, EntryRows
from mlplatform.models.promise import PromiseConfig
from mlplatform.models.stop_judgement import StopConfig
from mlplatform.models.stop_rows import StopRows
from mlplatform.models.tuning import Tuner

GRID_ATR = np.array([0.75, 1.0, 1.5, 2.0, 2.5, 3.0])
MINUTE_US = 60_000_000
WIN_R, LOSS_R = 1.3, -1.05
ENTRY = EntryConfig(n_folds=2, budget=Budget(max_rounds=60))
STOP = StopConfig(budget=Budget(max_rounds=40), promise=PromiseConfig(frac=1.0))


def tuner(*parts: str, trials: int = 2) -> Tuner:
    return Tuner((7, *parts), trials)


def features(rng: np.random.Generator, rows: int, width: int = 6) -> np.ndarray:
    x = rng.normal(size=(rows, width))
    x[rng.random(x.shape) < 0.02] = np.nan
    return x


def times(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    decision = np.cumsum(rng.integers(0, 20, rows)) * MINUTE_US
    return decision, decision + rng.integers(1, 40, rows) * MINUTE_US


def stop_rows(seed: int, effect: float, rows: int = 900) -> StopRows:
    """Feature 0 decides whether a wide stop (positive) or a tight one (negative) pays."""
    rng = np.random.default_rng(seed)
    x = features(rng, rows)
    decision, end = times(rng, rows)
    lean = np.tanh(np.nan_to_num(x[:, :1])) * (GRID_ATR - 1.8)
    shared = rng.normal(size=(rows, 1)) * 1.2
    own = np.cumsum(rng.normal(size=(rows, len(GRID_ATR))), axis=1) * 0.3
    net = shared + own + effect * lean - 0.05
    names = [f"f{i}" for i in range(x.shape[1])]
    ends = np.repeat(end[:, None], len(GRID_ATR), axis=1)
    return StopRows(x, names, decision, ends, net, GRID_ATR)


def entry_rows(seed: int, effect: float, rows: int = 900) -> EntryRows:
    """Feature 1 moves the log odds of a win by `effect` per standard deviation; chance loses."""
    rng = np.random.default_rng(seed)
    x = features(rng, rows)
    decision, end = times(rng, rows)
    odds = effect * np.nan_to_num(x[:, 1]) - 0.5
    win = (rng.random(rows) < 1.0 / (1.0 + np.exp(-odds))).astype(np.float64)
    names = [f"f{i}" for i in range(x.shape[1])]
    return EntryRows(x, names, decision, end, win, np.where(win > 0, WIN_R, LOSS_R))
