"""The gate, by hand."""

import polars as pl
import pytest

from mlplatform.domain.tables import BACKTEST
from mlplatform.studies.recipe import Verdict, evidence_of, expectancy_r, judge_recipe

GOOD = {"2025-04": (10, 3.0), "2025-05": (30, 5.0)}  # 0.2 R a trade
BASELINE = {"2025-04": (50, -5.0), "2025-05": (50, -5.0)}


def test_too_few_trades_never_pass():
    assert judge_recipe(GOOD, None, BASELINE, 41) == Verdict(
        False, "40 out-of-sample trades, 41 are needed"
    )
    assert judge_recipe(GOOD, BASELINE, BASELINE, 41).passed is False
    assert judge_recipe({}, None, BASELINE, 1).passed is False


def test_the_first_recipe_of_a_series_passes_with_enough_trades_and_says_what_it_earned():
    verdict = judge_recipe(GOOD, None, BASELINE, 40)
    assert verdict.passed is True
    assert "+0.200 R a trade out of sample, the baseline's -0.100 R" in verdict.reason
    losing = judge_recipe({"2025-04": (40, -20.0)}, None, BASELINE, 40)
    assert losing.passed is True
    assert "-0.500 R" in losing.reason


@pytest.mark.parametrize(
    ("incumbent", "passed", "said"),
    [
        ({"2025-04": (20, 3.9), "2025-05": (20, 4.0)}, True, "not worse: expectancy +0.200 R"),
        ({"2025-04": (20, 4.0), "2025-05": (20, 4.0)}, True, "against +0.200 R of the champion"),
        ({"2025-04": (20, 4.1), "2025-05": (20, 4.0)}, False, "worse: expectancy +0.200 R"),
        # Only the period in common counts: 0.3 R in April against 0.29, whatever came in May.
        ({"2025-03": (20, 90.0), "2025-04": (100, 29.0)}, True, "2025-04 to 2025-04"),
        ({"2025-05": (10, 1.7), "2025-06": (99, -90.0)}, False, "2025-05 to 2025-05"),
        ({"2025-03": (20, 9.0)}, False, "no period in common with the champion recipe"),
        ({}, False, "no period in common"),
    ],
)
def test_a_recipe_is_judged_on_the_periods_it_shares_with_the_champions(incumbent, passed, said):
    verdict = judge_recipe(GOOD, incumbent, BASELINE, 40)
    assert verdict.passed is passed
    assert said in verdict.reason


def test_the_same_evidence_is_not_worse_than_itself():
    thirds = {"2025-04": (3, 0.1 + 0.2), "2025-05": (7, 1 / 3)}
    stored = {period: (n, total * (1 + 1e-16)) for period, (n, total) in thirds.items()}
    assert judge_recipe(thirds, stored, BASELINE, 10).passed is True


def test_expectancy_weighs_trades_not_periods():
    assert expectancy_r({"a": (1, 5.0), "b": (9, -3.0)}) == pytest.approx(0.2)
    assert expectancy_r({}) == 0.0


def test_evidence_counts_one_policys_trades_by_period():
    rows = [("ml", "2025-05", 1.0), ("ml", "2025-04", -0.5), ("ml", "2025-05", 0.25)]
    rows += [("baseline", "2025-04", 9.0)]
    blank = {name: [None] * 4 for name in BACKTEST.names}
    table = pl.DataFrame(blank, schema=BACKTEST.schema).with_columns(
        policy=pl.Series([row[0] for row in rows]),
        period=pl.Series([row[1] for row in rows]),
        r=pl.Series([row[2] for row in rows]),
    )
    assert evidence_of(table, "ml") == {"2025-04": (1, -0.5), "2025-05": (2, 1.25)}
    assert evidence_of(table, "random_entry") == {}
