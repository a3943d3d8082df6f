"""Returns against hand-made figures."""

import numpy as np
import pytest

from mlplatform.metrics.returns import (
    annual_mean_return,
    cagr,
    cumulative_returns,
    daily_returns,
    total_return,
)
from mlplatform.metrics.undefined import Undefined


def test_the_first_return_is_on_the_capital() -> None:
    got = daily_returns(np.array([110.0, 99.0]), 100.0)
    np.testing.assert_allclose(got, [0.1, -0.1])


def test_returns_on_an_equity_that_was_lost_do_not_exist() -> None:
    assert isinstance(daily_returns(np.array([0.0, 10.0]), 100.0), Undefined)
    assert isinstance(daily_returns(np.array([-5.0, 10.0]), 100.0), Undefined)


def test_losing_all_on_the_last_day_is_still_a_return_but_no_growth_rate() -> None:
    got = daily_returns(np.array([110.0, 0.0]), 100.0)
    assert not isinstance(got, Undefined)
    assert got[-1] == -1.0
    assert isinstance(cagr(got), Undefined)


def test_total_return_compounds_the_daily_ones() -> None:
    equity = np.array([101.0, 97.0, 104.0])
    daily = daily_returns(equity, 100.0)
    assert not isinstance(daily, Undefined)
    assert total_return(equity, 100.0) == pytest.approx(0.04)
    assert cumulative_returns(daily)[-1] == pytest.approx(0.04)


def test_growth_of_one_year_is_its_total_return() -> None:
    assert cagr(np.full(252, 1.1 ** (1 / 252) - 1)) == pytest.approx(0.1)
    assert cagr(np.full(126, 1.1 ** (1 / 126) - 1)) == pytest.approx(1.21 - 1)


def test_annual_mean_is_252_daily_means() -> None:
    assert annual_mean_return(np.array([0.01, -0.005])) == pytest.approx(252 * 0.0025)


def test_a_growth_beyond_all_numbers_is_undefined_not_infinite() -> None:
    assert isinstance(cagr(np.array([1e6])), Undefined)


def test_without_days_nothing_was_returned_and_nothing_grew() -> None:
    none = np.array([])
    assert total_return(none, 100.0) == 0.0
    assert isinstance(cagr(none), Undefined)
    assert isinstance(annual_mean_return(none), Undefined)
    assert daily_returns(none, 100.0).size == 0  # type: ignore[union-attr]
