"""Where to cut bars so that a look-ahead gives itself away: seeded, and not only at random."""

from typing import Any

import numpy as np
import polars as pl

_Rows = np.ndarray[Any, np.dtype[np.int64]]
_REACH = 5
"""Bars on either side over which a turn is the extreme; a swing needs as many or fewer."""


def cut_points(
    bars: pl.DataFrame, first: int, count: int, key: str, end: int | None = None
) -> list[int]:
    """`count` rows of `bars` (table `bars`) from `first` up to `end` (all where None), each with a
    bar after it.

    All lie inside an hour of the session, where a higher bar is still open. The first is one bar
    after a high of the market, the second one after a low: there a swing that is told too early is
    known, and wrong. Then follow by turns a few bars after a high, a few after a low, anywhere. The
    same `key`, the same cuts, in order of time. Fewer where there are fewer rows.
    """
    rng = np.random.default_rng(list(key.encode()))
    last = min(bars.height, bars.height if end is None else end) - 2
    anywhere = np.arange(first, last + 1)
    inside = _inside_hours(bars)
    inside = inside[(inside >= first) & (inside <= last)]
    turns = (_turns(bars, pl.col("high")), _turns(bars, -pl.col("low")))
    chosen: set[int] = set()
    for number in range(min(count, anywhere.size)):
        late = 1 if number < 2 else int(rng.integers(0, _REACH))
        pool = inside
        if number < 2 or number % 3 < 2:
            pool = np.intersect1d(inside, turns[number % 3 % 2] + late, assume_unique=True)
        row = int(rng.choice(pool if pool.size else anywhere))
        while row in chosen:
            row = int(rng.choice(anywhere))
        chosen.add(row)
    return sorted(chosen)


def _turns(bars: pl.DataFrame, price: pl.Expr) -> _Rows:
    """Rows whose price is above that of all their neighbours."""
    is_top = price == price.rolling_max(2 * _REACH + 1, center=True)
    alone = (price > price.shift(1)) & (price > price.shift(-1))
    return bars.select((is_top & alone).fill_null(value=False).arg_true()).to_series().to_numpy()


def _inside_hours(bars: pl.DataFrame) -> _Rows:
    """Rows whose next bar lies in the same hour of the same session."""
    hour = pl.col("minute_of_session") // 60
    same = [each == each.shift(-1) for each in (hour, pl.col("session_date"), pl.col("contract"))]
    inside = pl.all_horizontal(same).fill_null(value=False)
    return bars.select(inside.arg_true()).to_series().to_numpy()
