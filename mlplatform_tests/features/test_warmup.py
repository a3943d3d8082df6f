"""Warm-up decay: how long a feature remembers where its history began, against what it declares."""

from functools import partial

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.compute import compute_features
from mlplatform.features.cut_points import cut_points
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.features.proof import Effort, Proof, Subject, joined, prove
from mlplatform.features.sets import core_plan
from mlplatform.features.warmup import DECAY, find_decay, lookbacks_of
from mlplatform.testing.bars import drawn_bars, seeded_bars
from mlplatform.testing.bars import joined as joined_bars

CLOSE = pl.col("close")
DAY = 276
"""5-minute bars of a session."""


def plan_of(expr: pl.Expr, lookback: int, *others: Feature) -> FeaturePlan:
    def compute(columns):
        return pl.DataFrame(dict(columns)).select(expr).to_series()

    feature = Feature("x", ("close", "session_date"), lookback, compute, "x")
    return FeaturePlan.build("own", 1, (feature, *others), tuple(BARS.names))


def decay_of(plan: FeaturePlan, bars: pl.DataFrame, later: int = DAY):
    compute = partial(compute_features, plan)
    return find_decay(compute, bars, later, lookbacks_of(plan), compute(bars))


def test_a_feature_takes_as_many_bars_as_it_looks_back():
    leaks, decay = decay_of(plan_of(CLOSE - CLOSE.shift(20), 20), seeded_bars(5))
    assert leaks.is_empty()
    assert decay.rows() == [("x", 20, 20, 4 * DAY - 20)]
    assert decay.schema == DECAY


def test_a_lookback_that_is_one_bar_short_is_told_with_its_row():
    bars = seeded_bars(5)
    leaks, decay = decay_of(plan_of(CLOSE - CLOSE.shift(20), 19), bars)
    assert leaks.select("proof", "column", "ts", "size").rows() == [
        ("warm-up", "x", bars["ts"][DAY + 19], float("inf"))
    ]
    assert decay["taken_bars"].to_list() == [20]


def test_an_average_forgets_as_fast_as_its_weights_say():
    """What is left of an EMA's start after k bars is (1 - 2 / (n + 1)) ** k of a day's move."""
    span = 20
    factor = 1 - 2 / (span + 1)
    _, decay = decay_of(plan_of(CLOSE.ewm_mean(span=span, adjust=False), 1000), seeded_bars(5))
    taken = decay["taken_bars"][0]
    # The start differs by some part of a per cent of the price, to be left with 2e-9 of it.
    slow, fast = (np.log(2e-9 / share) / np.log(factor) for share in (2e-2, 1e-5))
    assert fast < taken < slow


def test_what_is_scaled_over_everything_never_forgets():
    bars = seeded_bars(5)
    leaks, decay = decay_of(plan_of(CLOSE - CLOSE.mean(), 100), bars)
    assert decay["taken_bars"].to_list() == [4 * DAY]
    assert leaks.height == 4 * DAY - 100
    shift = abs(bars["close"].mean() - bars["close"][DAY:].mean())
    assert leaks["size"].to_numpy() == pytest.approx(np.full(leaks.height, shift))


def test_a_change_below_the_tolerance_is_forgotten():
    bars = seeded_bars(3)
    for part, taken in ((1e-12, 0), (1e-6, 2 * DAY)):
        plan = plan_of(CLOSE * (1 + part * pl.len()), 10)
        assert decay_of(plan, bars)[1]["taken_bars"].to_list() == [taken]


def test_a_roll_starts_history_anew_so_that_nothing_is_compared_after_it():
    first = drawn_bars("2025-06-02 17:00", [100.0 + n for n in range(DAY)])
    second = drawn_bars("2025-06-03 17:00", [200.0 + n for n in range(DAY)])
    third = drawn_bars("2025-06-04 17:00", [300.0] * DAY, contract="MESU5")
    plan = plan_of(CLOSE - CLOSE.shift(20), 20)
    bars = joined_bars(first, second, third)
    assert decay_of(plan, bars)[1]["judged_rows"].to_list() == [DAY - 20]
    assert decay_of(plan, bars, 2 * DAY)[1]["judged_rows"].to_list() == [0]


