"""What a strategy is: which setups, under which conditions, left by which exits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, reduce
from operator import and_

import polars as pl

from mlplatform.decisions.exits import Exits
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.sets import core_plan
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import Setup, find_candidates
from mlplatform.strategies.filters import BAR_COLUMNS, require_known, where

Filter = str | pl.Expr
SIDES = ("both", "long", "short")
_RESERVED = ("random",)
"""Names of setups that the platform itself gives: those of the blind policy's entries."""


@dataclass(frozen=True)
class Strategy:
    """A trading idea whole.

    `filters` hold for both sides as written, `long_filters` and `short_filters` for theirs: each
    is a text as `where` reads it, or a boolean Polars expression over features and the bar. All
    must hold at the signal bar. Without `exits` the baseline's bracket is the strategy's. Raises
    ValueError in a sentence where it cannot be traded.
    """

    name: str
    setups: tuple[Setup, ...]
    filters: tuple[Filter, ...] = ()
    long_filters: tuple[Filter, ...] = ()
    short_filters: tuple[Filter, ...] = ()
    sides: str = "both"
    """both, long or short: the other side is never traded."""
    exits: Exits | None = None
    about: str = ""

    def __post_init__(self) -> None:
        if self.sides not in SIDES:
            raise ValueError(f"sides is {self.sides!r}: it is one of {', '.join(SIDES)}")
        if not self.setups:
            raise ValueError("it names no setup")
        for place in ("filters", "long_filters", "short_filters"):
            if isinstance(getattr(self, place), str | pl.Expr):
                raise ValueError(f"{place} is one filter alone: write it as a list")
        names = [setup.name for setup in self.setups]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two of its setups are called {name}: give one another name")
            taken = f"is_{name}" in features_known() or name in _RESERVED
            if taken or not name.isidentifier():
                raise ValueError(f"a setup cannot be called {name!r}: give it another name")
        for setup in self.tradable:
            for feature in sorted(setup.needs):
                require_known(feature, features_known(), f"setup {setup.name}")

    @cached_property
    def tradable(self) -> tuple[Setup, ...]:
        """The setups with the filters in their rules: what candidates are found by."""
        known = features_known()
        both = [_expression(item, known) for item in self.filters]
        long = both + [_expression(item, known) for item in self.long_filters]
        short = both + [_expression(item, known) for item in self.short_filters]
        long += [pl.lit(value=False)] * (self.sides == "short")
        short += [pl.lit(value=False)] * (self.sides == "long")
        return tuple(
            replace(
                setup, long=reduce(and_, long, setup.long), short=reduce(and_, short, setup.short)
            )
            for setup in self.setups
        )

    @property
    def setup_names(self) -> tuple[str, ...]:
        """In order: the models get a flag for each."""
        return tuple(setup.name for setup in self.setups)

    def told(self) -> Mapping[str, object]:
        """What it is, in JSON types, for the report and the command."""
        return {
            "name": self.name,
            "about": self.about,
            "setups": {setup.name: dict(setup.params) for setup in self.setups},
            "filters": [str(item) for item in self.filters],
            "long_filters": [str(item) for item in self.long_filters],
            "short_filters": [str(item) for item in self.short_filters],
            "sides": self.sides,
            "exits": self.exits.told() if self.exits else None,
        }


def features_known() -> frozenset[str]:
    """The names of the core set's features; they do not depend on the timeframe."""
    return frozenset(core_plan(Timeframe("5m")).names)


def try_out(strategy: Strategy) -> None:
    """Find its candidates on three bars: a rule that cannot be computed is known at once."""
    midnight = datetime(2025, 1, 2, 15, tzinfo=UTC)
    bars = pl.DataFrame(
        {
            "ts": [midnight + timedelta(minutes=5 * n) for n in range(3)],
            "session_date": [date(2025, 1, 2)] * 3,
            "session_end": [midnight + timedelta(hours=6)] * 3,
            "session": ["rth"] * 3,
            **dict.fromkeys(BAR_COLUMNS, [1.0] * 3),
        }
    )
    whole = bars.with_columns(
        pl.lit(None, column.dtype).alias(column.name)
        for column in BARS.columns
        if column.name not in bars.columns
    ).cast({column.name: column.dtype for column in BARS.columns})
    features = bars.select("ts", *(pl.lit(1.0).alias(name) for name in sorted(features_known())))
    find_candidates("MES-5m", strategy.tradable, whole, features, 300)


def _expression(item: Filter, known: frozenset[str]) -> pl.Expr:
    if isinstance(item, pl.Expr):
        return item
    if not isinstance(item, str):
        raise ValueError(f"a filter is {item!r}: write it as a text")
    return where(item, known)


PLATFORM = Strategy("platform", SETUPS, about="the platform's own setups, unfiltered")
