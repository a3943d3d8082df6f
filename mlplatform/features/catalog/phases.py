"""What stands still for a while: live features compute it once, when its moment comes."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import polars as pl

from mlplatform.features.arithmetic import (
    Columns,
    Compute,
    Expression,
    Gatherable,
    Newest,
    Together,
)
from mlplatform.features.catalog.expressions import DAY
from mlplatform.market.sessions import RTH_FIRST_MINUTE

OPEN_AFTER_START_MINUTES = 7 * 60 + RTH_FIRST_MINUTE
"""From a session's start, 17:00 Chicago the evening before, to the regular open."""


@dataclass(frozen=True)
class OfPhase(Expression):
    """An expression whose value changes with a phase of the session only, never within it.

    A phase begins with the session, where regular hours begin or end, and `minutes` after the
    regular open.
    """

    stands_still: ClassVar[bool] = True
    minutes: int = 0

    @property
    def key(self) -> Hashable:
        """Those that share their phases."""
        return (OfPhase, self.minutes)

    def moment(self, bar: Mapping[str, Any]) -> Hashable:
        """The phase."""
        begun = bar["minute_of_session"] >= OPEN_AFTER_START_MINUTES + self.minutes
        return (bar["session_date"], bar["session"], begun)


@dataclass(frozen=True)
class OfSession(Expression):
    """An expression over the session's bars so far, evaluated within each session.

    `session_date` is one of its inputs: live has the session's bars in hand then, and does not ask
    of each again which session it is of.
    """

    within: pl.Expr

    @classmethod
    def newest(cls, members: Sequence[Self]) -> Newest:
        """One select of the running session."""
        named = [member.within.alias(f"={number}") for number, member in enumerate(members)]

        def compute(rows: pl.DataFrame) -> tuple[Any, ...]:
            day = rows["session_date"]
            if day[0] != day[-1]:
                rows = rows[int(day.search_sorted(day[-1])) :]
            return rows.select_seq(named).row(-1)

        return compute


@dataclass(frozen=True)
class OfDay(Gatherable):
    """A function whose value changes with the trading day only."""

    stands_still: ClassVar[bool] = True
    function: Compute

    @property
    def key(self) -> Hashable:
        """Functions of the day, with each other."""
        return OfDay

    @classmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """One after the other."""

        def compute(columns: Columns) -> list[pl.Series]:
            return [member.function(columns) for member in members]

        return compute

    def moment(self, bar: Mapping[str, Any]) -> Hashable:
        """The trading day."""
        return (bar["session_date"],)


def of_session(within: pl.Expr) -> OfSession:
    """A compute function from an expression that restarts with each session."""
    return OfSession(within.over(DAY), within)


def of_phase(expr: pl.Expr, minutes: int = 0) -> OfPhase:
    """A compute function from an expression that stands still within each phase."""
    return OfPhase(expr, minutes)