def test_lookbacks_add_up_through_the_inputs():
    behind = Feature("y", ("x",), 7, lambda columns: columns["x"].diff(), "y")
    assert lookbacks_of(plan_of(CLOSE.diff(), 5, behind)) == {"x": 5, "y": 12}


@pytest.mark.parametrize("timeframe", ["5m", "15m"])
def test_the_core_set_forgets_within_what_it_declares(timeframe):
    plan = core_plan(Timeframe(timeframe))
    bars = seeded_bars(40, timeframe=timeframe)
    starts = (bars["session_date"] != bars["session_date"].shift(1)).arg_true()
    leaks, decay = decay_of(plan, bars, starts[1])
    assert leaks.is_empty()
    assert decay["judged_rows"].min() > 0
    assert decay["taken_bars"].max() > 1000 * 5 // int(timeframe[:-1])


def test_cuts_are_seeded_distinct_and_have_a_bar_to_come():
    bars = seeded_bars(3)
    cuts = cut_points(bars, 100, 30, "2025-06|MES-5m")
    assert cuts == cut_points(bars, 100, 30, "2025-06|MES-5m")
    assert cuts != cut_points(bars, 100, 30, "2025-07|MES-5m")
    assert len(set(cuts)) == 30
    assert cuts == sorted(cuts)
    assert min(cuts) >= 100
    assert max(cut_points(bars, bars.height - 4, 9, "x")) == bars.height - 2
    assert cut_points(bars, bars.height - 1, 9, "x") == []
    assert max(cut_points(bars, 0, 50, "x", end=60)) <= 58


def test_the_first_cuts_follow_a_high_and_a_low_inside_an_hour():
    bars = seeded_bars(12)
    for number in range(20):
        rows = cut_points(bars, 300, 2, f"key {number}")
        around = [bars[row - 6 : row + 5] for row in rows]  # five bars either side of row - 1
        is_top = [part["high"][5] == part["high"].max() for part in around]
        is_bottom = [part["low"][5] == part["low"].min() for part in around]
        assert any(is_top)
        assert any(is_bottom)
        assert all(bars["minute_of_session"][row] % 60 != 55 for row in rows)


def test_a_proof_tells_the_worst_first_and_what_it_could_not_see():
    def compute(bars: pl.DataFrame) -> pl.DataFrame:
        end = pl.col("close").last()
        return bars.select(
            "ts", small=end / 1e6, large=end, fine="close", none=pl.lit(None, pl.Float64)
        )

    bars = seeded_bars(3)
    lookbacks = {"small": 0, "large": 0, "fine": 0, "none": 0}
    subject = Subject(compute, bars, compute(bars), 300, lookbacks=lookbacks)
    proof = prove(subject, "key", Effort(2, 50))
    assert proof.worst["column"].to_list() == ["large", "small"]
    assert proof.worst["size"][0] == pytest.approx(1e6 * proof.worst["size"][1])
    assert proof.leaks["size"].is_sorted(descending=True)
    assert proof.empty_columns == ("none",)
    assert "large is not causal" in proof.told()
    assert "and 1 more column" in proof.told()
    both = joined([proof, Proof(4, (7,), proof.leaks.clear(), DECAY.to_frame(), ("none", "fine"))])
    assert both.cuts == (*proof.cuts, 7)
    assert both.empty_columns == ("none",)
    assert both.leaks.equals(proof.leaks)


def test_too_few_bars_prove_nothing_and_say_so():
    bars = seeded_bars(1)[:1]
    plan = plan_of(CLOSE.diff(), 1)
    compute = partial(compute_features, plan)
    proof = prove(Subject(compute, bars, compute(bars), lookbacks=lookbacks_of(plan)), "key")
    assert proof.is_causal
    assert proof.told() == "Nothing could be compared: too few bars"
