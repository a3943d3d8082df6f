"""The backtest of a study: nothing is lost between decisions, trades and equity."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.decisions.baseline import baseline_decisions, random_candidates
from mlplatform.decisions.plans import Plan, decisions_of
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.tables import BACKTEST, CANDIDATES, DAILY_EQUITY
from mlplatform.execution import Limits
from mlplatform.market.periods import period_of_day
from mlplatform.studies.backtest import (
    BUY_AND_HOLD,
    POLICIES,
    backtest_ambiguity,
    backtest_equity,
    backtest_trades,
    execution_rules,
)
from mlplatform.studies.backtest import (
    tested_bars as bars_of_tested_periods,
)
from mlplatform.testing.bars import MES_5M, drawn_bars, joined, seeded_bars

MONTHS = PeriodAxis(Cadence.MONTH, "2025-01")
CAPITAL = 50_000.0
MARKET = seeded_bars(60)
ATR = MARKET.select("ts", atr14=pl.lit(6.0))
COST_SIDE_USD = 0.62 + 0.25 * 5


def wanted(n: int, seed: int) -> pl.DataFrame:
    return random_candidates(MARKET, ATR, pl.concat([blank_candidates()] * n), str(seed))


def blank_candidates() -> pl.DataFrame:
    return CANDIDATES.frame(
        MARKET[:1].with_columns(
            candidate_id=pl.lit("x"),
            setup=pl.lit("x"),
            side=pl.lit(1),
            reference_price="close",
            atr_points=pl.lit(6.0),
            order_type=pl.lit("market"),
            order_price=pl.lit(None, pl.Float64),
            expiry_bars=pl.lit(0),
        )
    )


def decide(policy: str, candidates: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Any decisions: some not taken, sizes from 0 to 3, stops of all widths."""
    rng = np.random.default_rng(seed)
    n = candidates.height
    plan = Plan(rng.random(n) < 0.8, rng.integers(0, 4, n), rng.uniform(0.5, 3.0, n))
    keys = candidates.select(period_of_day(Cadence.MONTH, pl.col("session_date"))).to_series()
    return decisions_of(policy, f"print-{policy}", candidates, plan).with_columns(period=keys)


def study(seed: int) -> pl.DataFrame:
    parts = [
        decide(policy, wanted(120, seed + at), seed + at) for at, policy in enumerate(POLICIES)
    ]
    return pl.concat(parts)


@settings(max_examples=8)
@given(st.integers(0, 10_000))
def test_equity_changes_by_the_trades_net_to_the_cent_and_every_trade_is_one_decision(seed):
    decisions = study(seed)
    trades = backtest_trades(MES_5M, MARKET, decisions, CAPITAL)
    equity = backtest_equity(MES_5M, MARKET, decisions, CAPITAL)
    assert trades.schema == BACKTEST.schema
    assert equity.schema == DAILY_EQUITY.schema
    assert (trades["net_usd"] - (trades["gross_usd"] - trades["commission_usd"])).abs().max() < 1e-9
    for policy in POLICIES:
        mine = trades.filter(pl.col("policy") == policy)
        marks = equity.filter(pl.col("policy") == policy)
        assert mine.height > 20
        assert marks["equity_usd"][-1] == pytest.approx(CAPITAL + mine["net_usd"].sum(), abs=0.005)
        by_day = mine.group_by(
            session_date=pl.col("exit_ts").dt.convert_time_zone("America/Chicago").dt.date()
        ).agg(pl.col("net_usd").sum())
        daily = marks.with_columns(
            change=pl.col("equity_usd").diff().fill_null(pl.col("equity_usd").first() - CAPITAL)
        ).join(by_day, on="session_date", how="left")
        assert (daily["change"] - daily["net_usd"].fill_null(0.0)).abs().max() < 0.005
        assert (marks["low_usd"] <= marks["equity_usd"]).all()
        assert marks["session_date"].to_list() == MARKET["session_date"].unique().sort().to_list()
    told = ["candidate_id", "setup", "side", "contracts", "period", "policy_fingerprint"]
    taken = decisions.filter(pl.col("take"))
    assert trades.join(taken, on=["policy", *told], how="anti").is_empty()
    assert trades.select("policy", "candidate_id").is_unique().all()
    assert (trades["entry_ts"] > trades["decision_ts"]).all()


def test_trades_of_each_policy_do_not_depend_on_the_other_policies():
    decisions = study(1)
    together = backtest_trades(MES_5M, MARKET, decisions, CAPITAL)
    for policy in POLICIES:
        alone = decisions.filter(pl.col("policy") == policy)
        found = backtest_trades(MES_5M, MARKET, alone, CAPITAL)
        assert found.equals(together.filter(pl.col("policy") == policy))
        assert set(found["policy"]) == {policy}
    assert backtest_trades(MES_5M, MARKET, decisions[::-1], CAPITAL).equals(together)


