"""Time-ordered splits without leak: purged by label end time, and embargoed.

After M. Lopez de Prado, Advances in Financial Machine Learning (2018), chapter 7. Times are int64
microseconds; rows are sorted by decision time; a row's label interval is [decision, label end].
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mlplatform.models.arrays import BoolArray, IntArray


@dataclass(frozen=True)
class Fold:
    """Row numbers to train on and to validate on, each ascending."""

    train: IntArray
    valid: IntArray


def _check_times(decision_ts: IntArray, label_end_ts: IntArray) -> None:
    if decision_ts.ndim != 1 or decision_ts.shape != label_end_ts.shape:
        raise ValueError("decision and label end times must be two equally long vectors")
    if (np.diff(decision_ts) < 0).any():
        raise ValueError("rows must be sorted by decision time")
    if (label_end_ts < decision_ts).any():
        raise ValueError("a label ends before its decision")


def _edges(rows: int, blocks: int) -> IntArray:
    return np.linspace(0, rows, blocks + 1).round().astype(np.int64)


def _before(decision_ts: IntArray, label_end_ts: IntArray, start: int, embargo: int) -> BoolArray:
    """Rows whose label is over before row `start` decides, minus the embargo."""
    mask: BoolArray = label_end_ts < decision_ts[start] - embargo
    mask[start:] = False
    return mask


def purged_folds(
    decision_ts: IntArray, label_end_ts: IntArray, n_folds: int, embargo: int = 0
) -> list[Fold]:
    """Expanding-window folds: n_folds + 1 blocks of rows, each but the first validated on its past.

    A training label ends before the validation's first decision minus `embargo` microseconds.
    Folds that purging leaves without a training row are left out, so the list may be shorter.
    """
    _check_times(decision_ts, label_end_ts)
    edges = _edges(len(decision_ts), n_folds + 1)
    folds = []
    for start, stop in pairwise(edges[1:]):
        if start == stop:
            continue
        train = np.flatnonzero(_before(decision_ts, label_end_ts, int(start), embargo))
        if len(train):
            folds.append(Fold(train, np.arange(start, stop, dtype=np.int64)))
    return folds


def purged_holdout(
    decision_ts: IntArray, label_end_ts: IntArray, frac: float, embargo: int = 0
) -> Fold:
    """The newest `frac` of the rows held out, and the rows whose labels end before it begins.

    Either side may be empty; ValueError unless 0 < frac < 1.
    """
    _check_times(decision_ts, label_end_ts)
    if not 0.0 < frac < 1.0:
        raise ValueError("the share held out must lie between 0 and 1")
    rows = len(decision_ts)
    start = rows - round(rows * frac)
    valid = np.arange(start, rows, dtype=np.int64)
    if not len(valid):
        return Fold(np.arange(rows, dtype=np.int64), valid)
    return Fold(np.flatnonzero(_before(decision_ts, label_end_ts, start, embargo)), valid)


def purged_blocks(
    decision_ts: IntArray, label_end_ts: IntArray, n_blocks: int, embargo: int = 0
) -> list[Fold]:
    """Each block validated on all rows before and after it whose labels do not overlap it.

    For checks inside a slice where order matters less than rows, such as choosing a calibration.
    """
    _check_times(decision_ts, label_end_ts)
    edges = _edges(len(decision_ts), n_blocks)
    folds = []
    for start, stop in pairwise(edges):
        if start == stop:
            continue
        mask = _before(decision_ts, label_end_ts, int(start), embargo)
        after = decision_ts > label_end_ts[start:stop].max() + embargo
        mask[stop:] = after[stop:]
        if mask.any():
            folds.append(Fold(np.flatnonzero(mask), np.arange(start, stop, dtype=np.int64)))
    return folds
