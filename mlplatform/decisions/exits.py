"""A strategy's own exits, and the order plans that follow from them: policy `strategy`."""

from dataclasses import dataclass, fields
from math import isfinite

import numpy as np
import polars as pl

from mlplatform.decisions.plans import Plan, decisions_of
from mlplatform.domain.tables import DECISIONS

STRATEGY = "strategy"
"""The policy that trades a strategy as its author wrote it."""


@dataclass(frozen=True)
class Exits:
    """How a strategy leaves its trades; distances in ATR 14 of the signal bar, None: not at all.

    Whatever is set, a trade is flat by its session's end. A stop is a must: without one there is
    no R. The trail follows the best price at `trail_atr`, once the trade has been ahead by
    `trail_activation_atr`; the stop moves to the entry once it has been ahead by `breakeven_atr`.
    Raises ValueError in a sentence for what cannot be.
    """

    stop_atr: float
    target_atr: float | None = None
    time_exit_bars: int | None = None
    """Bars held, the entry bar counted, after which it leaves at the close."""
    trail_atr: float | None = None
    trail_activation_atr: float | None = None
    breakeven_atr: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.name != "stop_atr":
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"exit {field.name} is {value!r}, not a number")
            if not (isfinite(value) and value > 0):
                raise ValueError(f"exit {field.name} is {value}: it must be above zero")
        if self.time_exit_bars is not None and self.time_exit_bars != int(self.time_exit_bars):
            raise ValueError(f"exit time_exit_bars is {self.time_exit_bars}, not a whole number")
        if self.trail_activation_atr is not None and self.trail_atr is None:
            raise ValueError("exit trail_activation_atr has no trail_atr that it could start")

    def told(self) -> dict[str, float]:
        """What is set, by name."""
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in named if value is not None}


def strategy_decisions(
    candidates: pl.DataFrame, exits: Exits, fingerprint: str, period: str = ""
) -> pl.DataFrame:
    """Table `decisions` of policy `strategy`: every candidate with one contract and these exits.

    The contracts are the baseline's, so that the two differ by their exits alone.
    """
    n, atr = candidates.height, candidates["atr_points"]
    plan = Plan(np.ones(n, np.bool_), np.ones(n, np.int64), np.full(n, float(exits.stop_atr)))
    table = decisions_of(STRATEGY, fingerprint, candidates, plan, period)
    bars = exits.time_exit_bars
    return DECISIONS.frame(
        table.with_columns(
            target_points=_points(atr, exits.target_atr),
            breakeven_points=_points(atr, exits.breakeven_atr),
            trail_points=_points(atr, exits.trail_atr),
            trail_activation_points=_points(atr, exits.trail_activation_atr),
            time_exit_bars=pl.lit(None if bars is None else int(bars), pl.Int32),
        )
    )


def _points(atr: pl.Series, multiple: float | None) -> pl.Series:
    """Null where there is none."""
    if multiple is None:
        return pl.Series([None] * len(atr), dtype=pl.Float64)
    return atr * float(multiple)
