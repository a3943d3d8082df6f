"""How each figure is called and written for people: label, unit, format."""

from dataclasses import dataclass

from mlplatform.metrics.undefined import Metric, Undefined

MINUS = "−"
NONE = "–"
"""Stands where a figure does not exist."""


@dataclass(frozen=True)
class Wording:
    """A figure's label, its unit (frac, ratio, usd, r, count, days, contracts), its group."""

    label: str
    unit: str
    group: str


POLICY_LABELS = {
    "baseline": "Baseline",
    "ml": "ML",
    "strategy": "Strategy",
    "random_entry": "Random entry",
    "buy_and_hold": "Buy and hold",
}

_GROUPS = {
    "Result": (
        ("net_usd", "Net profit", "usd"),
        ("total_return_frac", "Total return", "frac"),
        ("cagr_frac", "Annual growth (CAGR)", "frac"),
        ("annual_mean_return_frac", "Annual mean return", "frac"),
        ("days", "Trading days", "count"),
    ),
    "Risk": (
        ("volatility_frac", "Annual volatility", "frac"),
        ("downside_deviation_frac", "Annual downside deviation", "frac"),
        ("value_at_risk_frac", "Daily VaR, 95 %", "frac"),
        ("conditional_value_at_risk_frac", "Daily CVaR, 95 %", "frac"),
    ),
    "Return for risk": (
        ("sharpe_ratio", "Sharpe ratio", "ratio"),
        ("sortino_ratio", "Sortino ratio", "ratio"),
        ("calmar_ratio", "Calmar ratio", "ratio"),
        ("omega_ratio", "Omega ratio", "ratio"),
        ("gain_to_pain", "Gain to pain, daily", "ratio"),
    ),
    "Drawdown": (
        ("max_drawdown_frac", "Max drawdown", "frac"),
        ("max_drawdown_usd", "Max drawdown in money", "usd"),
        ("max_intraday_drawdown_frac", "Max drawdown, intraday lows", "frac"),
        ("average_drawdown_frac", "Average drawdown", "frac"),
        ("ulcer_index_frac", "Ulcer index", "frac"),
        ("time_under_water_frac", "Time under water", "frac"),
        ("longest_under_water_days", "Longest time under water", "days"),
        ("recovery_days", "Recovery of the deepest", "days"),
        ("recovery_factor", "Recovery factor", "ratio"),
    ),
    "Trades": (
        ("trades", "Trades", "count"),
        ("win_rate", "Win rate", "frac"),
        ("profit_factor", "Profit factor", "ratio"),
        ("payoff_ratio", "Average win / average loss", "ratio"),
        ("expectancy_r", "Expectancy", "r"),
        ("expectancy_usd", "Expectancy in money", "usd_cents"),
        ("average_win_usd", "Average win", "usd_cents"),
        ("average_loss_usd", "Average loss", "usd_cents"),
        ("longest_winning_run", "Longest winning run", "count"),
        ("longest_losing_run", "Longest losing run", "count"),
        ("exposure_frac", "Time in the market", "frac"),
        ("turnover_contracts_per_day", "Contracts traded per day", "ratio"),
    ),
    "Costs": (
        ("commission_usd", "Commission", "usd"),
        ("slippage_usd", "Slippage and spread", "usd"),
        ("costs_usd", "All costs", "usd"),
    ),
    "Shape of daily returns": (
        ("skewness", "Skewness", "ratio"),
        ("excess_kurtosis", "Excess kurtosis", "ratio"),
        ("tail_ratio", "Tail ratio", "ratio"),
    ),
}

DIMENSION_LABELS = {
    "window": "Window",
    "trend": "Trend",
    "volatility": "Volatility",
    "session": "Session",
    "setup": "Setup",
    "side": "Side",
    "hour": "Hour, Chicago",
    "weekday": "Weekday",
    "month": "Month",
    "exit_reason": "Exit",
}
KEY_LABELS = {
    "session": {"rth": "Regular hours", "eth": "Overnight"},
    "side": {"long": "Long", "short": "Short"},
    "trend": {"up": "Up", "flat": "Flat", "down": "Down", "unknown": "Unknown"},
    "volatility": {"calm": "Calm", "usual": "Usual", "wild": "Wild", "unknown": "Unknown"},
}
"""By dimension and key; other keys are shown as they are."""

WORDING = {
    name: Wording(label, unit, group)
    for group, rows in _GROUPS.items()
    for name, label, unit in rows
}
"""By the figure's name, in the order of the page; covers every field of Summary."""


_FORMATS = {
    "usd": (1, "{:,.0f} USD"),
    "usd_cents": (1, "{:,.2f} USD"),
    "plain": (1, "{:,.0f}"),
    "frac": (100, "{:,.1f} %"),
    "share": (100, "{:,.0f} %"),
    "r": (1, "{:,.3f} R"),
    "r2": (1, "{:,.2f} R"),
    "r1": (1, "{:,.1f} R"),
    "ratio": (1, "{:,.2f}"),
    "count": (1, "{:,.0f}"),
    "days": (1, "{:,.0f} days"),
}
"""By unit: what the value is multiplied by, and how it is written."""


def written(name: str, figure: Metric) -> str:
    """A figure as people read it, unit included: 9,594 USD, 12.3 %, 0.34 R, 1.85."""
    if isinstance(figure, Undefined):
        return NONE
    return in_unit(figure, WORDING[name].unit)


def told(figure: Metric, unit: str) -> str:
    """A figure that no wording names, in a unit of `in_unit`."""
    return NONE if isinstance(figure, Undefined) else in_unit(figure, unit)


def goal(metric: str, value: float, *, above: bool) -> str:
    """A target in short: > 1.0, < 10 %."""
    text = f"{100 * value:g} %" if WORDING[metric].unit == "frac" else f"{value:.1f}"
    return f"{'>' if above else '<'} {text}"


def in_unit(value: float, unit: str) -> str:
    """A number with thousands separators, a true minus, and its unit."""
    if unit not in _FORMATS:
        raise ValueError(f"unknown unit {unit}")
    scale, pattern = _FORMATS[unit]
    text = pattern.format(scale * value)
    if unit == "days" and value == 1:
        text = text.removesuffix("s")
    return _with_true_minus(text)


def _with_true_minus(text: str) -> str:
    if not text.startswith("-"):
        return text
    digits = text[1:].split(" ")[0].replace(",", "").replace(".", "")
    return text[1:] if set(digits) <= {"0"} else MINUS + text[1:]
