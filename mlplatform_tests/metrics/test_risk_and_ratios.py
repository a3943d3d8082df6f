"""Risk, ratios and shape of daily returns against hand-made figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.metrics import distribution, ratios, risk
from mlplatform.metrics.undefined import Undefined

TWO = np.array([0.02, -0.01])
RETURNS = st.lists(st.floats(-0.2, 0.2), min_size=4, max_size=60).map(np.array)


def test_volatility_takes_the_sample_standard_deviation() -> None:
    assert risk.volatility(TWO) == pytest.approx(0.03 / np.sqrt(2) * np.sqrt(252))


def test_downside_deviation_averages_over_all_days() -> None:
    assert risk.downside_deviation(TWO) == pytest.approx(np.sqrt(0.0001 / 2 * 252))


def test_value_at_risk_is_the_interpolated_quantile_as_a_positive_loss() -> None:
    returns = np.linspace(-0.10, 0.10, 21)
    assert risk.value_at_risk(returns) == pytest.approx(0.09)
    assert risk.conditional_value_at_risk(returns) == pytest.approx(0.095)


@given(RETURNS)
def test_conditional_value_at_risk_is_never_below_value_at_risk(returns: np.ndarray) -> None:
    assert risk.conditional_value_at_risk(returns) >= risk.value_at_risk(returns) - 1e-12


def test_sharpe_ratio_by_hand() -> None:
    expected = 0.005 / (0.03 / np.sqrt(2)) * np.sqrt(252)
    assert ratios.sharpe_ratio(TWO) == pytest.approx(expected)


def test_sortino_ratio_by_hand() -> None:
    expected = 0.005 / np.sqrt(0.0001 / 2) * np.sqrt(252)
    assert ratios.sortino_ratio(TWO) == pytest.approx(expected)


def test_omega_ratio_is_gain_over_loss_and_gain_to_pain_one_less() -> None:
    assert ratios.omega_ratio(TWO) == pytest.approx(2.0)
    assert distribution.gain_to_pain(TWO) == pytest.approx(1.0)


def test_calmar_ratio_is_growth_over_the_deepest_drawdown() -> None:
    year = np.full(252, 1.1 ** (1 / 252) - 1)
    assert ratios.calmar_ratio(year, 0.05) == pytest.approx(2.0)


@given(RETURNS, st.floats(0.01, 3.0))
def test_scaling_the_returns_leaves_sharpe_and_sortino_alone(
    returns: np.ndarray, scale: float
) -> None:
    for ratio in (ratios.sharpe_ratio, ratios.sortino_ratio):
        before, after = ratio(returns), ratio(scale * returns)
        if not isinstance(before, Undefined) and not isinstance(after, Undefined):
            assert after == pytest.approx(before, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("level", [0.0, 1e-6, 0.01, -0.3])
def test_equal_returns_have_no_volatility_and_no_sharpe_ratio(level: float) -> None:
    returns = np.full(7, level) + np.array([0, 1, -1, 0, 1, 0, -1]) * 1e-17
    assert risk.volatility(returns) == 0.0
    assert isinstance(ratios.sharpe_ratio(returns), Undefined)
    assert isinstance(distribution.skewness(returns), Undefined)
    assert isinstance(distribution.excess_kurtosis(returns), Undefined)


def test_without_a_losing_day_ratios_to_losses_do_not_exist() -> None:
    for nothing in (0.0, -1e-17, -5e-324):  # what the division of two marks leaves is no loss
        gains = np.array([0.01, nothing, 0.02])
        for ratio in (ratios.sortino_ratio, ratios.omega_ratio, distribution.gain_to_pain):
            got = ratio(gains)
            assert isinstance(got, Undefined)
            assert got.reason == "no day lost money"
        assert isinstance(ratios.calmar_ratio(gains, -nothing), Undefined)
        assert isinstance(distribution.tail_ratio(np.array([nothing, nothing, 0.02])), Undefined)
    assert not isinstance(ratios.sortino_ratio(np.array([0.01, -1e-9, 0.02])), Undefined)


def test_small_tilts_count_as_shape() -> None:
    right = np.array([-0.01, -0.01, -0.01, 0.03])
    assert distribution.skewness(right) == pytest.approx(2.0)
    assert distribution.skewness(-right) == pytest.approx(-2.0)
    assert distribution.excess_kurtosis(right) == pytest.approx(4.0)


def test_tail_ratio_compares_the_good_tail_with_the_bad() -> None:
    assert distribution.tail_ratio(np.array([-0.01, 0.02])) == pytest.approx(0.0185 / 0.0085)
    assert isinstance(distribution.tail_ratio(np.zeros(5)), Undefined)


@pytest.mark.parametrize(
    ("figure", "needed"),
    [
        (risk.volatility, 2),
        (risk.downside_deviation, 1),
        (risk.value_at_risk, 1),
        (risk.conditional_value_at_risk, 1),
        (ratios.sharpe_ratio, 2),
        (ratios.sortino_ratio, 2),
        (distribution.skewness, 3),
        (distribution.excess_kurtosis, 4),
        (distribution.tail_ratio, 1),
    ],
)
def test_a_figure_exists_from_the_number_of_days_it_needs(figure: object, needed: int) -> None:
    returns = np.array([0.01, -0.02, 0.015, -0.01])
    assert callable(figure)
    assert isinstance(figure(returns[: needed - 1]), Undefined)
    assert isinstance(figure(returns[:needed]), float)
