"""A rule that fires seldom cannot hide that it looks ahead: days are cut at its own signals."""

import polars as pl
import pytest

from mlplatform.features.sets import core_plan
from mlplatform.setups.causality import prove_setups
from mlplatform.setups.setup import Setup
from mlplatform.setups.sides import Side, setup_of_both_sides
from mlplatform.testing.bars import MES_5M, seeded_bars

BARS, PLAN = seeded_bars(45), core_plan(MES_5M.timeframe)


def left_inside_bar(side: Side) -> pl.Expr:
    return (side.high.shift(1) < side.high.shift(2)) & (side.close > side.high.shift(2))


def setup(ahead: int) -> Setup:
    def rule(side: Side) -> pl.Expr:
        return left_inside_bar(side) & (side.close.shift(-ahead) >= side.close)

    return setup_of_both_sides("inside_out", "an inside bar is left", rule, {})


@pytest.mark.parametrize("ahead", [1, 3])
def test_a_seldom_rule_that_knows_later_bars_is_caught(ahead):
    proof = prove_setups(MES_5M, (setup(ahead),), PLAN, BARS, "key", 6)
    assert not proof.is_causal
    assert set(proof.worst["column"]) == {"(row)"}


def test_the_same_rule_without_the_look_ahead_is_not_accused():
    assert prove_setups(MES_5M, (setup(0),), PLAN, BARS, "key", 6).is_causal