def test_sizes_know_the_account_in_the_model_policy_alone():
    decisions = study(1).with_columns(contracts=pl.when(pl.col("take")).then(4).otherwise(0))
    decisions = decisions.with_columns(pl.col("contracts").cast(pl.Int32))
    free = backtest_trades(MES_5M, MARKET, decisions, CAPITAL)
    limits = Limits(max_heat_frac=1e-3)
    tight = backtest_trades(MES_5M, MARKET, decisions, CAPITAL, limits)
    for policy in set(POLICIES) - {"ml"}:
        of_it = pl.col("policy") == policy
        assert tight.filter(of_it).equals(free.filter(of_it))
    mine = tight.filter(pl.col("policy") == "ml")
    assert mine.height > 10
    assert (mine["contracts"] * mine["stop_points"] * 5.0).max() <= 1e-3 * 1.1 * CAPITAL
    assert set(mine["contracts"]) != {4}
    by_bars = backtest_equity(MES_5M, MARKET, decisions, CAPITAL, limits)
    end = by_bars.filter(pl.col("policy") == "ml")["equity_usd"][-1]
    assert end == pytest.approx(CAPITAL + mine["net_usd"].sum(), abs=0.005)


def test_a_policy_that_decides_nothing_keeps_its_capital():
    decisions = study(2).with_columns(take=pl.lit(False), contracts=pl.lit(0, pl.Int32))
    assert backtest_trades(MES_5M, MARKET, decisions, CAPITAL).is_empty()
    equity = backtest_equity(MES_5M, MARKET, decisions, CAPITAL)
    quiet = equity.filter(pl.col("policy") != BUY_AND_HOLD)
    assert set(quiet["equity_usd"]) == set(quiet["low_usd"]) == {CAPITAL}
    assert set(quiet["policy"]) == set(POLICIES)


def test_a_decision_without_a_bar_is_refused():
    with pytest.raises(ValueError, match="a decision has no bar"):
        backtest_trades(MES_5M, MARKET.head(3000), study(3), CAPITAL)


def test_the_tested_bars_are_those_of_the_periods_with_decisions():
    february = baseline_decisions(blank_candidates()).with_columns(period=pl.lit("2025-02"))
    found = bars_of_tested_periods(MONTHS, MARKET, february)
    assert found.equals(MARKET.filter(pl.col("session_date").dt.month() == 2))
    assert bars_of_tested_periods(MONTHS, MARKET, february[:0]).is_empty()


def held(bars: pl.DataFrame) -> pl.DataFrame:
    nothing = baseline_decisions(blank_candidates()[:0])
    equity = backtest_equity(MES_5M, bars, nothing, CAPITAL)
    return equity.filter(pl.col("policy") == BUY_AND_HOLD).drop("policy")


def test_who_buys_and_holds_pays_once_and_is_marked_at_each_close():
    first = drawn_bars("2025-06-12 15:50", [(100, 102, 99, 101), (101, 104, 95, 97)])
    second = drawn_bars("2025-06-12 17:00", [(99, 105, 99, 104)])
    days = [(d.day, e, low) for d, e, low in held(joined(first, second)).rows()]
    start = CAPITAL - COST_SIDE_USD
    assert days == [
        (12, pytest.approx(start - 3 * 5), pytest.approx(start - 3 * 5)),
        (13, pytest.approx(start + 4 * 5), pytest.approx(start + 4 * 5)),
    ]


def test_who_holds_over_a_roll_gets_no_gap_and_pays_both_sides():
    old = drawn_bars("2025-06-13 15:50", [(100, 102, 99, 101), (101, 104, 95, 103)])
    new = drawn_bars("2025-06-15 17:00", [(160, 165, 159, 164), 166], contract="MESU5")
    newer = drawn_bars("2025-06-16 17:00", [(90, 95, 89, 91)], contract="MESZ5")
    points = [3, 3 + 4 + 2, 3 + 6 + 1]  # in the old one, then from its open at 160 to 166, then 90
    sides = [1, 3, 5]
    expected = [CAPITAL + 5 * p - COST_SIDE_USD * s for p, s in zip(points, sides, strict=True)]
    assert held(joined(old, new, newer))["equity_usd"].to_list() == pytest.approx(expected)


def test_the_rules_of_the_run_are_told_by_name():
    rules = execution_rules(MES_5M)
    assert (rules["multiplier_usd"], rules["commission_usd"], rules["tick_points"]) == (
        5,
        0.62,
        0.25,
    )
    assert (rules["fill_policy"], rules["mode"]) == ("next_open", "one_position")


def test_finer_bars_tell_what_came_first_on_ambiguous_bars():
    """A world without an edge has one price path, whatever the length of its bars."""
    finer, coarse = (seeded_bars(20, length, strength="none") for length in ("1m", "5m"))
    ranges = coarse.filter(pl.col("session") == "rth")
    atr = ranges.select("ts", atr14=(pl.col("high") - pl.col("low")).clip(1.0) / 3)
    many = random_candidates(coarse, atr, pl.concat([blank_candidates()] * 400), "1")
    decisions = baseline_decisions(many)
    alone = backtest_ambiguity(MES_5M, coarse, decisions, CAPITAL)["baseline"]
    told = backtest_ambiguity(MES_5M, coarse, decisions, CAPITAL, finer)["baseline"]
    assert alone.ambiguous_bars == told.ambiguous_bars > 20
    assert alone.pessimism_usd is None
    assert told.resolved_bars > 20
    assert told.pessimism_usd is not None
    assert told.pessimism_usd > 0
