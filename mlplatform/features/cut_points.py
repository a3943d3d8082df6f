"""Where to cut bars so that a look-ahead gives itself away: seeded, and not only at random."""

from typing import Any

import numpy as np
import polars as pl

_Rows = np.ndarray[Any, np.dtype[np.int64]]

_REACH = 5
"""Bars on either side over which a turn is the extreme."""
_LATEST = 2
"""Bars after a turn in which a swing that is told too early is already known, wrongly."""


def cut_points(
    bars: pl.DataFrame, first: int, count: int, key: str, end: int | None = None
) -> list[int]:
    """`count` rows of `bars` (table `bars`) from `first` up to `end` (all where None), each with a
    bar after it.

    Every second one lies on a turn of the market or up to two bars after it (there a swing, known
    too early, shows); the others anywhere inside an hour of the session (there a higher bar is
    still open). The same `key`, the same cuts, in order of time. Fewer where there are fewer rows.
    """
    rng = np.random.default_rng(list(key.encode()))
    last = min(bars.height, bars.height if end is None else end) - 2
    anywhere = np.arange(first, last + 1)
    pools = [pool[(pool >= first) & (pool <= last)] for pool in (_turns(bars), _inside_hours(bars))]
    chosen: set[int] = set()
    for number in range(min(count, anywhere.size)):
        pool = pools[number % 2]
        row = int(rng.choice(pool if pool.size else anywhere))
        while row in chosen:
            row = int(rng.choice(anywhere))
        chosen.add(row)
    return sorted(chosen)


def _turns(bars: pl.DataFrame) -> _Rows:
    """Rows on the highest high or lowest low of their neighbourhood, and the two after each."""
    span = 2 * _REACH + 1
    high, low = pl.col("high"), pl.col("low")
    top = high == high.rolling_max(span, center=True)
    bottom = low == low.rolling_min(span, center=True)
    rows = bars.select((top | bottom).fill_null(value=False).arg_true()).to_series().to_numpy()
    return np.unique(np.concatenate([rows + late for late in range(_LATEST + 1)]))


def _inside_hours(bars: pl.DataFrame) -> _Rows:
    """Rows whose next bar lies in the same hour of the same session."""
    hour = pl.col("minute_of_session") // 60
    same = [each == each.shift(-1) for each in (hour, pl.col("session_date"), pl.col("contract"))]
    inside = pl.all_horizontal(same).fill_null(value=False)
    return bars.select(inside.arg_true()).to_series().to_numpy()
