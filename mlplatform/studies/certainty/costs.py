"""What is left under other costs: the same trades, dearer or cheaper."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from mlplatform.market.periods import trading_day
from mlplatform.metrics.ratios import sharpe_ratio
from mlplatform.metrics.returns import Floats, daily_returns
from mlplatform.metrics.trades import NO_TRADES, mean_per_trade
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.certainty.value import CostRow
from mlplatform.studies.result import PolicyResult

MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
EXTRA_TICKS = (0.5, 1.0, 2.0)
"""Per side."""


def cost_rows(name: str, policy: PolicyResult, capital_usd: float) -> tuple[CostRow, ...]:
    """The policy at 0 to 3 times its costs: commission, slippage and spread."""
    costs = _costs(policy)
    return tuple(
        _row(name, policy, capital_usd, (multiple, 0.0), (multiple - 1.0) * costs)
        for multiple in MULTIPLES
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
    contracts = policy.trades["contracts"].to_numpy().astype(np.float64)
    slipped = policy.trades["slippage_usd"].to_numpy().astype(np.float64)
    a_tick = slipped / paid if paid > 0.0 else 2.0 * contracts * tick_usd
    return tuple(
        _row(name, policy, capital_usd, (1.0, extra), extra * a_tick) for extra in EXTRA_TICKS
    )


def break_even_multiple(policy: PolicyResult) -> Metric:
    """The multiple of its costs at which a policy's net is zero; below 0 it loses without any."""
    costs = float(_costs(policy).sum())
    if policy.trades.is_empty():
        return Undefined(NO_TRADES)
    if costs == 0.0:
        return Undefined("the trades cost nothing")
    return 1.0 + float(policy.trades["net_usd"].sum()) / costs


def _costs(policy: PolicyResult) -> Floats:
    total = policy.trades["commission_usd"] + policy.trades["slippage_usd"]
    return total.to_numpy().astype(np.float64)


def _row(
    name: str,
    policy: PolicyResult,
    capital_usd: float,
    changed: tuple[float, float],
    added_usd: Floats,
) -> CostRow:
    """The row with `added_usd` taken from each trade on the day of its exit."""
    trades = policy.trades
    if trades.is_empty():
        none = Undefined(NO_TRADES)
        return CostRow(name, *changed, none, none, none)
    net = trades["net_usd"].to_numpy().astype(np.float64) - added_usd
    risk = _risk_usd(trades)
    known = np.isfinite(risk)
    return CostRow(
        name,
        *changed,
        net_usd=float(net.sum()),
        expectancy_r=mean_per_trade(net[known] / risk[known]),
        sharpe=_sharpe(policy, capital_usd, added_usd),
    )


def _risk_usd(trades: pl.DataFrame) -> Floats:
    """Initial risk of each trade, NaN where it had no stop: net / R, and where both are zero, its
    stop at the others' value of a point.
    """
    size = (trades["stop_points"] * trades["contracts"]).to_numpy().astype(np.float64)
    r = trades["r"].to_numpy().astype(np.float64)
    net = trades["net_usd"].to_numpy().astype(np.float64)
    told = np.isfinite(r) & (r != 0.0) & (size > 0.0)
    if not told.any():
        return np.full(len(r), np.nan)
    point_usd = float(np.median(net[told] / (r[told] * size[told])))
    return np.where(np.isfinite(r), size * point_usd, np.nan)


def _sharpe(policy: PolicyResult, capital_usd: float, added_usd: Floats) -> Metric:
    day = trading_day(pl.col("exit_ts")).alias("session_date")
    by_day = (
        policy.trades.select(day, added=pl.Series(added_usd))
        .group_by("session_date")
        .agg(pl.col("added").sum())
    )
    marks = policy.daily.join(by_day, on="session_date", how="left", maintain_order="left")
    taken = marks["added"].fill_null(0.0).cum_sum().to_numpy()
    daily = daily_returns(marks["equity_usd"].to_numpy() - taken, capital_usd)
    return daily if isinstance(daily, Undefined) else sharpe_ratio(daily)
