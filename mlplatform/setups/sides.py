"""Both sides of an idea from one rule: a short sees the market upside down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from mlplatform.setups.setup import AT_MARKET, Entry, Setup

IS_RTH = pl.col("session") == "rth"
"""Regular trading hours."""


@dataclass(frozen=True)
class Side:
    """A bar and its features as one side sees them; `sign` is +1 for long, -1 for short.

    A short's prices are negated, so that its high is the bar's low and its support the market's
    resistance. A rule that is written for the long side then holds for both, exactly mirrored.
    """

    sign: int

    @property
    def open(self) -> pl.Expr:
        """First price."""
        return self.seen("open")

    @property
    def high(self) -> pl.Expr:
        """The extreme in the trade's direction."""
        return self.seen("high", "low")

    @property
    def low(self) -> pl.Expr:
        """The extreme against the trade."""
        return self.seen("low", "high")

    @property
    def close(self) -> pl.Expr:
        """Last price."""
        return self.seen("close")

    def seen(self, name: str, mirror: str | None = None) -> pl.Expr:
        """A price level, or a signed feature; `mirror` is what a short sees in its place."""
        return self.sign * pl.col(name if self.sign > 0 or mirror is None else mirror)


LONG, SHORT = Side(1), Side(-1)
Rule = Callable[[Side], pl.Expr]


def setup_of_both_sides(
    name: str, idea: str, rule: Rule, params: Mapping[str, float], entry: Entry = AT_MARKET
) -> Setup:
    """A setup of regular hours from a rule that is written for the long side."""
    return Setup(name, idea, IS_RTH & rule(LONG), IS_RTH & rule(SHORT), params, entry)


def entry_of_both_sides(order_type: str, price: Rule, expiry_bars: int) -> Entry:
    """A resting order from a price that is written for the long side."""
    return Entry(order_type, price(LONG), -price(SHORT), expiry_bars)
