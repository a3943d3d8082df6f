"""Planted violations: the classic ways in which a feature comes to know the future."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from mlplatform.domain.tables import BARS
from mlplatform.features.graph import Columns, Feature, FeaturePlan
from mlplatform.market.resampling import resample

CLOSE = pl.col("close")
BOTH = frozenset({"prefix", "poison"})
ALL = BOTH | {"warm-up"}


@dataclass(frozen=True)
class Planted:
    """A feature `x` that breaks the law, and the proofs that must catch it, at any cut."""

    features: tuple[Feature, ...]
    caught_by: frozenset[str]

    @property
    def plan(self) -> FeaturePlan:
        return FeaturePlan.build("planted", 1, self.features, tuple(BARS.names))


def feature(compute: Callable[[Columns], pl.Series], lookback_bars: int = 0) -> Feature:
    return Feature("x", tuple(BARS.names), lookback_bars, compute, "planted")


def expression(expr: pl.Expr, lookback_bars: int = 0) -> Feature:
    return feature(lambda c: pl.DataFrame(dict(c)).select(expr).to_series(), lookback_bars)


def joined_on_open_bars(columns: Columns) -> pl.Series:
    """The close of the current hour's bar, joined by its start: the hour is not over."""
    bars = pl.DataFrame(dict(columns)).with_columns(segment=pl.lit(0))
    higher = resample(bars, 60).select(
        ts=pl.col("known_at") - pl.duration(minutes=60), last="close"
    )
    return bars.join_asof(higher.sort("ts"), on="ts")["last"]


def of_tomorrow(value: pl.Expr) -> Callable[[Columns], pl.Series]:
    """A value of the trading day after each bar's own."""

    def compute(columns: Columns) -> pl.Series:
        bars = pl.DataFrame(dict(columns))
        days = bars.group_by("session_date", maintain_order=True).agg(x=value)
        days = days.with_columns(pl.col("x").shift(-1))
        return bars.join(days, on="session_date", maintain_order="left")["x"]

    return compute


def _early_swing() -> pl.Expr:
    """The minute of the last swing high, highest of two bars either side, told one bar after it."""
    top = pl.col("high") == pl.col("high").rolling_max(5, center=True)
    return pl.when(top.shift(1)).then(pl.col("minute_of_session").shift(1)).forward_fill()


def _one(feature: Feature, caught_by: frozenset[str]) -> Planted:
    return Planted((feature,), caught_by)


PLANTED = {
    "centred window": _one(expression(CLOSE.rolling_mean(11, center=True), 5), BOTH),
    "next close": _one(expression(CLOSE.shift(-1)), BOTH),
    "filled backward": _one(
        expression(pl.when(pl.int_range(pl.len()) % 50 == 49).then(CLOSE).backward_fill(), 50), ALL
    ),
    "whole-period scaling": _one(expression((CLOSE - CLOSE.mean()) / CLOSE.std()), ALL),
    "whole-period rank": _one(expression(CLOSE.rank()), ALL),
    "whole-day maximum": _one(expression(pl.col("high").max().over("session_date")), BOTH),
    "bars yet to come": _one(expression(pl.len() - pl.int_range(pl.len())), BOTH),
    "open higher bar": _one(feature(joined_on_open_bars), BOTH),
    "swing confirmed too early": _one(expression(_early_swing(), 200), BOTH),
    "mean over the period's end": _one(
        expression(CLOSE.reverse().rolling_mean(20, min_samples=1).reverse()), BOTH
    ),
    "tomorrow's close": _one(feature(of_tomorrow(CLOSE.last())), BOTH),
    # What the calendar says is known ahead: poison leaves it as it is.
    "tomorrow's label": _one(
        feature(of_tomorrow(pl.col("session_date").first().to_physical())), frozenset({"prefix"})
    ),
    "lookback understated": _one(expression(CLOSE.ewm_mean(span=200), 100), frozenset({"warm-up"})),
    "sum since the beginning": _one(
        expression(pl.col("volume").cum_sum(), 500), frozenset({"warm-up"})
    ),
}
"""What breaks the law, by its usual name."""
