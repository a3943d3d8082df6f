"""One world's outcome: kept whole, and measured as the report measures."""

from datetime import date, datetime, timedelta, timezone

import numpy as np
import polars as pl
import pytest

from mlplatform.metrics.bootstrap import mean_interval
from mlplatform.studies.truth.oracle import Knower
from mlplatform.studies.truth.outcome import (
    Choice,
    Earned,
    Outcome,
    choice_of,
    earned,
    gross_bounds,
)

from .outcomes import outcome


@pytest.mark.parametrize(
    "made", [outcome(), outcome("strong", 3, "edge", choice=Choice(4, 0.1, 3, 0.2, 0.3, 2))]
)
def test_a_line_gives_the_very_outcome_again(made):
    line = made.to_line()
    assert "\n" not in line
    assert Outcome.from_line(line) == made


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"world": {}}', outcome().to_line()[:-9]])
def test_a_line_that_is_no_outcome_is_refused(line):
    with pytest.raises(ValueError):
        Outcome.from_line(line)


@pytest.mark.parametrize(
    ("verdict", "claims"),
    [
        ("edge", True),
        ("edge_not_over_baseline", True),
        ("none", False),
        ("loss", False),
        ("too_little", False),
    ],
)
def test_two_of_the_verdicts_claim_an_edge(verdict, claims):
    assert outcome(verdict=verdict).claims is claims


def test_expectancy_is_r_a_trade_and_none_without_trades():
    trades = pl.DataFrame({"policy": ["ml", "ml", "baseline"], "r": [1.0, -0.5, 9.0]})
    assert earned(trades, "ml") == Earned(2, 0.5)
    assert earned(trades, "ml").expectancy_r == 0.25
    assert earned(trades, "other").expectancy_r is None


def test_each_role_is_judged_on_the_candidates_that_have_a_result():
    judged = pl.DataFrame(
        {
            "candidate_id": ["a", "b", "c", "d", "e"],
            "take": [True, True, False, True, True],
            "net_r": [1.0, -1.0, 0.5, None, 2.0],
        }
    )
    labels = pl.DataFrame(
        {
            "candidate_id": ["a", "b", "c", "d", "e"] * 2,
            "stop_atr": [1.5] * 5 + [2.0] * 5,
            "target_atr": [2.0] * 10,
            "r": [3.0, -1.0, 0.7, 1.0, None] + [99.0] * 5,
        }
    )
    found = choice_of(judged, labels, Knower(frozenset("acd"), pl.DataFrame()))
    # d has no result under ML's plan, e none under the static stop: neither is compared.
    assert found == Choice(
        taken=2, taken_r=0.0, oracle=2, oracle_r=1.5, oracle_static_r=3.7, hits=1
    )


def test_costs_are_given_back_on_the_day_of_the_exit():
    days = [date(2025, 6, 2) + timedelta(days=n) for n in range(30)]
    rng = np.random.default_rng(5)
    net = rng.normal(1.0, 10.0, 30)
    chicago = timezone(timedelta(hours=-5))
    trades = pl.DataFrame(
        {
            "policy": ["ml"] * 29 + ["baseline"],
            "exit_ts": [
                datetime(2025, 6, 2, 10, tzinfo=chicago) + timedelta(days=n) for n in range(30)
            ],
            "net_usd": net,
            "commission_usd": np.full(30, 1.0),
            "slippage_usd": np.full(30, 2.0),
        },
        schema_overrides={"exit_ts": pl.Datetime("us", "UTC")},
    )
    low, high = gross_bounds(trades, pl.Series(days), seed=4)
    gross = net + 3.0
    gross[-1] = 0.0  # the baseline's trade is not ML's
    known = mean_interval(gross, 4)
    assert (low, high) == pytest.approx((known.low, known.high))
    assert gross_bounds(trades, pl.Series(days[:10]), seed=4) == (None, None)
