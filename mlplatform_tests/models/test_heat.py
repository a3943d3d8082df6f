"""Heat, drawdown and correlation keep size within what an account can bear."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.models.heat import (
    MAX_HEAT_FRAC,
    MethodConfig,
    correlated_heat_frac,
    correlation_scale,
    daily_sd_points,
    drawdown_scale,
    heat_contracts,
    wanted_contracts,
)

BOTH = np.array([0.02, 0.01])


def wanted(config, kelly, risk, daily):
    one = (np.array([value]) for value in (kelly, risk, daily))
    return int(wanted_contracts(config, *one, 50_000.0)[0])


def test_a_days_standard_deviation_is_that_of_a_walk_with_such_ranges():
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(2000, 50, 60)) / np.sqrt(60)
    paths = np.cumsum(steps, axis=2)
    ranges = np.maximum(paths.max(axis=2), 0.0) - np.minimum(paths.min(axis=2), 0.0)
    days = paths[:, :, -1].sum(axis=1)
    found = daily_sd_points(np.array([ranges.mean()]), 50.0)[0]
    assert found == pytest.approx(days.std(), rel=0.12)


def test_each_method_wants_what_its_formula_says():
    # 50,000 USD; one contract risks 100 USD and moves 250 USD a day.
    found = {
        method: wanted(MethodConfig(method), 0.008, 100.0, 250.0)
        for method in ("fixed", "fixed_fractional", "kelly", "volatility")
    }
    assert found == {"fixed": 1, "fixed_fractional": 2, "kelly": 4, "volatility": 2}
    assert wanted(MethodConfig("kelly"), -0.01, 100.0, 250.0) == 0
    with pytest.raises(ValueError, match="positive"):
        wanted(MethodConfig("volatility"), 0.008, 100.0, 0.0)


@given(
    st.integers(0, 50),
    st.floats(1.0, 5000.0),
    st.floats(0.0, 20_000.0),
    st.floats(1_000.0, 1e6),
)
def test_heat_is_never_above_the_cap_by_a_new_position_and_no_smaller_than_it_must(
    wanted, risk, opened, capital
):
    sized = heat_contracts(wanted, risk, opened, capital, MAX_HEAT_FRAC)
    cap = 0.06 * capital
    assert 0 <= sized <= wanted
    if sized:
        assert opened + sized * risk <= cap * (1 + 1e-6)
    if sized < wanted:
        assert opened + (sized + 1) * risk > cap * (1 - 1e-6)


def test_a_full_account_takes_nothing_more():
    assert heat_contracts(9, 500.0, 0.0, 50_000.0, MAX_HEAT_FRAC) == 6
    assert heat_contracts(9, 500.0, 2_600.0, 50_000.0, MAX_HEAT_FRAC) == 0


@pytest.mark.parametrize(
    ("rho", "side", "heat"),
    [(1.0, 1.0, 0.03), (0.0, 1.0, np.sqrt(0.0005)), (1.0, -1.0, 0.02), (-1.0, 1.0, 0.02)],
)
def test_heat_adds_up_what_moves_together_and_never_nets_below_the_largest(rho, side, heat):
    matrix = np.array([[1.0, rho], [rho, 1.0]])
    found = correlated_heat_frac(BOTH, np.array([1.0, side]), matrix)
    assert found == pytest.approx(heat)


def test_no_positions_have_no_heat_and_what_is_no_correlation_is_refused():
    assert correlated_heat_frac(np.array([]), np.array([]), np.empty((0, 0))) == 0.0
    for wrong in (
        np.eye(3),
        np.array([[1.0, 2.0], [2.0, 1.0]]),
        np.array([[1.0, 0.5], [0.1, 1.0]]),
    ):
        with pytest.raises(ValueError, match="correlations"):
            correlated_heat_frac(BOTH, np.ones(2), wrong)


def test_a_position_like_an_open_one_is_taken_smaller_and_a_hedge_is_not():
    same, other = (np.array([0.01]), np.array([1.0])), (np.array([0.01]), np.array([-1.0]))
    assert correlation_scale(0.01, same, np.array([1.0])) == pytest.approx(0.5)
    assert correlation_scale(0.01, same, np.array([0.0])) == 1.0
    assert correlation_scale(0.01, other, np.array([0.9])) == 1.0
    assert correlation_scale(0.01, other, np.array([-1.0])) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="positive"):
        correlation_scale(0.0, same, np.array([1.0]))


def test_size_falls_with_drawdown_and_ends_at_the_limit():
    tried = [drawdown_scale(d) for d in (0.0, 0.04, 0.07, 0.10, 0.5)]
    assert tried == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0])
    with pytest.raises(ValueError, match="fractions"):
        drawdown_scale(-0.1)
