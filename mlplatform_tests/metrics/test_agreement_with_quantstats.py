"""The same figures by quantstats, and where its definitions are others, by how much.

Its trade figures are taken on days; ours are given the days' returns as if each were a trade.
"""

import warnings
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from mlplatform.metrics import distribution, drawdowns, ratios, returns, risk, trades

RETURNS = [np.random.default_rng(seed).standard_t(4, 300) / 100 for seed in range(4)]
DAYS = 300


@pytest.fixture(scope="module")
def theirs() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports' own
        pytest.importorskip("quantstats", reason="quantstats is not installed")
        import quantstats.stats as stats
    return stats


@pytest.fixture(params=range(len(RETURNS)))
def series(request: pytest.FixtureRequest) -> pd.Series:
    return pd.Series(RETURNS[request.param], index=pd.date_range("2024-01-01", periods=DAYS))


@pytest.mark.filterwarnings("ignore")
def test_figures_of_returns_agree(series: pd.Series, theirs: ModuleType) -> None:
    r = series.to_numpy()
    marks = np.cumprod(1.0 + r)
    deepest = drawdowns.max_drawdown_frac(marks, 1.0)
    pairs = {
        "total": (returns.total_return(marks, 1.0), theirs.comp(series)),
        "cagr": (returns.cagr(r), theirs.cagr(series)),
        "volatility": (risk.volatility(r), theirs.volatility(series)),
        "sharpe": (ratios.sharpe_ratio(r), theirs.sharpe(series)),
        "sortino": (ratios.sortino_ratio(r), theirs.sortino(series)),
        "calmar": (ratios.calmar_ratio(r, deepest), theirs.calmar(series)),
        "omega": (ratios.omega_ratio(r), theirs.omega(series)),
        "drawdown": (deepest, -theirs.max_drawdown(series)),
        "tail": (distribution.tail_ratio(r), theirs.tail_ratio(series)),
        "gain to pain": (distribution.gain_to_pain(r), theirs.gain_to_pain_ratio(series)),
        "skewness": (distribution.skewness(r), theirs.skew(series)),
        "kurtosis": (distribution.excess_kurtosis(r), theirs.kurtosis(series)),
        "cvar": (
            risk.conditional_value_at_risk(r),
            -theirs.conditional_value_at_risk(series, method="historical"),
        ),
    }
    for name, (ours, other) in pairs.items():
        assert ours == pytest.approx(other, rel=1e-9), name


@pytest.mark.filterwarnings("ignore")
def test_figures_of_trades_agree(series: pd.Series, theirs: ModuleType) -> None:
    r = series.to_numpy()
    pairs = {
        "win rate": (trades.win_rate(r), theirs.win_rate(series)),
        "profit factor": (trades.profit_factor(r), theirs.profit_factor(series)),
        "payoff": (trades.payoff_ratio(r), theirs.payoff_ratio(series)),
        "average win": (trades.average_win_usd(r), theirs.avg_win(series)),
        "average loss": (trades.average_loss_usd(r), -theirs.avg_loss(series)),
        "winning run": (trades.longest_run(r > 0), theirs.consecutive_wins(series)),
        "losing run": (trades.longest_run(r < 0), theirs.consecutive_losses(series)),
    }
    for name, (ours, other) in pairs.items():
        assert ours == pytest.approx(other, rel=1e-9), name


@pytest.mark.filterwarnings("ignore")
def test_ulcer_index_divides_by_the_days_theirs_by_one_less(
    series: pd.Series, theirs: ModuleType
) -> None:
    """Martin and McCann (1989) take the mean over all days."""
    ours = drawdowns.ulcer_index_frac(np.cumprod(1.0 + series.to_numpy()), 1.0)
    assert ours == pytest.approx(theirs.ulcer_index(series) * np.sqrt((DAYS - 1) / DAYS), rel=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_value_at_risk_is_historical_theirs_that_of_a_normal_distribution(
    series: pd.Series, theirs: ModuleType
) -> None:
    """Of normal returns both are one; of fat tails a normal's 5 % quantile lies further out."""
    assert risk.value_at_risk(series.to_numpy()) != pytest.approx(
        -theirs.value_at_risk(series), rel=1e-3
    )
    normal = np.random.default_rng(1).normal(0.0, 0.01, 100_000)
    told = theirs.value_at_risk(pd.Series(normal, index=pd.RangeIndex(100_000)))
    assert risk.value_at_risk(normal) == pytest.approx(-told, rel=0.01)


@pytest.mark.filterwarnings("ignore")
def test_recovery_factor_is_of_money_theirs_of_summed_returns(
    series: pd.Series, theirs: ModuleType
) -> None:
    """Returns that add up, taken on the capital alone, make both one; theirs drops the sign."""
    marks = 100.0 + 100.0 * np.cumsum(series.to_numpy())
    ours = drawdowns.recovery_factor(marks, 100.0)
    fall = drawdowns.max_drawdown_usd(marks, 100.0)
    assert ours == pytest.approx(100.0 * series.sum() / fall)
    deepest = -theirs.max_drawdown(series)
    assert theirs.recovery_factor(series) == pytest.approx(abs(series.sum()) / deepest)
