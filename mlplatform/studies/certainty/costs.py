"""What is left under other costs: the same trades, dearer or cheaper."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.market.periods import trading_day
from mlplatform.metrics.ratios import sharpe_ratio
from mlplatform.metrics.returns import Floats, daily_returns
from mlplatform.metrics.trades import NO_TRADES, mean_r
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.certainty.value import CostRow
from mlplatform.studies.result import PolicyResult

MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
EXTRA_TICKS = (0.5, 1.0, 2.0)
"""Per side."""


def cost_rows(name: str, policy: PolicyResult, capital_usd: float) -> tuple[CostRow, ...]:
    """The policy at 0 to 3 times its costs: commission, slippage and spread."""
    trades, costs = _trades_of(policy, capital_usd), _costs(policy)
    return tuple(
        _row(name, trades, (multiple, 0.0), (multiple - 1.0) * costs) for multiple in MULTIPLES
    )


def slippage_rows(
    name: str, policy: PolicyResult, capital_usd: float, execution: Mapping[str, object]
) -> tuple[CostRow, ...]:
    """The policy with ticks of slippage added to each side that pays slippage (a limit fill pays
    none); to both sides where the run had none. Without a tick in `execution` there is no row.
    """
    tick, multiplier = execution.get("tick_points"), execution.get("multiplier_usd")
    if not (isinstance(tick, int | float) and isinstance(multiplier, int | float)):
        return ()
    tick_usd = float(tick) * float(multiplier)
    paid = float(str(execution.get("slippage_ticks", 0.0)))
    paid += float(str(execution.get("spread_ticks", 0.0))) / 2.0
    contracts = _column(policy, "contracts")
    a_tick = _column(policy, "slippage_usd") / paid if paid > 0.0 else 2.0 * contracts * tick_usd
    trades = _trades_of(policy, capital_usd)
    return tuple(_row(name, trades, (1.0, extra), extra * a_tick) for extra in EXTRA_TICKS)


def break_even_multiple(policy: PolicyResult) -> Metric:
    """The multiple of its costs at which a policy's net is zero; below 0 it loses without any."""
    costs = float(_costs(policy).sum())
    if policy.trades.is_empty():
        return Undefined(NO_TRADES)
    if costs == 0.0:
        return Undefined("the trades cost nothing")
    return 1.0 + float(policy.trades["net_usd"].sum()) / costs


@dataclass(frozen=True, eq=False)
class _Trades:
    """A policy's trades as arrays, and its marks."""

    net_usd: Floats
    risk_usd: Floats
    """NaN without a stop."""
    day: NDArray[np.int64]
    """Place of the exit's trading day among the marks."""
    equity_usd: Floats
    capital_usd: float


def _trades_of(policy: PolicyResult, capital_usd: float) -> _Trades:
    days = policy.daily.select("session_date").with_row_index("at")
    exits = policy.trades.select(session_date=trading_day(pl.col("exit_ts")))
    at = exits.join(days, on="session_date", how="left", maintain_order="left")["at"]
    return _Trades(
        _column(policy, "net_usd"),
        _risk_usd(policy.trades),
        at.to_numpy().astype(np.int64),
        policy.daily["equity_usd"].to_numpy().astype(np.float64),
        capital_usd,
    )


def _row(name: str, trades: _Trades, changed: tuple[float, float], added_usd: Floats) -> CostRow:
    """The row with `added_usd` taken from each trade on the day of its exit."""
    if not trades.net_usd.size:
        none = Undefined(NO_TRADES)
        return CostRow(name, *changed, none, none, none)
    net, risk = trades.net_usd - added_usd, trades.risk_usd
    taken = np.cumsum(np.bincount(trades.day, added_usd, trades.equity_usd.size))
    daily = daily_returns(trades.equity_usd - taken, trades.capital_usd)
    return CostRow(
        name,
        *changed,
        net_usd=float(net.sum()),
        expectancy_r=mean_r(net / risk),
        sharpe=daily if isinstance(daily, Undefined) else sharpe_ratio(daily),
    )


def _costs(policy: PolicyResult) -> Floats:
    return _column(policy, "commission_usd") + _column(policy, "slippage_usd")


def _column(policy: PolicyResult, name: str) -> Floats:
    return policy.trades[name].to_numpy().astype(np.float64)


def _risk_usd(trades: pl.DataFrame) -> Floats:
    """Initial risk of each trade, NaN where it had no stop: its stop at the value of a point that
    the trades' net and R tell.
    """
    size = (trades["stop_points"] * trades["contracts"]).to_numpy().astype(np.float64)
    r = trades["r"].to_numpy().astype(np.float64)
    net = trades["net_usd"].to_numpy().astype(np.float64)
    told = np.isfinite(r) & (r != 0.0) & (size > 0.0)
    if not told.any():
        return np.full(len(r), np.nan)
    point_usd = float(np.median(net[told] / (r[told] * size[told])))
    return np.where(np.isfinite(r), size * point_usd, np.nan)
