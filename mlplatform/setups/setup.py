"""A setup: a pure rule that turns features into candidate trades."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from mlplatform.domain.tables import BARS, CANDIDATES


@dataclass(frozen=True)
class Entry:
    """The order that a setup suggests; it works from the bar after the signal bar on.

    `long_price` and `short_price`, points, are known at the signal bar's end; a market order has
    none. A resting order is given up after `expiry_bars`, 0: at the session's end.
    """

    order_type: str = "market"
    long_price: pl.Expr | None = None
    short_price: pl.Expr | None = None
    expiry_bars: int = 0

    def __post_init__(self) -> None:
        has_price = self.long_price is not None and self.short_price is not None
        if has_price is (self.order_type == "market"):
            raise ValueError("a market order has no price, any other has one for each side")


AT_MARKET = Entry()


@dataclass(frozen=True)
class Setup:
    """One trading idea.

    `long` and `short` are boolean rules over a bar and its features, known at the bar's end; they
    and the prices of `entry` are evaluated per trading day and contract, so `shift` looks back
    within them only.
    """

    name: str
    idea: str
    long: pl.Expr
    short: pl.Expr
    params: Mapping[str, float]
    entry: Entry = AT_MARKET

    @property
    def needs(self) -> set[str]:
        """The features that its rules read."""
        rules = (self.long, self.short, self.entry.long_price, self.entry.short_price)
        names = {name for rule in rules if rule is not None for name in rule.meta.root_names()}
        return names - set(BARS.names)


QUIET_MINUTES = 15
"""No entry in the last minutes of a session: nobody opens what must be closed at once."""
_DAY = ("session_date", "contract")


def find_candidates(
    series: str,
    setups: tuple[Setup, ...],
    bars: pl.DataFrame,
    features: pl.DataFrame,
    bar_seconds: int,
) -> pl.DataFrame:
    """Candidates (table `candidates`) of bars (table `bars`) and their features, joined on `ts`.

    A signal needs an ATR, a price where its order has one, and a next bar that starts before the
    session's quiet end. Where both sides of a setup fire on one bar the market said nothing:
    neither counts. Raises ValueError for a setup whose features are not there.
    """
    needed = {"atr14"}.union(*(_needs(setup, features) for setup in setups))
    table = bars.join(features.select("ts", *sorted(needed)), on="ts", maintain_order="left")
    next_bar = pl.col("ts") + pl.duration(seconds=bar_seconds)
    early = next_bar < pl.col("session_end") - pl.duration(minutes=QUIET_MINUTES)
    found = [_signals(setup, table).filter(early, pl.col("atr14") > 0) for setup in setups]
    signals = pl.concat(found).sort("ts", "setup")
    return CANDIDATES.frame(
        signals.with_columns(
            candidate_id=pl.format(
                "{}:{}:{}", pl.lit(series), "setup", pl.col("ts").dt.strftime("%Y%m%dT%H%M%S")
            ),
            reference_price=pl.col("close"),
            atr_points=pl.col("atr14"),
        )
    )


def _needs(setup: Setup, features: pl.DataFrame) -> set[str]:
    if missing := sorted(setup.needs - set(features.columns)):
        raise ValueError(f"setup {setup.name} needs the feature {missing[0]}, which nobody gives")
    return setup.needs


def _signals(setup: Setup, table: pl.DataFrame) -> pl.DataFrame:
    long, short = (rule.over(_DAY).fill_null(value=False) for rule in (setup.long, setup.short))
    side = pl.when(long & ~short).then(1).when(short & ~long).then(-1).otherwise(0)
    entry, price = setup.entry, pl.lit(None, pl.Float64)
    if entry.long_price is not None and entry.short_price is not None:
        price = pl.when(side > 0).then(entry.long_price.over(_DAY))
        price = price.otherwise(entry.short_price.over(_DAY))
    signals = table.with_columns(
        setup=pl.lit(setup.name),
        side=side.cast(pl.Int8),
        order_type=pl.lit(entry.order_type),
        order_price=price.cast(pl.Float64),
        expiry_bars=pl.lit(entry.expiry_bars, pl.Int32),
    ).filter(pl.col("side") != 0)
    # An order without its price is no order: the level that it hangs on is not known yet.
    has_price = pl.col("order_price").is_not_null()
    return signals if entry.order_type == "market" else signals.filter(has_price)
