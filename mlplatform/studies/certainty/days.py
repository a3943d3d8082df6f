"""A policy's results by trading day: what the bootstrap draws from."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mlplatform.market.periods import trading_day
from mlplatform.metrics.returns import Floats, daily_returns
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.result import PolicyResult


@dataclass(frozen=True, eq=False)
class Days:
    """Arrays of shape (days,), one place a trading day; a trade counts on the day of its exit."""

    net_usd: Floats
    """Change of the daily mark, the first against the capital."""
    returns: Floats | Undefined
    trades: Floats
    wins: Floats
    losses: Floats
    won_usd: Floats
    lost_usd: Floats
    """>= 0."""
    sum_r: Floats
    with_r: Floats
    """Trades that have an R."""
    capital_usd: float


def days_of(policy: PolicyResult, capital_usd: float) -> Days:
    """The days of a policy's marks. A trade on a day that has no mark is a defect: ValueError."""
    equity = policy.daily["equity_usd"].to_numpy().astype(np.float64)
    net, r = pl.col("net_usd"), pl.col("r")
    by_day = policy.trades.group_by(trading_day(pl.col("exit_ts")).alias("session_date")).agg(
        trades=pl.len().cast(pl.Float64),
        wins=(net > 0).sum().cast(pl.Float64),
        losses=(net < 0).sum().cast(pl.Float64),
        won_usd=net.filter(net > 0).sum(),
        lost_usd=-net.filter(net < 0).sum(),
        sum_r=r.sum(),
        with_r=r.count().cast(pl.Float64),
    )
    marked = policy.daily.select("session_date")
    if by_day.join(marked, on="session_date", how="anti").height:
        raise ValueError("a trade ends on a day that has no mark")
    table = marked.join(by_day, on="session_date", how="left", maintain_order="left").fill_null(0.0)
    columns = {name: table[name].to_numpy().astype(np.float64) for name in table.columns[1:]}
    return Days(
        net_usd=np.diff(equity, prepend=capital_usd),
        returns=daily_returns(equity, capital_usd),
        capital_usd=capital_usd,
        **columns,
    )
