"""Finer bars inside each bar, to tell what came first."""

import numpy as np

from mlplatform.domain.errors import InputError
from mlplatform.execution.bars import BarArrays, BarColumns


def finer_columns(
    bars: BarArrays, columns: BarColumns, finer: BarArrays | None
) -> tuple[BarColumns, BarColumns]:
    """The columns, knowing where each bar's finer bars begin, and the finer columns.

    A bar whose finer bars do not make up its open, high, low and close counts as having none.
    Raises InputError where the finer bars are no shorter.
    """
    if finer is None or not len(finer):
        return columns, columns
    if not 0 < finer.step_us < bars.step_us:
        raise InputError("Finer bars must have a shorter timeframe than the bars.")
    fine = finer.columns(np.zeros(len(finer), np.int32))
    begin = np.searchsorted(finer.ts, bars.ts)
    end = np.searchsorted(finer.ts, bars.ts + bars.step_us)
    full = end > begin
    rows, first, last = np.flatnonzero(full), begin[full], end[full] - 1
    edges = np.stack([first, last + 1], axis=1).ravel()
    high = np.maximum.reduceat(np.append(fine.high, -np.inf), edges)[::2]
    low = np.minimum.reduceat(np.append(fine.low, np.inf), edges)[::2]
    agrees = (
        (high == columns.high[rows])
        & (low == columns.low[rows])
        & (fine.open[first] == columns.open[rows])
        & (fine.close[last] == columns.close[rows])
    )
    full[rows[~agrees]] = False
    return columns._replace(
        finer_begin=np.where(full, begin, 0).astype(np.int32),
        finer_end=np.where(full, end, 0).astype(np.int32),
    ), fine
