"""Decisions of one series beside positions that are open in others: less of what moves together.

One account's heat is that of all its series. The engine keeps it within one series; here a plan of
one series is cut to what the others leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from mlplatform.domain.series import Series
from mlplatform.models.heat import correlation_scale

LOOK_BACK = timedelta(days=60)
LEAST_RETURNS = 200
"""Hourly returns that two series must share; with fewer they count as one and the same."""


@dataclass(frozen=True)
class OpenPosition:
    """A position in another series: side +1 or -1, whole contracts, stop distance in points."""

    series: Series
    side: int
    contracts: int
    stop_points: float

    def __post_init__(self) -> None:
        """ValueError for what is no position."""
        if self.side not in (-1, 1) or self.contracts < 1 or not self.stop_points > 0.0:
            raise ValueError("a position has a side, a contract at least, and a stop away from it")

    @property
    def risk_usd(self) -> float:
        """What it loses at its stop."""
        return self.contracts * self.stop_points * self.series.instrument.multiplier_usd


@dataclass(frozen=True)
class Account:
    """What all series trade from; heat is the summed risk of what is open, of capital."""

    capital_usd: float
    max_heat_frac: float
    positions: tuple[OpenPosition, ...] = ()


@dataclass(frozen=True)
class Closes:
    """Bars of a series (`ts` their start, `close`)."""

    series: Series
    bars: pl.DataFrame


def correlation(own: Closes, other: Closes, before: datetime) -> float | None:
    """Pearson's correlation of two series' hourly log returns, of bars that were over at `before`.

    Of the last 60 days, of the hours that both traded one after the other; None where these are
    fewer than 200, as they are for bars longer than an hour.
    """
    each = [_hourly(one, before) for one in (own, other)]
    both = each[0].join(each[1], on="hour", suffix="_other").drop_nulls()
    if both.height < LEAST_RETURNS:
        return None
    a, b = both["change"].to_numpy(), both["change_other"].to_numpy()
    spread = float(a.std() * b.std())
    if not spread > 0.0:
        return None
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread)


def _hourly(one: Closes, before: datetime) -> pl.DataFrame:
    """Log change of the last close of each whole hour over that of the hour before."""
    ends = pl.col("ts") + one.series.timeframe.delta
    hour = (ends - timedelta(microseconds=1)).dt.truncate("1h")
    # An hour that is still running at `before` is not whole.
    whole = hour + timedelta(hours=1) <= before
    closes = (
        one.bars.filter(whole, pl.col("ts") >= before - LOOK_BACK)
        .group_by(hour=hour)
        .agg(close=pl.col("close").sort_by("ts").last())
        .sort("hour")
    )
    follows = pl.col("hour").diff() == timedelta(hours=1)
    change = pl.when(follows & (pl.col("close") > 0.0)).then(pl.col("close").log().diff())
    return closes.select("hour", change=change)


def beside(
    decisions: pl.DataFrame,
    multiplier_usd: float,
    account: Account,
    correlations: Mapping[str, float | None],
) -> pl.DataFrame:
    """Table `decisions` with the contracts that the open positions leave, 0 and not taken where
    they leave none.

    A taken size shrinks to 1 / (1 + shared risk / own risk), rounded down; shared is the risk of
    each open position that moves with it, by `correlations` of its series (None counts as 1). It is
    then cut so that the summed risk of all that is open stays within the account's heat.
    Each decision is cut as if it were the next one to be filled.
    """
    if not account.positions:
        return decisions
    one_usd = decisions["stop_points"].to_numpy() * multiplier_usd
    room_usd = account.max_heat_frac * account.capital_usd - _risk_usd(account.positions)
    contracts = [
        _left(int(wanted), int(side), float(usd), account, correlations, room_usd) if take else 0
        for take, wanted, side, usd in zip(
            decisions["take"], decisions["contracts"], decisions["side"], one_usd, strict=True
        )
    ]
    cut = pl.Series("contracts", contracts, dtype=pl.Int32)
    return decisions.with_columns(cut, take=cut > 0)


def _left(
    wanted: int,
    side: int,
    one_usd: float,
    account: Account,
    correlations: Mapping[str, float | None],
    room_usd: float,
) -> int:
    risks = np.array([p.risk_usd for p in account.positions]) / account.capital_usd
    sides = np.array([side * p.side for p in account.positions], dtype=np.float64)
    alike = [correlations.get(p.series.name) for p in account.positions]
    # What is not known may be the very same bet, on whichever side.
    unknown = np.array([rho is None for rho in alike])
    rho = np.where(unknown, sides, [0.0 if value is None else value for value in alike])
    own_frac = wanted * one_usd / account.capital_usd
    share = correlation_scale(own_frac, (risks, sides), rho)
    # A share of exactly so many contracts must not lose one to rounding.
    fits = int(np.floor(max(room_usd, 0.0) / one_usd + 1e-9))
    return min(int(np.floor(wanted * share + 1e-9)), fits)


def _risk_usd(positions: Sequence[OpenPosition]) -> float:
    return sum(position.risk_usd for position in positions)
