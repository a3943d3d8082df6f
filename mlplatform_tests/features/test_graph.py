"""The declared graph: what it refuses, what it derives, what identifies it."""

from dataclasses import replace

import polars as pl
import pytest

from mlplatform.domain.periods import Cadence
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.compute import compute_features, warmup_periods, warmup_sessions
from mlplatform.features.evaluation import evaluate
from mlplatform.features.graph import Columns, Feature, FeatureError, FeaturePlan
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.testing.bars import drawn_bars, joined, seeded_bars


def feature(name: str, *inputs: str, lookback: int = 0, **more: object) -> Feature:
    def compute(columns: Columns) -> pl.Series:
        frame = pl.DataFrame(dict(columns))
        return frame.select(pl.sum_horizontal(pl.all().shift(lookback))).to_series()

    return Feature(name, inputs, lookback, compute, name, **more)


def plan(*features: Feature, version: int = 1) -> FeaturePlan:
    return FeaturePlan.build("drawn", version, features, tuple(BARS.names))


A, B = feature("a", "close", lookback=3), feature("b", "a", "open", lookback=5)
C = feature("c", "b", "close")


def test_features_are_sorted_by_what_they_need():
    assert plan(C, B, A).names == ["a", "b", "c"]
    bars = drawn_bars("2025-06-02 17:00", [float(i) for i in range(1, 12)])
    values = evaluate(plan(C, B, A), bars)
    assert values.columns == ["ts", "a", "b", "c"]
    assert values.height == bars.height
    # a = close 3 bars ago, b = a and open 5 bars ago, c = b and close
    assert values["a"].to_list()[3:] == [float(i) for i in range(1, 9)]
    assert values["c"][10] == (11 - 5 - 3) + (11 - 5) + 11


def test_a_cycle_an_unknown_input_and_a_name_that_is_taken_are_refused():
    with pytest.raises(FeatureError, match=r"features need each other: .*x.* -> .*y"):
        plan(feature("x", "y"), feature("y", "x"))
    with pytest.raises(FeatureError, match="feature b needs 'a', which nobody gives"):
        plan(B)
    with pytest.raises(FeatureError, match="feature set drawn holds a name twice"):
        plan(A, replace(A, version=2))
    with pytest.raises(FeatureError, match="feature volume has the name of a bar column"):
        plan(feature("volume", "close"))


def test_a_feature_of_another_length_is_refused():
    short = Feature("short", ("close",), 0, lambda columns: columns["close"].head(2), "short")
    with pytest.raises(FeatureError, match="feature short gave 2 of 3 rows"):
        evaluate(plan(short), drawn_bars("2025-06-02 17:00", [1, 2, 3]))


def test_a_number_that_is_none_becomes_null():
    nan = Feature("nan", ("close",), 0, lambda columns: columns["close"] * float("nan"), "nan")
    values = evaluate(plan(nan), drawn_bars("2025-06-02 17:00", [1, 2]))
    assert values["nan"].to_list() == [None, None]


def test_the_warm_up_is_the_longest_chain_of_lookbacks():
    assert plan(A).warmup_bars == 3
    assert plan(A, B).warmup_bars == 8
    assert plan(A, B, C, feature("long", "close", lookback=7)).warmup_bars == 8
    assert plan(A, B, C, feature("long", "close", lookback=9)).warmup_bars == 9
    assert plan().warmup_bars == 0


@pytest.mark.parametrize(
    ("lookback", "timeframe", "sessions", "months", "weeks"),
    [
        (0, "1m", 1, 1, 1),
        (1380, "1m", 2, 1, 1),
        (1381, "1m", 3, 1, 1),
        (276 * 17, "5m", 18, 1, 5),
        (276 * 18, "5m", 19, 2, 5),
        (23, "1h", 2, 1, 1),
    ],
)
def test_the_history_of_a_period_is_its_warm_up_in_whole_sessions_and_one_spare(
    lookback, timeframe, sessions, months, weeks
):
    drawn = plan(feature("long", "close", lookback=lookback))
    assert warmup_sessions(drawn, Timeframe(timeframe)) == sessions
    assert warmup_periods(drawn, Timeframe(timeframe), Cadence.MONTH) == months
    assert warmup_periods(drawn, Timeframe(timeframe), Cadence.WEEK) == weeks


SAME = [
    plan(C, B, A),
    plan(A, B, replace(C, about="said otherwise", unit="points")),
    plan(A, B, replace(C, compute=lambda columns: columns["b"] + columns["close"])),
]
OTHER = [
    plan(A, B),
    plan(A, B, C, version=2),
    plan(A, B, replace(C, inputs=("b", "open"))),
    plan(A, B, replace(C, inputs=("close", "b"))),
    plan(A, B, replace(C, lookback_bars=1)),
    plan(A, B, replace(C, version=2)),
    plan(A, B, replace(C, params={"span": 3})),
    plan(A, B, replace(C, is_signed=True)),
    plan(A, B, replace(C, name="d")),
    FeaturePlan.build("other", 1, (A, B, C), tuple(BARS.names)),
]


@pytest.mark.parametrize("same", SAME)
def test_the_fingerprint_does_not_change_with_order_words_or_writing(same):
    assert same.fingerprint == plan(A, B, C).fingerprint


@pytest.mark.parametrize("other", OTHER)
def test_the_fingerprint_changes_with_all_that_is_declared(other):
    assert other.fingerprint != plan(A, B, C).fingerprint


def test_the_core_plans_of_two_timeframes_are_two_plans():
    prints = {core_plan(Timeframe(name)).fingerprint for name in ("1m", "5m", "15s")}
    assert len(prints) == 3


def test_models_see_every_column_that_is_no_price_level():
    core = core_plan(Timeframe("5m"))
    inputs = model_inputs(core)
    assert len(inputs) >= 25
    assert {f.unit for f in core.features if f not in inputs} == {"points"}


def test_without_bars_there_are_columns_without_rows():
    core = core_plan(Timeframe("5m"))
    empty = compute_features(core, BARS.empty())
    assert empty.columns == ["ts", *core.names]
    assert empty.schema == compute_features(core, seeded_bars(1)).schema


@pytest.mark.parametrize("n", [1, 2, 13, 15])
def test_a_contract_with_few_bars_has_nulls_not_errors(n):
    bars = seeded_bars(2)
    rolled = bars[280 : 280 + n].with_columns(contract=pl.lit("MESM5"))
    values = compute_features(core_plan(Timeframe("5m")), joined(bars[:280], rolled))
    assert values.height == 280 + n
    assert values["move30_atr"][280:].null_count() == n
    assert values["atr14"][280:].null_count() == min(n, 14)


def test_no_difference_crosses_a_roll():
    core = core_plan(Timeframe("5m"))
    before, after = seeded_bars(3)[:500], seeded_bars(3)[500:].with_columns(contract=pl.lit("NEXT"))
    shifted = after.with_columns(pl.col("open", "high", "low", "close") + 300.0)
    both = compute_features(core, joined(before, shifted))
    assert both[500:].equals(compute_features(core, shifted))
    assert both[:500].equals(compute_features(core, before))
