"""One row a segment: how many trades, what they came to, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.trades import NO_TRADES, profit_factor, win_rate
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.segments.keys import DIMENSIONS, Ints, KeyedTrades, ordered

CONFIDENCE = 0.95
MINIMUM_DAYS = 10
NO_R = "no trade has a stop, so none has an R"
FEW_DAYS = f"an interval needs trades on {MINIMUM_DAYS} days"


@dataclass(frozen=True)
class SegmentFigures:
    """What the trades of one policy in one segment came to, after costs.

    `expectancy_r_low` and `_high`: 95 % interval of the mean R; trades of a day count as one draw.
    """

    trades: int
    net_usd: float
    win_rate: Metric
    profit_factor: Metric
    expectancy_r: Metric
    expectancy_r_low: Metric
    expectancy_r_high: Metric


@dataclass(frozen=True)
class SegmentRow:
    """One value of a dimension, such as side `long`, under each judged policy."""

    key: str
    baseline: SegmentFigures
    ml: SegmentFigures
    strategy: SegmentFigures | None = None
    """Of a strategy's own exits; None where the study has none."""

    @property
    def trades(self) -> int:
        """Of all policies together."""
        own = self.strategy.trades if self.strategy else 0
        return self.baseline.trades + self.ml.trades + own


@dataclass(frozen=True)
class Dimension:
    """What trades are grouped by, and its rows in order."""

    name: str
    rows: tuple[SegmentRow, ...]


def dimensions_of(
    trades: Mapping[str, KeyedTrades], windows: tuple[str, ...]
) -> tuple[Dimension, ...]:
    """Every dimension of the policies' trades; a window without a trade has its row too."""
    found = []
    for name in DIMENSIONS:
        keys = {key for one in trades.values() for key in one.keys[name].unique()}
        order = ordered(name, keys | set(windows) if name == "window" else keys)
        by_policy = {policy: figures_by(one, name, order) for policy, one in trades.items()}
        rows = (
            SegmentRow(key, **{policy: figures[n] for policy, figures in by_policy.items()})
            for n, key in enumerate(order)
        )
        found.append(Dimension(name, tuple(rows)))
    return tuple(found)


def figures_by(trades: KeyedTrades, dimension: str, order: list[str]) -> list[SegmentFigures]:
    """The figures of each key in `order`."""
    place = {key: n for n, key in enumerate(order)}
    code = trades.keys[dimension].replace_strict(place, return_dtype=pl.Int64).to_numpy()
    by_code = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[by_code], np.arange(len(order) + 1))
    return [
        segment_figures(trades.net_usd[chosen], trades.r[chosen], trades.day[chosen])
        for chosen in (by_code[a:b] for a, b in pairwise(ends))
    ]


def segment_figures(net_usd: Floats, r: Floats, day: Ints) -> SegmentFigures:
    """The figures of some trades: net in USD, R (NaN: none), number of the trading day."""
    mean, low, high = mean_r(r, day)
    return SegmentFigures(
        trades=int(net_usd.size),
        net_usd=float(np.sum(net_usd)),
        win_rate=win_rate(net_usd),
        profit_factor=profit_factor(net_usd),
        expectancy_r=mean,
        expectancy_r_low=low,
        expectancy_r_high=high,
    )


def mean_r(r: Floats, day: Ints) -> tuple[Metric, Metric, Metric]:
    """Mean R with its 95 % interval, from a variance clustered by trading day.

    `m +- t(G-1) * sqrt(G / (G-1) * sum_d(sum_i(r_i - m))^2) / n`; Cameron and Miller (2015), a
    regression on a constant. No bounds where the trades lie on fewer than ten days.
    """
    known = np.isfinite(r)
    if not known.any():
        reason = Undefined(NO_R if r.size else NO_TRADES)
        return reason, reason, reason
    r, day = r[known], day[known]
    mean = float(np.mean(r))
    first = day.min()
    there = np.bincount(day - first)
    days = int(np.count_nonzero(there))
    if days < MINIMUM_DAYS:
        return mean, Undefined(FEW_DAYS), Undefined(FEW_DAYS)
    off = np.bincount(day - first, weights=r - mean)
    error = float(np.sqrt(days / (days - 1.0) * np.sum(off**2)) / r.size)
    wide = student(days - 1, CONFIDENCE) * error
    return mean, mean - wide, mean + wide


def student(degrees: int, confidence: float) -> float:
    """Half the width of a two-sided interval of Student's t, in standard errors."""
    from scipy.special import stdtrit  # slow to import

    return float(stdtrit(degrees, 0.5 + confidence / 2.0))
