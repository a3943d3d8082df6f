"""Intervals of the headline figures, of two policies and of their difference, on the same days."""

import numpy as np

from mlplatform.metrics.bootstrap import Interval, Resamples, percentile_interval
from mlplatform.metrics.returns import DAYS_A_YEAR, Floats
from mlplatform.metrics.summary import Summary
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.certainty.days import Days

FIGURES = (
    "net_usd",
    "mean_day_usd",
    "sharpe_ratio",
    "sortino_ratio",
    "calmar_ratio",
    "profit_factor",
    "win_rate",
    "payoff_ratio",
    "expectancy_r",
    "max_drawdown_frac",
)
_CHUNK = 100


def figures_of(days: Days, summary: Summary) -> dict[str, Metric]:
    """The figures themselves, as the report shows them."""
    found: dict[str, Metric] = {name: getattr(summary, name) for name in FIGURES[:1] + FIGURES[2:]}
    mean = float(np.mean(days.net_usd)) if days.net_usd.size else Undefined("there is no day")
    return {name: mean if name == "mean_day_usd" else found[name] for name in FIGURES}


def resampled_figures(days: Days, drawn: Resamples) -> dict[str, Floats]:
    """Each figure on each resample, NaN where it does not exist; shape (resamples,) each.

    Daily results add up (contracts do not grow with the account), so the resampled equity is the
    capital plus their running sum.
    """
    n = drawn.n
    drawdown = resampled_drawdown(days, drawn)
    columns = ("net_usd", "trades", "wins", "losses", "won_usd", "lost_usd", "sum_r", "with_r")
    sums = dict(
        zip(
            columns, drawn.sums(np.column_stack([getattr(days, c) for c in columns])).T, strict=True
        )
    )
    wins, losses = np.rint(sums["wins"]), np.rint(sums["losses"])
    lost = np.where(losses > 0, sums["lost_usd"], 0.0)
    average_win, average_loss = over(sums["won_usd"], wins), over(lost, losses)
    return {
        "net_usd": sums["net_usd"],
        "mean_day_usd": sums["net_usd"] / n,
        **_of_returns(days, drawn, drawdown),
        "profit_factor": over(sums["won_usd"], lost),
        "win_rate": over(wins, np.rint(sums["trades"])),
        "payoff_ratio": over(average_win, average_loss),
        "expectancy_r": over(sums["sum_r"], np.rint(sums["with_r"])),
        "max_drawdown_frac": drawdown,
    }


def _of_returns(days: Days, drawn: Resamples, drawdown: Floats) -> dict[str, Floats]:
    n, r = drawn.n, days.returns
    names = ("sharpe_ratio", "sortino_ratio", "calmar_ratio")
    if isinstance(r, Undefined) or np.any(r <= -1.0):
        return dict.fromkeys(names, np.full(len(drawn.starts), np.nan))
    centre = float(np.mean(r))
    moved = r - centre
    columns = np.column_stack((moved, moved**2, np.minimum(r, 0.0) ** 2, np.log1p(r)))
    total, squares, downside, growth = drawn.sums(columns).T
    mean = centre + total / n
    variance = (squares - total**2 / n) / (n - 1.0) if n > 1 else np.zeros(len(total))
    # What rounding leaves of a sum of equal days is no scatter.
    variance = np.where(variance > 1e-18 + 1e-12 * np.mean(moved**2), variance, 0.0)
    downside = np.where(downside > 1e-18 * n, downside, 0.0)
    year = np.sqrt(DAYS_A_YEAR)
    return {
        "sharpe_ratio": over(mean, np.sqrt(variance)) * year,
        "sortino_ratio": over(mean, np.sqrt(downside / n)) * year,
        "calmar_ratio": over(np.expm1(np.minimum(DAYS_A_YEAR / n * growth, 700.0)), drawdown),
    }


def resampled_drawdown(days: Days, drawn: Resamples) -> Floats:
    """Largest fall of the resampled equity from its peak, as a fraction of the peak."""
    order = drawn.days()
    net = days.net_usd
    found = np.empty(len(order))
    for start in range(0, len(order), _CHUNK):
        equity = np.cumsum(net[order[start : start + _CHUNK]], axis=1)
        equity += days.capital_usd
        peak = np.maximum.accumulate(equity, axis=1)
        np.maximum(peak, days.capital_usd, out=peak)
        equity /= peak
        found[start : start + _CHUNK] = 1.0 - np.min(equity, axis=1)
    return np.maximum(found, 0.0)


def intervals_of(
    values: dict[str, Metric], resampled: dict[str, Floats], n: int
) -> dict[str, Interval | Undefined]:
    """The interval of each figure of n days."""
    return {name: percentile_interval(values[name], resampled[name], n) for name in FIGURES}


def difference_of(one: Metric, other: Metric) -> Metric:
    """One figure minus the other, where both exist."""
    if isinstance(one, Undefined):
        return one
    return other if isinstance(other, Undefined) else one - other


def over(numerator: Floats, denominator: Floats) -> Floats:
    """A quotient, NaN where the denominator is zero."""
    exists = denominator != 0.0
    return np.where(exists, numerator / np.where(exists, denominator, 1.0), np.nan)
