"""The static ATR algorithm, and its blind twin."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from mlplatform.decisions.baseline import baseline_decisions, random_candidates
from mlplatform.decisions.plans import Plan, decisions_of
from mlplatform.decisions.policy import fallback_decisions
from mlplatform.domain.tables import CANDIDATES, DECISIONS
from mlplatform.testing.bars import drawn_bars, seeded_bars

BARS = drawn_bars("2025-06-03 09:00", [100.0, 102.0])
TWO = CANDIDATES.frame(
    BARS.with_columns(
        candidate_id=pl.Series(["one", "two"]),
        setup=pl.lit("drawn"),
        side=pl.Series([1, -1]),
        reference_price="close",
        atr_points=pl.Series([4.0, 10.0]),
        order_type=pl.lit("market"),
        order_price=pl.lit(None, pl.Float64),
        expiry_bars=pl.lit(0),
    )
)


def test_the_baseline_takes_all_with_one_contract_a_stop_of_1_5_and_a_target_of_2_atr():
    found = baseline_decisions(TWO)
    assert found.schema == DECISIONS.schema
    told = found.select("take", "contracts", "stop_points", "target_points", "probability")
    assert told.rows() == [(True, 1, 6.0, 8.0, None), (True, 1, 15.0, 20.0, None)]
    assert found.select("candidate_id", "ts", "setup", "side").equals(
        TWO.select("candidate_id", "ts", "setup", "side")
    )
    assert set(found["policy"]) == {"baseline"}
    assert set(found["policy_fingerprint"]) == {"atr-1.5-2.0"}


def test_without_a_model_the_ml_policy_trades_the_baseline_under_its_own_name():
    ours, theirs = fallback_decisions(TWO), baseline_decisions(TWO)
    assert set(ours["policy"]) == {"ml"}
    assert ours.drop("policy").equals(theirs.drop("policy"))
    assert fallback_decisions(TWO[:0]).is_empty()


def plan(take: list[bool], contracts: list[int]) -> pl.DataFrame:
    wanted = Plan(
        np.array(take), np.array(contracts), np.array([1.0, 2.5]), np.array([0.4, 0.7]), 0.55
    )
    return decisions_of("ml", "abc", TWO, wanted, "2025-06")


def test_contracts_are_zero_where_a_candidate_is_not_taken():
    found = plan([False, True], [3, 2])
    assert found.select("take", "contracts").rows() == [(False, 0), (True, 2)]


def test_a_candidate_of_no_contracts_is_not_taken():
    assert plan([True, True], [0, 1]).select("take", "contracts").rows() == [(False, 0), (True, 1)]


def test_a_plan_says_what_it_decided_by():
    row = plan([True, True], [1, 1]).row(1, named=True)
    assert (row["stop_points"], row["target_points"]) == (25.0, 20.0)
    assert (row["probability"], row["threshold"]) == (0.7, 0.55)
    assert (row["policy"], row["policy_fingerprint"], row["period"]) == ("ml", "abc", "2025-06")


MARKET = seeded_bars(4)
FEATURES = MARKET.select("ts", atr14=pl.when(pl.int_range(pl.len()) >= 20).then(pl.lit(3.0)))
WANTED = pl.concat([TWO] * 20)


def draw(parts: str, wanted: pl.DataFrame = WANTED, features: pl.DataFrame = FEATURES):
    return random_candidates(MARKET, features, wanted, parts)


def test_blind_candidates_are_as_many_and_the_same_for_the_same_seed_only():
    found = draw("7:x")
    assert found.schema == CANDIDATES.schema
    assert found.height == 40
    assert found.equals(draw("7:x"))
    assert not found["ts"].equals(draw("8:x")["ts"])
    assert draw("7:x", WANTED[:0]).is_empty()


def test_blind_candidates_lie_on_different_regular_bars_in_order_and_not_late():
    found = draw("7:x").join(MARKET, on="ts", suffix="_bar")
    assert (found["session"] == "rth").all()
    assert found["ts"].is_sorted()
    assert found["ts"].n_unique() == found["candidate_id"].n_unique() == 40
    assert (found["ts"] < found["session_end"] - timedelta(minutes=30)).all()
    assert (found["reference_price"] == found["close"]).all()
    assert set(found["atr_points"]) == {3.0}


def test_blind_candidates_go_both_ways_alike():
    sides = pl.concat([draw(f"{seed}:x") for seed in range(20)])["side"]
    assert set(sides) == {-1, 1}
    assert abs(sides.mean()) < 0.15
    picked = np.concatenate([draw(f"{s}:x")["ts"].to_physical().to_numpy() for s in range(20)])
    assert len(np.unique(picked)) > 200  # of about 4 x 78 bars


def test_where_bars_are_fewer_than_candidates_all_of_them_are_drawn():
    few = MARKET.select(
        "ts", atr14=pl.when((pl.col("session") == "rth").cum_sum() <= 5).then(pl.lit(3.0))
    )
    first_day = few.with_columns(atr14=pl.when(MARKET["session"] == "rth").then("atr14"))
    assert draw("7:x", WANTED, first_day).height == 5
    none = few.with_columns(atr14=pl.lit(0.0))
    assert draw("7:x", WANTED, none).is_empty()


@pytest.mark.parametrize("day", ["2026-11-27 11:00"])
def test_on_an_early_close_no_blind_entry_is_late(day):
    bars = drawn_bars(day, [100.0] * 15)
    features = bars.select("ts", atr14=pl.lit(3.0))
    found = random_candidates(bars, features, pl.concat([TWO] * 20), "7")
    assert found.height == 9  # 11:00 to 11:40; the session ends at 12:15
