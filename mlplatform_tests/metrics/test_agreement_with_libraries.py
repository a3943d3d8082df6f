"""The same figures by empyrical-reloaded, pandas and SciPy, on random returns."""

import numpy as np
import pytest

from mlplatform.metrics import distribution, drawdowns, ratios, returns, risk

empyrical = pytest.importorskip("empyrical", reason="empyrical-reloaded is not installed")
RETURNS = [np.random.default_rng(seed).standard_t(4, 300) / 100 for seed in range(5)]


@pytest.mark.parametrize("r", RETURNS)
def test_figures_of_returns_agree_with_empyrical(r: np.ndarray) -> None:
    marks = np.cumprod(1 + r)
    deepest = drawdowns.max_drawdown_frac(marks, 1.0)
    pairs = {
        "cagr": (returns.cagr(r), empyrical.cagr(r)),
        "volatility": (risk.volatility(r), empyrical.annual_volatility(r)),
        "downside": (risk.downside_deviation(r), empyrical.downside_risk(r)),
        "sharpe": (ratios.sharpe_ratio(r), empyrical.sharpe_ratio(r)),
        "sortino": (ratios.sortino_ratio(r), empyrical.sortino_ratio(r)),
        "calmar": (ratios.calmar_ratio(r, deepest), empyrical.calmar_ratio(r)),
        "omega": (ratios.omega_ratio(r), empyrical.omega_ratio(r)),
        "drawdown": (deepest, -empyrical.max_drawdown(r)),
        "tail": (distribution.tail_ratio(r), empyrical.tail_ratio(r)),
        "var": (risk.value_at_risk(r), -empyrical.value_at_risk(r)),
        "cvar": (
            risk.conditional_value_at_risk(r),
            -empyrical.conditional_value_at_risk(r),
        ),
    }
    for name, (ours, theirs) in pairs.items():
        assert ours == pytest.approx(theirs, rel=1e-9), name


@pytest.mark.parametrize("r", RETURNS)
def test_shape_agrees_with_pandas_and_scipy(r: np.ndarray) -> None:
    pd = pytest.importorskip("pandas")
    stats = pytest.importorskip("scipy.stats")
    assert distribution.skewness(r) == pytest.approx(pd.Series(r).skew())
    assert distribution.excess_kurtosis(r) == pytest.approx(pd.Series(r).kurt())
    assert distribution.skewness(r) == pytest.approx(stats.skew(r, bias=False))
    assert distribution.excess_kurtosis(r) == pytest.approx(stats.kurtosis(r, bias=False))


def test_a_normal_value_at_risk_differs_as_the_tail_is_fatter_than_normal() -> None:
    """Why quantstats shows another VaR: it takes the quantile of a fitted normal distribution."""
    stats = pytest.importorskip("scipy.stats")
    r = np.random.default_rng(9).standard_t(3, 5_000) / 100
    normal = -stats.norm.ppf(0.05, r.mean(), r.std(ddof=1))
    assert normal > 1.05 * risk.value_at_risk(r)
