"""Returns, momentum and acceleration, worked out by hand."""

import math

import pytest

from mlplatform.features.catalog import price
from mlplatform.testing.bars import drawn_bars

from .drawn import FOUR, LN, close_to, values


def test_log_returns_add_up():
    assert values(price.log_return(1), FOUR) == close_to(None, LN(14 / 11), LN(8 / 14), 0.0)
    assert values(price.log_return(3), FOUR) == close_to(None, None, None, LN(8 / 11))


def test_acceleration_is_the_change_less_the_change_before():
    assert values(price.acceleration(1), FOUR) == close_to(None, None, (-6 - 3) / 2, (0 + 6) / 2)


def test_momentum_is_the_t_value_of_the_mean_change():
    # Changes 3, -6, 0: mean -1, sample variance (16 + 25 + 1) / 2 = 21.
    found = values(price.momentum(3), FOUR)
    assert found == close_to(None, None, None, -1 / math.sqrt(21 / 3))


def test_momentum_is_unknown_where_no_change_differs_from_another():
    assert values(price.momentum(3), drawn_bars("2025-06-02 17:00", [5.0] * 9)) == [None] * 9
    line = drawn_bars("2025-06-02 17:00", [5.0 + i for i in range(9)])
    assert values(price.momentum(3), line) == [None] * 9


def test_the_gap_between_bars_is_the_open_above_the_close_before():
    gapped = drawn_bars("2025-06-02 17:00", [(10, 12, 9, 11), (15, 16, 14, 15), (9, 10, 8, 9)])
    assert values(price.bar_gap(), gapped) == close_to(None, (15 - 11) / 2, (9 - 15) / 2)


@pytest.mark.parametrize("span", [1, 5, 20, 60])
def test_a_market_that_stood_still_returned_nothing(span):
    still = drawn_bars("2025-06-02 17:00", [100.0] * 70)
    assert values(price.log_return(span), still) == [None] * span + [0.0] * (70 - span)
