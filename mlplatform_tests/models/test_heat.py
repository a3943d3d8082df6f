"""Each method wants what its formula says; what moves with an open position is taken smaller."""

import numpy as np
import pytest

from mlplatform.models.heat import (
    MethodConfig,
    correlation_scale,
    daily_sd_points,
    wanted_contracts,
)


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


def test_a_position_like_an_open_one_is_taken_smaller_and_a_hedge_is_not():
    same, other = (np.array([0.01]), np.array([1.0])), (np.array([0.01]), np.array([-1.0]))
    assert correlation_scale(0.01, same, np.array([1.0])) == pytest.approx(0.5)
    assert correlation_scale(0.01, same, np.array([0.0])) == 1.0
    assert correlation_scale(0.01, other, np.array([0.9])) == 1.0
    assert correlation_scale(0.01, other, np.array([-1.0])) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="positive"):
        correlation_scale(0.0, same, np.array([1.0]))
