"""What is compared, and what a comparison finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from mlplatform.domain.schema import Column, Table
from mlplatform.metrics.bootstrap import Interval
from mlplatform.metrics.undefined import Metric, Undefined

COMPARISON = Table(
    "model_comparison",
    (
        Column("figure", pl.String, "name of the figure, as in report.json"),
        Column("champion", pl.Float64, "of the champion recipe, common days", nullable=True),
        Column("challenger", pl.Float64, "of this recipe, common days", nullable=True),
        Column("difference", pl.Float64, "challenger minus champion", nullable=True),
        Column("low", pl.Float64, "lower bound of the difference", nullable=True),
        Column("high", pl.Float64, "upper bound of the difference", nullable=True),
        Column("reason", pl.String, "why there is no interval", nullable=True),
    ),
)


@dataclass(frozen=True, eq=False)
class Contender:
    """One policy of one study.

    `trades` is table `trades`, `days` the trading days on which it was tried, ascending: a day
    without a trade counts as one with no result.
    """

    label: str
    series: str
    policy: str
    trades: pl.DataFrame
    days: tuple[date, ...]
    capital_usd: float
    settings: Mapping[str, object] = field(default_factory=dict)
    source_sha256: str = ""


@dataclass(frozen=True)
class TradeGroup:
    """Trades of one contender: the shared ones, or those that the other did not make."""

    trades: int
    net_usd: float
    expectancy_r: Metric
    win_rate: Metric


@dataclass(frozen=True)
class SameTrades:
    """Trades that both made: decided on the same bar by the same setup on the same side."""

    a: TradeGroup
    b: TradeGroup
    same_exit: int
    """Of them, those that both left at the same bar for the same reason."""
    difference_r: Interval | Undefined
    """Mean of B's R minus A's, a trade."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """B against A on the trading days that both were tried on; differences are B minus A."""

    a: Contender
    b: Contender
    days: tuple[date, ...]
    """The common days."""
    figures_a: Mapping[str, Metric]
    figures_b: Mapping[str, Metric]
    gaps: Mapping[str, Metric]
    """B's figure minus A's."""
    differences: Mapping[str, Interval | Undefined]
    same: SameTrades
    only_a: TradeGroup
    only_b: TradeGroup
    net_a_usd: tuple[float, ...]
    """By common day."""
    net_b_usd: tuple[float, ...]
    settings: tuple[tuple[str, object, object], ...]
    """Those that differ: name, A's, B's."""
    notes: tuple[str, ...]
    """What a reader must know before comparing."""
    kind: str
    """better, worse, none or too_little: what the sentence says of B."""
    sentence: str
