"""How much of the result hangs on a few trades, and how the trades' R is spread."""

from dataclasses import dataclass

import numpy as np

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.trades import NO_TRADES, mean_per_trade, profit_factor
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.segments.keys import KeyedTrades

_CURVE_POINTS = 60
_CURVE_FRAC = 0.25
"""The curve leaves out up to so large a share of the trades."""
R_STEP = 0.25
R_EDGE = 6.0
"""Trades beyond so many R are counted in the outermost bars."""
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NO_PROFIT = "there is no net profit to share out"


@dataclass(frozen=True)
class Without:
    """What is left when some trades are left out."""

    what: str
    trades: int
    net_usd: float
    expectancy_r: Metric
    profit_factor: Metric


@dataclass(frozen=True)
class Contribution:
    """`rows`: all trades, then without the best few; `curve`: how many of the best are left out,
    and the net that is left, USD. `trades_of_net`: so many best trades make the whole net."""

    rows: tuple[Without, ...]
    best_five_frac: Metric
    """The best five trades' share of the net profit; above 1 where the others lost."""
    trades_of_net: Metric
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class RDistribution:
    """Counts of trades by R from -6 to 6 in steps of a quarter, and quantiles of R."""

    counts: tuple[int, ...]
    quantiles: dict[str, Metric]
    """By `p01` to `p99`."""
    best_twentieth_frac: Metric
    """Share of the sum of all winning R that the best 5 % of the trades made."""
    worst_r: Metric
    best_r: Metric


def contribution_of(trades: KeyedTrades) -> Contribution:
    """What the best and the worst trades contribute; ties in order of entry."""
    net, n = trades.net_usd, trades.net_usd.size
    best_first = np.argsort(-net, kind="stable")
    percent = max(1, round(0.01 * n))
    wanted = (
        ("all trades", np.empty(0, dtype=np.int64)),
        ("without the best trade", best_first[:1]),
        ("without the best five", best_first[:5]),
        (f"without the best 1 % ({percent})", best_first[:percent]),
        ("without the best day", np.flatnonzero(trades.day == _best_day(trades))),
        ("without the worst five", best_first[::-1][:5]),
        ("without best and worst five", np.r_[best_first[:5], best_first[::-1][:5]]),
    )
    total, made = float(np.sum(net)), np.cumsum(net[best_first])
    if n == 0 or total <= 0.0:
        share: Metric = Undefined(NO_PROFIT if n else NO_TRADES)
        needed = share
    else:
        share = float(np.sum(net[best_first[:5]]) / total)
        # The sum in another order may miss the total by rounding.
        needed = int(np.searchsorted(made, total * (1.0 - 1e-12)) + 1)
    drop = np.unique(np.linspace(0, max(1, int(_CURVE_FRAC * n)), _CURVE_POINTS).astype(np.int64))
    left = total - np.concatenate(([0.0], made))
    return Contribution(
        rows=tuple(_without(what, trades, out) for what, out in wanted) if n else (),
        best_five_frac=share,
        trades_of_net=needed,
        curve=tuple((int(k), float(left[k])) for k in drop if k <= n) if n else (),
    )


def r_distribution(trades: KeyedTrades) -> RDistribution:
    """How R is spread; trades without a stop have none and are not counted."""
    r = trades.r[np.isfinite(trades.r)]
    edges = r_edges()
    counts = np.histogram(np.clip(r, edges[0], edges[-1] - R_STEP / 2), edges)[0]
    names = [f"p{100 * q:02.0f}" for q in _QUANTILES]
    if r.size == 0:
        none = Undefined(NO_TRADES)
        return RDistribution(tuple(counts.tolist()), dict.fromkeys(names, none), none, none, none)
    wins = np.sort(r[r > 0])[::-1]
    best = wins[: max(1, round(0.05 * r.size))]
    return RDistribution(
        counts=tuple(counts.tolist()),
        quantiles=dict(zip(names, np.quantile(r, _QUANTILES).tolist(), strict=True)),
        best_twentieth_frac=(
            float(np.sum(best) / np.sum(wins)) if wins.size else Undefined("no trade won")
        ),
        worst_r=float(np.min(r)),
        best_r=float(np.max(r)),
    )


def r_edges() -> Floats:
    """The edges of the counted bars, R."""
    return np.arange(-R_EDGE, R_EDGE + R_STEP / 2, R_STEP)


def _best_day(trades: KeyedTrades) -> int:
    if trades.day.size == 0:
        return -1
    return int(np.argmax(np.bincount(trades.day, weights=trades.net_usd)))


def _without(what: str, trades: KeyedTrades, left_out: np.ndarray) -> Without:
    kept = np.ones(trades.net_usd.size, dtype=bool)
    kept[left_out] = False
    net, r = trades.net_usd[kept], trades.r[kept]
    return Without(
        what=what,
        trades=int(net.size),
        net_usd=float(np.sum(net)),
        expectancy_r=mean_per_trade(r[np.isfinite(r)]),
        profit_factor=profit_factor(net),
    )
