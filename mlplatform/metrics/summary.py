"""All figures of one policy in one value."""

from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from mlplatform.domain.tables import TRADES
from mlplatform.metrics import distribution, drawdowns, ratios, returns, risk, trades
from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined

CENT_USD = 0.01
HELD_THROUGHOUT = "held throughout: there are no trades"


@dataclass(frozen=True)
class Summary:
    """The figures of one policy; `_frac` are fractions, drawdowns and losses are positive.

    The order is the order of report.json: first the headline figures, then the rest.
    """

    trades: Metric
    net_usd: Metric
    total_return_frac: Metric
    sharpe_ratio: Metric
    sortino_ratio: Metric
    calmar_ratio: Metric
    profit_factor: Metric
    win_rate: Metric
    payoff_ratio: Metric
    max_drawdown_frac: Metric
    expectancy_r: Metric
    commission_usd: Metric

    days: Metric
    cagr_frac: Metric
    annual_mean_return_frac: Metric
    volatility_frac: Metric
    downside_deviation_frac: Metric
    value_at_risk_frac: Metric
    conditional_value_at_risk_frac: Metric
    omega_ratio: Metric
    max_drawdown_usd: Metric
    max_intraday_drawdown_frac: Metric
    average_drawdown_frac: Metric
    recovery_days: Metric
    longest_under_water_days: Metric
    time_under_water_frac: Metric
    ulcer_index_frac: Metric
    recovery_factor: Metric
    expectancy_usd: Metric
    average_win_usd: Metric
    average_loss_usd: Metric
    longest_winning_run: Metric
    longest_losing_run: Metric
    exposure_frac: Metric
    turnover_contracts_per_day: Metric
    skewness: Metric
    excess_kurtosis: Metric
    tail_ratio: Metric
    gain_to_pain: Metric
    slippage_usd: Metric
    costs_usd: Metric

    def items(self) -> list[tuple[str, Metric]]:
        """Name and figure, in order."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def summarise(closed: pl.DataFrame | None, daily: pl.DataFrame, capital_usd: float) -> Summary:
    """All figures of one policy.

    `closed` is table `trades` in order of time (None for a holding that never trades), `daily`
    table `daily_equity` in order of time, `capital_usd` the equity before the first day. Known
    only after the last day. Raises ValueError, a defect of ours, where a mark is not finite, the
    capital is not positive, or the trades' net is not the equity's change to the cent.
    """
    equity = daily["equity_usd"].to_numpy().astype(np.float64)
    low = daily["low_usd"].to_numpy().astype(np.float64)
    if not (capital_usd > 0.0 and np.isfinite(equity).all() and np.isfinite(low).all()):
        raise ValueError("equity marks must be finite, and the capital positive")
    gained = float(equity[-1] - capital_usd) if equity.size else 0.0
    if closed is not None:
        _check_conservation(closed, gained)
    return Summary(
        **_of_equity(equity, capital_usd),
        **_of_risk_taken(equity, low, capital_usd, idle=closed is not None and closed.is_empty()),
        **_of_returns(returns.daily_returns(equity, capital_usd), equity, capital_usd),
        **_of_trades(closed, daily.height, gained),
    )


def _check_conservation(closed: pl.DataFrame, gained_usd: float) -> None:
    net = float(closed["net_usd"].sum())
    if not abs(net - gained_usd) <= CENT_USD * (1 + 1e-9 * abs(net)):
        raise ValueError(f"trades net {net:.2f} USD, but equity changed by {gained_usd:.2f} USD")


def _of_equity(equity: Floats, capital_usd: float) -> dict[str, Metric]:
    found = drawdowns.episodes(equity, capital_usd)
    return {
        "days": equity.size,
        "total_return_frac": returns.total_return(equity, capital_usd),
        "average_drawdown_frac": drawdowns.average_drawdown_frac(found),
        "recovery_days": drawdowns.recovery_days(found),
        "longest_under_water_days": drawdowns.longest_under_water_days(found, equity.size),
        "time_under_water_frac": drawdowns.time_under_water_frac(equity, capital_usd),
        "ulcer_index_frac": drawdowns.ulcer_index_frac(equity, capital_usd),
        "recovery_factor": drawdowns.recovery_factor(equity, capital_usd),
    }


def _of_risk_taken(
    equity: Floats, low: Floats, capital_usd: float, *, idle: bool
) -> dict[str, Metric]:
    """A policy that never traded has no drawdown, rather than the best one there is."""
    figures: dict[str, Metric] = {
        "max_drawdown_frac": drawdowns.max_drawdown_frac(equity, capital_usd),
        "max_drawdown_usd": drawdowns.max_drawdown_usd(equity, capital_usd),
        "max_intraday_drawdown_frac": drawdowns.max_intraday_drawdown_frac(
            equity, low, capital_usd
        ),
    }
    if idle or not equity.size:
        reason = trades.NO_TRADES if idle else returns.NO_DAYS
        return dict.fromkeys(figures, Undefined(reason))
    return figures


def _of_returns(daily: Floats | Undefined, equity: Floats, capital_usd: float) -> dict[str, Metric]:
    deepest = drawdowns.max_drawdown_frac(equity, capital_usd)
    figures = {
        "sharpe_ratio": ratios.sharpe_ratio,
        "sortino_ratio": ratios.sortino_ratio,
        "calmar_ratio": lambda r: ratios.calmar_ratio(r, deepest),
        "cagr_frac": returns.cagr,
        "annual_mean_return_frac": returns.annual_mean_return,
        "volatility_frac": risk.volatility,
        "downside_deviation_frac": risk.downside_deviation,
        "value_at_risk_frac": risk.value_at_risk,
        "conditional_value_at_risk_frac": risk.conditional_value_at_risk,
        "omega_ratio": ratios.omega_ratio,
        "skewness": distribution.skewness,
        "excess_kurtosis": distribution.excess_kurtosis,
        "tail_ratio": distribution.tail_ratio,
        "gain_to_pain": distribution.gain_to_pain,
    }
    if isinstance(daily, Undefined):
        return dict.fromkeys(figures, daily)
    return {name: figure(daily) for name, figure in figures.items()}


def _of_trades(closed: pl.DataFrame | None, days: int, gained_usd: float) -> dict[str, Metric]:
    if closed is None:
        names = _of_trades(TRADES.empty(), days, gained_usd)
        return dict.fromkeys(names, Undefined(HELD_THROUGHOUT)) | {"net_usd": gained_usd}
    net = closed["net_usd"].to_numpy().astype(np.float64)
    commission, slippage = (
        float(closed["commission_usd"].sum()),
        float(closed["slippage_usd"].sum()),
    )
    return {
        "trades": closed.height,
        "net_usd": float(np.sum(net)),
        "profit_factor": trades.profit_factor(net),
        "win_rate": trades.win_rate(net),
        "payoff_ratio": trades.payoff_ratio(net),
        "expectancy_r": trades.mean_r(closed["r"].to_numpy().astype(np.float64)),
        "commission_usd": commission,
        "expectancy_usd": trades.mean_per_trade(net),
        "average_win_usd": trades.average_win_usd(net),
        "average_loss_usd": trades.average_loss_usd(net),
        "longest_winning_run": trades.longest_run(net > 0.0),
        "longest_losing_run": trades.longest_run(net < 0.0),
        "exposure_frac": trades.exposure_frac(
            closed["entry_ts"].to_physical().to_numpy(),
            closed["exit_ts"].to_physical().to_numpy(),
            days,
        ),
        "turnover_contracts_per_day": trades.turnover_contracts_per_day(
            closed["contracts"].cast(pl.Int64).to_numpy(), days
        ),
        "slippage_usd": slippage,
        "costs_usd": commission + slippage,
    }
