"""A strategy's exits become order plans, and the engine carries them out."""

import polars as pl
import pytest

from mlplatform.decisions.baseline import baseline_decisions
from mlplatform.decisions.exits import Exits, strategy_decisions
from mlplatform.domain.tables import DECISIONS
from mlplatform.studies.backtest import backtest_trades, policies_of
from mlplatform.testing.bars import MES_5M, seeded_bars
from mlplatform_tests.laws.research import candidates_of

BARS = seeded_bars(12)
FOUND = candidates_of(BARS)


def traded(exits: Exits) -> pl.DataFrame:
    plans = strategy_decisions(FOUND, exits, "mine", "2025-01")
    return backtest_trades(MES_5M, BARS, plans, 50_000.0)


def test_every_candidate_is_taken_with_one_contract_and_distances_of_its_own_atr():
    plans = strategy_decisions(FOUND, Exits(1.0, 3.0, 24, 1.5, 0.5, 0.75), "mine")
    assert plans.schema == DECISIONS.schema
    assert plans["take"].all()
    assert plans["contracts"].unique().to_list() == [1]
    atr = FOUND["atr_points"]
    for name, multiple in (
        ("stop_points", 1.0),
        ("target_points", 3.0),
        ("breakeven_points", 0.75),
        ("trail_points", 1.5),
        ("trail_activation_points", 0.5),
    ):
        assert plans[name].equals(atr * multiple, check_names=False), name
    assert plans["time_exit_bars"].unique().to_list() == [24]


def test_what_is_not_set_is_not_done():
    plans = strategy_decisions(FOUND, Exits(1.0), "mine")
    for name in ("target_points", "breakeven_points", "trail_points", "time_exit_bars"):
        assert plans[name].null_count() == plans.height
    reasons = set(traded(Exits(1.0))["exit_reason"])
    assert reasons <= {"stop", "session", "roll"}
    assert len(reasons) > 1


def test_with_the_baselines_bracket_it_makes_the_baselines_trades():
    plans = baseline_decisions(FOUND).with_columns(period=pl.lit("2025-01"))
    baseline = backtest_trades(MES_5M, BARS, plans, 50_000.0)
    own = traded(Exits(1.5, 2.0))
    columns = [name for name in own.columns if not name.startswith("policy")]
    assert own.select(columns).equals(baseline.select(columns))
    assert own.height > 20


@pytest.mark.parametrize(
    ("exits", "reason"),
    [
        (Exits(1.0, 3.0, time_exit_bars=3), "time"),
        (Exits(1.0, 9.0, trail_atr=0.5), "trail"),
        (Exits(1.0, 9.0, breakeven_atr=0.3), "breakeven"),
        (Exits(1.0, 1.0), "target"),
    ],
    ids=lambda value: str(value),
)
def test_each_exit_ends_trades_by_its_own_reason(exits, reason):
    with_it = traded(exits)
    assert reason in set(with_it["exit_reason"])
    assert reason not in set(traded(Exits(1.0))["exit_reason"])


def test_a_time_exit_holds_no_trade_longer_than_its_bars():
    assert traded(Exits(1.0, 9.0, time_exit_bars=4))["bars_held"].max() == 4


def test_a_trail_that_starts_later_exits_by_it_less_often():
    def trails(activation: float | None) -> int:
        trades = traded(Exits(1.0, 9.0, trail_atr=0.5, trail_activation_atr=activation))
        return int((trades["exit_reason"] == "trail").sum())

    assert trails(2.0) < trails(None)


def test_the_policy_counts_only_where_it_decided():
    assert "strategy" not in policies_of(baseline_decisions(FOUND))
    assert policies_of(strategy_decisions(FOUND, Exits(1.0), "mine"))[-1] == "strategy"
