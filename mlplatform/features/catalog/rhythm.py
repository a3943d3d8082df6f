"""A quantity against its usual value at that time of day: the daily rhythm cancels."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from mlplatform.features.arithmetic import Columns, Gatherable, Newest, Together
from mlplatform.features.catalog.expressions import DAY

USUAL_SESSIONS = 5
"""Sessions of the seven calendar days before a trading day."""
_FEWEST_SESSIONS = 2
_WEEK_DAYS = 7
_SESSION_SECONDS = 23 * 3600

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class ForTime(Gatherable):
    """A compute function: log of `recent` per its mean at that time in the week before's sessions.

    `recent` is evaluated within the session. Needs `ts`, `session_date` and `minute_of_session`.
    The week before is seven calendar days, so no gap in the bars reaches further back. Null where
    less than two sessions know that time, or either number is not above zero.
    """

    recent: pl.Expr
    bars_a_session: int

    @property
    def key(self) -> Hashable:
        """Those of one length of bar."""
        return (ForTime, self.bars_a_session)

    @classmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """One look at days and times for all."""
        recent = [member.recent.over(DAY) for member in members]

        def compute(columns: Columns) -> list[pl.Series]:
            bars = pl.DataFrame(dict(columns))
            if bars.is_empty():
                return [pl.Series([], dtype=pl.Float64) for _ in members]
            day, slot = _day(bars), members[0].slot(bars)
            return [
                _ratio(now, _usual(now, day, slot)) for now in _numbers(bars.select(_named(recent)))
            ]

        return compute

    @classmethod
    def newest(cls, members: Sequence[Self]) -> Newest:
        """The week before is looked at once a session; then the running session alone is read."""
        recent = _named([member.recent for member in members])
        within = _named([member.recent.over(DAY) for member in members])
        held: dict[Hashable, list[Floats]] = {}

        def compute(bars: pl.DataFrame) -> list[float | None]:
            day = _day(bars)
            start = int(np.searchsorted(day, day[-1]))
            session = bars[start:]
            moment = session["ts"][0]
            if moment not in held:
                held.clear()
                slot = members[0].slot(bars)
                held[moment] = [
                    _usual_today(now, day, slot, start) for now in _numbers(bars.select(within))
                ]
            at = members[0].newest_slot(session)
            now = session.select_seq(recent).row(-1)
            return [
                _log_ratio(value, usual[at] if at < len(usual) else np.nan)
                for value, usual in zip(now, held[moment], strict=True)
            ]

        return compute

    @property
    def bar_seconds(self) -> int:
        """Length of a bar."""
        return max(1, _SESSION_SECONDS // self.bars_a_session)

    def slot(self, bars: pl.DataFrame) -> Integers:
        """Which bar of the session each is, by the clock."""
        second = pl.col("minute_of_session").cast(pl.Int64) * 60 + pl.col("ts").dt.second()
        return bars.select(second // self.bar_seconds).to_series().to_numpy()

    def newest_slot(self, bars: pl.DataFrame) -> int:
        """Which bar of the session the last one is."""
        minute, ts = bars["minute_of_session"][-1], bars["ts"][-1]
        return int(minute * 60 + ts.second) // self.bar_seconds


def for_time(recent: pl.Expr, bars_a_session: int) -> ForTime:
    """What is recent, against what is usual at that time."""
    return ForTime(recent, bars_a_session)


def _named(exprs: Sequence[pl.Expr]) -> list[pl.Expr]:
    return [expr.cast(pl.Float64).alias(f"={number}") for number, expr in enumerate(exprs)]


def _numbers(table: pl.DataFrame) -> list[Floats]:
    return [column.fill_null(np.nan).to_numpy() for column in table.iter_columns()]


def _day(bars: pl.DataFrame) -> Integers:
    return bars["session_date"].to_physical().cast(pl.Int64).to_numpy()


def _ratio(now: Floats, usual: Floats) -> pl.Series:
    known = np.full(len(now), np.nan)
    both = (now > 0) & (usual > 0)
    known[both] = np.log(now[both] / usual[both])
    return pl.Series(known, nan_to_null=True)


def _log_ratio(now: float | None, usual: float) -> float | None:
    return math.log(now / usual) if now is not None and now > 0 and usual > 0 else None


def _usual_today(now: Floats, day: Integers, slot: Integers, start: int) -> Floats:
    """By time of day the mean over the sessions of the week before the newest one."""
    size = int(slot.max()) + 1
    total, count = np.zeros(size), np.zeros(size)
    near = np.flatnonzero(day[:start] >= day[-1] - _WEEK_DAYS)
    known = near[~np.isnan(now[near])]
    np.add.at(total, slot[known], now[known])
    np.add.at(count, slot[known], 1)
    with np.errstate(invalid="ignore"):
        return np.where(count >= _FEWEST_SESSIONS, total / count, np.nan)


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
