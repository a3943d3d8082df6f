"""The training candidates of the stop model: one row each, and one row each per stop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlplatform.models.arrays import Columns, FloatArray, IntArray, Rows, as_matrix, evenly

NEVER = np.iinfo(np.int64).max
"""When an incomplete label ends."""


@dataclass(frozen=True, eq=False)
class StopRows:
    """Training candidates, sorted by decision: x (n, F), times (n,) and (n, K), net_r (n, K).

    `net_r` is the net result per initial risk under each stop of the grid, NaN where the
    label is incomplete (its end time is then ignored). Label end times may also be given as (n,).
    `winner_mae_atr` (n,) is how far those that win under the widest stop went against it, in ATR,
    NaN for the others.
    """

    x: FloatArray
    feature_names: Sequence[str]
    decision_ts: IntArray
    label_end_ts: IntArray
    net_r: FloatArray
    stop_grid_atr: FloatArray
    winner_mae_atr: FloatArray | None = None


def label_ends(rows: StopRows) -> IntArray:
    """Latest label end over the grid per candidate; never, where a label is incomplete."""
    grid = rows.stop_grid_atr
    if rows.net_r.shape != (len(rows.x), len(grid)) or len(grid) < 2:
        raise ValueError(f"outcomes {rows.net_r.shape} do not match {len(grid)} stops")
    if not (grid[0] > 0.0 and (np.diff(grid) > 0.0).all()):
        raise ValueError("the stop grid must be positive and ascending")
    as_matrix(rows.x, len(rows.feature_names))
    ends = rows.label_end_ts
    latest = ends if ends.ndim == 1 else ends.max(axis=1)
    # Such a row can be predicted, but no purged split will ever train on it.
    return np.where(np.isnan(rows.net_r).any(axis=1), NEVER, latest)


def with_stop(x: FloatArray, grid: FloatArray) -> FloatArray:
    """(n, F) -> (n * K, F + 1): each row once per stop, the stop as last column."""
    return np.column_stack([np.repeat(x, len(grid), axis=0), np.tile(grid, len(x))])


def expanded(rows: StopRows, columns: Columns, index: IntArray) -> Rows:
    """These candidates once per stop, with their net result less its mean over the grid."""
    outcome = rows.net_r[index]
    centred = outcome - outcome.mean(axis=1, keepdims=True)
    return Rows(with_stop(columns.select(rows.x[index]), rows.stop_grid_atr), centred.ravel())


def thinned(rows: StopRows, index: IntArray, most: int) -> tuple[StopRows, IntArray]:
    """The rows with fewer stops, and fewer row numbers, where candidates x stops are more."""
    if len(index) * len(rows.stop_grid_atr) <= most:
        return rows, index
    coarse = rows.stop_grid_atr[::2]
    fewer = replace(rows, stop_grid_atr=coarse, net_r=rows.net_r[:, ::2])
    return fewer, evenly(index, most // len(coarse))
