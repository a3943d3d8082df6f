"""The published cases of empyrical-reloaded, read from the shared references.

Where empyrical says NaN or infinity, ours is Undefined. A missing day is left out of moments and
counts as a day without change in compounded figures, as empyrical does it.
"""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from mlplatform.metrics import distribution, drawdowns, ratios, returns, risk
from mlplatform.metrics.undefined import Undefined

CASES = Path(__file__).parents[3] / "shared" / "oracles" / "empyrical"
PERIODS = {"daily": 252.0, "weekly": 52.0, "monthly": 12.0, "yearly": 1.0}
_MIXED = [1.0, 10.0, -4.0, 2.0, 3.0, 2.0, 1.0, -10.0]
SERIES = {
    name: np.array(values) / 100
    for name, values in {
        "empty_returns": [],
        "one_return": [1.0],
        "simple_benchmark": [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
        "mixed_returns": [np.nan, *_MIXED],
        "weekly_returns": [0.0, *_MIXED],
        "monthly_returns": [0.0, *_MIXED],
        "positive_returns": [1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        "negative_returns": [0.0, -6.0, -7.0, -1.0, -9.0, -2.0, -6.0, -8.0, -5.0],
        "all_negative_returns": [-2.0, -6.0, -7.0, -1.0, -9.0, -2.0, -6.0, -8.0, -5.0],
        "udu_returns": [10.0, -10.0, 10.0],
        "flat_line_1": [1.0] * 9,
        "flat_line_1_tz": [1.0] * 1000,
        "flat_line_yearly": [3.0] * 3,
    }.items()
}


def _cases(test: str) -> list[list[object]]:
    """The cases of one of empyrical's tests, where every series is one that is known here."""
    path = CASES / "expected_parametrized.json"
    if not path.exists():
        pytest.skip("the shared references are not on this machine")
    found = []
    for case in json.loads(path.read_text())[test]["cases"]:
        if isinstance(case, str):
            if "pd.Series" in case or "required" in case:
                continue
            text = case.replace("np.nan", "None").replace("np.inf", "1e999")
            for name in PERIODS:
                text = text.replace(f"empyrical.{name.upper()}", repr(name))
            case = list(ast.literal_eval(text))
        if case[0] in SERIES:
            found.append(case)
    return found


def _present(name: object) -> np.ndarray:
    series = SERIES[str(name)]
    return series[np.isfinite(series)]


def _compounded(name: object) -> np.ndarray:
    return np.nan_to_num(SERIES[str(name)])


def _excess(name: object, over: object) -> np.ndarray:
    """Returns over a constant written as text, or over another series, days missing left out."""
    minus = SERIES[str(over)] if str(over) in SERIES else float(str(over))
    excess = SERIES[str(name)] - minus
    return excess[np.isfinite(excess)]


def _deepest(name: object) -> float:
    return drawdowns.max_drawdown_frac(np.cumprod(1 + _compounded(name)), 1.0)


def _agree(ours: object, theirs: object, decimals: int = 8) -> None:
    if theirs is None or np.isinf(float(str(theirs))):
        assert isinstance(ours, Undefined)
    else:
        assert ours == pytest.approx(theirs, abs=1.5 * 10.0**-decimals)


def test_total_return_agrees() -> None:
    cases = [case for case in _cases("test_cum_returns_final") if case[2] is not None]
    assert len(cases) == 4
    for name, start, expected in cases:
        start = float(str(start))
        final = returns.cumulative_returns(_compounded(name))[-1]
        _agree(start * (1 + final) if start else final, expected, 4)


def test_cumulative_returns_agree_day_by_day() -> None:
    for name, start, expected in _cases("test_cum_returns"):
        ours = returns.cumulative_returns(_compounded(name))
        start = float(str(start))
        np.testing.assert_allclose(start * (1 + ours) if start else ours, expected, atol=1e-4)


@pytest.mark.parametrize("test", ["test_annual_ret", "test_cagr"])
def test_annual_growth_agrees(test: str) -> None:
    cases = _cases(test)
    assert len(cases) >= 3
    for name, period, expected in cases:
        _agree(returns.cagr(_compounded(name), PERIODS[str(period)]), expected)


def test_max_drawdown_agrees_with_the_opposite_sign() -> None:
    cases = [case for case in _cases("test_max_drawdown") if case[1] is not None]
    assert len(cases) == 7
    for name, expected in cases:
        _agree(_deepest(name), -float(str(expected)))


def test_volatility_agrees() -> None:
    cases = _cases("test_annual_volatility")
    assert len(cases) == 4
    for name, period, expected in cases:
        _agree(risk.volatility(_present(name), PERIODS[str(period)]), expected)


def test_calmar_ratio_agrees() -> None:
    cases = _cases("test_calmar")
    assert len(cases) == 5
    for name, period, expected in cases:
        ours = ratios.calmar_ratio(_compounded(name), _deepest(name), PERIODS[str(period)])
        _agree(ours, expected)


def test_omega_ratio_agrees_above_a_threshold() -> None:
    cases = [case for case in _cases("test_omega") if float(str(case[2])) > -1]
    assert len(cases) == 8
    for name, free, required, expected in cases:
        threshold = (1 + float(str(required))) ** (1 / 252) - 1
        _agree(ratios.omega_ratio(_excess(name, free) - threshold), expected)


def test_sharpe_ratio_agrees() -> None:
    cases = _cases("test_sharpe_ratio")
    assert len(cases) == 8
    for name, free, expected in cases:
        _agree(ratios.sharpe_ratio(_excess(name, free)), expected)


def test_downside_deviation_agrees() -> None:
    cases = _cases("test_downside_risk")
    assert len(cases) == 9
    for name, required, period, expected in cases:
        _agree(risk.downside_deviation(_excess(name, required), PERIODS[str(period)]), expected)


def test_sortino_ratio_agrees() -> None:
    cases = _cases("test_sortino")
    assert len(cases) == 10
    for name, required, period, expected in cases:
        _agree(ratios.sortino_ratio(_excess(name, required), PERIODS[str(period)]), expected)


def test_tail_ratio_agrees() -> None:
    cases = _cases("test_tail_ratio")
    assert len(cases) == 3
    for name, expected in cases:
        _agree(distribution.tail_ratio(_present(name)), expected, 1)
