"""A quantity against its usual value at that time of day: the daily rhythm cancels."""

from typing import Any

import numpy as np
import polars as pl

from mlplatform.features.arithmetic import Columns, Compute
from mlplatform.features.catalog.expressions import DAY

USUAL_SESSIONS = 5
"""Sessions of the seven calendar days before a trading day."""
_FEWEST_SESSIONS = 2
_WEEK_DAYS = 7
_SESSION_SECONDS = 23 * 3600

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]


def for_time(recent: pl.Expr, bars_a_session: int) -> Compute:
    """Log of `recent` per its mean at that time in the sessions of the week before.

    `recent` is evaluated within the session. Needs `ts`, `session_date` and `minute_of_session`.
    The week before is seven calendar days, so no gap in the bars reaches further back. Null where
    less than two sessions know that time, or either number is not above zero.
    """
    bar_seconds = max(1, _SESSION_SECONDS // bars_a_session)
    second = pl.col("minute_of_session").cast(pl.Int64) * 60 + pl.col("ts").dt.second()

    def compute(columns: Columns) -> pl.Series:
        bars = pl.DataFrame(dict(columns)).select(
            recent=recent.over(DAY).cast(pl.Float64),
            day=pl.col("session_date").to_physical().cast(pl.Int64),
            slot=second // bar_seconds,
        )
        if bars.is_empty():
            return bars["recent"]
        now = bars["recent"].fill_null(np.nan).to_numpy()
        usual = _usual(now, bars["day"].to_numpy(), bars["slot"].to_numpy())
        known = np.full(len(now), np.nan)
        both = (now > 0) & (usual > 0)
        known[both] = np.log(now[both] / usual[both])
        return pl.Series(known, nan_to_null=True)

    return compute


def _usual(now: Floats, day: Integers, slot: Integers) -> Floats:
    """Of every bar the mean at its time of day over the sessions of the week before."""
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    session = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(day)))
    dates = day[starts]
    table = np.full((len(starts), int(slot.max()) + 1), np.nan)
    table[session, slot] = now
    total, count = np.zeros_like(table), np.zeros_like(table)
    for back in range(1, _WEEK_DAYS + 1):
        near = np.flatnonzero(dates[back:] - dates[:-back] <= _WEEK_DAYS)
        if not len(near):
            break
        before = table[near]
        known = ~np.isnan(before)
        total[near + back] += np.where(known, before, 0.0)
        count[near + back] += known
    with np.errstate(invalid="ignore"):
        mean = np.where(count >= _FEWEST_SESSIONS, total / count, np.nan)
    usual: Floats = mean[session, slot]
    return usual
