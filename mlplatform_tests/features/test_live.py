"""Live features: bar by bar what the batch gives, whatever the bars do."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.arithmetic import Columns, Expression
from mlplatform.features.catalog.phases import OfDay
from mlplatform.features.compute import compute_features, warmup_sessions
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.features.live import BarOrderError, LiveFeatures
from mlplatform.features.sets import core_plan
from mlplatform.testing.bars import MES_5M, seeded_bars

TIMEFRAME = MES_5M.timeframe
CORE = core_plan(TIMEFRAME)
SPRING = seeded_bars(75)  # a roll on 2025-03-17
AUTUMN = seeded_bars(30, first_day="2025-10-27")  # Thanksgiving and its Friday close early


def run(live: LiveFeatures, bars: pl.DataFrame) -> pl.DataFrame:
    rows = [live.update(bar) for bar in bars.iter_rows(named=True)]
    return pl.DataFrame(
        rows, {"ts": BARS.schema["ts"], **dict.fromkeys(live.plan.names, pl.Float64)}
    )


def differing(plan: FeaturePlan, found: pl.DataFrame, batch: pl.DataFrame) -> dict[str, float]:
    """Columns off by more than a billionth of the value, or of its column's mean size."""
    worst = {}
    batch_rows = batch.tail(found.height)
    assert found["ts"].equals(batch_rows["ts"])
    for name in plan.names:
        one, other = found[name], batch_rows[name]
        assert one.is_null().equals(other.is_null()), name
        usual = batch[name].abs().mean() or 0.0
        size = pl.select(pl.max_horizontal(other.abs(), pl.lit(usual))).to_series()
        if ((one - other).abs() > 1e-9 * size).any():
            worst[name] = ((one - other).abs() / size).max()
    return worst


def around(bars: pl.DataFrame, at: int, before: int = 40, after: int = 60) -> tuple[int, int]:
    return max(1, at - before), min(bars.height, at + after)


def roll(bars: pl.DataFrame) -> int:
    return int((bars["contract"] != bars["contract"].shift(1)).arg_true()[-1])


def early_close(bars: pl.DataFrame) -> int:
    length = bars.group_by("session_date", maintain_order=True).len()
    short = length.filter(pl.col("len") < 276)["session_date"]
    assert len(short) > 0
    return int(bars["session_date"].search_sorted(short[-1], "right")) - 10


@pytest.mark.parametrize(
    ("bars", "at"),
    [(SPRING, 9000), (SPRING, roll(SPRING)), (AUTUMN, early_close(AUTUMN)), (SPRING[:100], 30)],
    ids=["sessions", "roll", "early close", "no history"],
)
def test_live_agrees_with_the_batch_at_every_bar(bars, at):
    first, end = around(bars, at)
    live = LiveFeatures(CORE, TIMEFRAME, bars[:first])
    assert differing(CORE, run(live, bars[first:end]), compute_features(CORE, bars[:end])) == {}


@settings(max_examples=4)
@given(st.integers(5000, 16_000), st.sets(st.integers(0, 300), max_size=40))
def test_bars_that_are_missing_leave_live_and_batch_in_agreement(at, missing):
    first = at - 300
    bars = SPRING[:at].filter(~(pl.int_range(at) - first).is_in(sorted(missing)))
    history = bars.filter(pl.col("ts") < SPRING["ts"][at - 25])
    live = LiveFeatures(CORE, TIMEFRAME, history)
    found = run(live, bars[history.height :])
    assert differing(CORE, found, compute_features(CORE, bars)) == {}


def test_only_as_much_history_as_the_plan_needs_gives_the_same():
    first = 12_000
    days = SPRING[:first]["session_date"].unique().sort()
    sessions = warmup_sessions(CORE, TIMEFRAME)
    short = SPRING[:first].filter(pl.col("session_date") >= days[-sessions - 1])
    assert short.height < first
    live = LiveFeatures(CORE, TIMEFRAME, short)
    assert live.history_sessions == sessions
    batch = compute_features(CORE, SPRING[: first + 30])
    assert differing(CORE, run(live, SPRING[first : first + 30]), batch) == {}
    assert live.bars_held < short.height


def test_the_series_of_a_minute_agrees_too():
    minute = Timeframe("1m")
    plan, bars = core_plan(minute), seeded_bars(12, "1m")
    first = bars.height - 70
    live = LiveFeatures(plan, minute, bars[:first])
    assert differing(plan, run(live, bars[first:]), compute_features(plan, bars)) == {}


def test_a_bar_out_of_order_is_refused_and_changes_nothing():
    live = LiveFeatures(CORE, TIMEFRAME, SPRING[:6000])
    other = LiveFeatures(CORE, TIMEFRAME, SPRING[:6000])
    newest = SPRING[5999].row(0, named=True)
    for late in (timedelta(0), timedelta(minutes=5), timedelta(days=3)):
        with pytest.raises(BarOrderError, match="is not after the newest"):
            live.update({**newest, "ts": newest["ts"] - late})
    bar = SPRING[6000].row(0, named=True)
    assert live.update(bar) == other.update(bar)
    with pytest.raises(BarOrderError, match="history are not in order"):
        LiveFeatures(CORE, TIMEFRAME, SPRING[:10].reverse())


def test_another_contract_starts_anew_even_one_that_was_there_before():
    bars = seeded_bars(4)
    names = pl.Series(["A"] * 600 + ["B"] * 50 + ["A"] * (bars.height - 650))
    bars = bars.with_columns(contract=names)
    live = LiveFeatures(CORE, TIMEFRAME, bars[:500])
    found = run(live, bars[500:700])
    assert differing(CORE, found, compute_features(CORE, bars[:700])) == {}
    assert found["atr14"].is_null().to_list()[95:120] == [False] * 5 + [True] * 14 + [False] * 6
    assert live.bars_held == 50


def test_the_bars_held_follow_from_the_plan():
    def change(span: int) -> FeaturePlan:
        move = Feature("change", ("close",), span, Expression(pl.col("close").diff(span)), "change")
        twice = Feature("twice", ("change",), span, Expression(pl.col("change").diff(span)), "two")
        return FeaturePlan.build("drawn", 1, (move, twice), tuple(BARS.names))

    for span in (1, 30):
        live = LiveFeatures(change(span), TIMEFRAME, SPRING[:1000])
        found = run(live, SPRING[1000:1400])
        assert live.bars_held == span + 1
        assert found.equals(compute_features(change(span), SPRING[:1400])[1000:])


def test_a_lookback_that_was_declared_too_short_shows():
    """The very comparison that clears the core set catches a feature that reads too far back."""
    short = Feature("far", ("close",), 5, Expression(pl.col("close").diff(6)), "6 declared as 5")
    plan = FeaturePlan.build("drawn", 1, (short,), tuple(BARS.names))
    found = run(LiveFeatures(plan, TIMEFRAME, SPRING[:1000]), SPRING[1000:1010])
    assert found["far"].null_count() == 10


def test_what_stands_still_and_what_reads_only_that_is_computed_once_a_moment():
    seen = {"first": 0, "twice": 0}

    def first(columns: Columns) -> pl.Series:
        seen["first"] += 1
        return pl.DataFrame(columns).select(pl.col("open").first().over("session_date")).to_series()

    def twice(columns: Columns) -> pl.Series:
        seen["twice"] += 1
        return 2 * columns["first"]

    of_day = Feature("first", ("open", "session_date"), 0, OfDay(first), "first price")
    of_that = Feature("twice", ("first",), 0, twice, "twice the first price")
    of_before = Feature("rise", ("first",), 5, Expression(pl.col("first").diff(5)), "since")
    plan = FeaturePlan.build("drawn", 1, (of_day, of_that, of_before), tuple(BARS.names))
    live = LiveFeatures(plan, TIMEFRAME, SPRING[:1000])
    seen.update(first=0, twice=0)
    found = run(live, SPRING[1000:1600])
    assert found.equals(compute_features(plan, SPRING[:1600])[1000:])
    assert (found["rise"] != 0).sum() == 5 * (found["first"].n_unique() - 1) > 0
    days = SPRING[1000:1600]["session_date"].n_unique()
    assert seen == {"first": days + 1, "twice": days + 1}  # and once each in the batch
    assert days > 2


def test_a_function_sees_only_what_its_feature_declares_and_its_own_rows():
    seen = []

    def read(columns: Columns) -> pl.Series:
        seen.append({name: len(column) for name, column in columns.items()})
        return pl.DataFrame(columns).select(pl.sum_horizontal(pl.all())).to_series()

    mean = Feature("mean", ("close",), 3, Expression(pl.col("close").rolling_mean(3)), "mean")
    both = Feature("both", ("mean", "close"), 2, read, "sum of all that is seen")
    one = Feature("one", ("mean",), 0, read, "sum of all that is seen")
    plan = FeaturePlan.build("drawn", 1, (mean, both, one), tuple(BARS.names))
    live = LiveFeatures(plan, TIMEFRAME, SPRING[:1000])
    seen.clear()
    found = run(live, SPRING[1000:1001])
    assert found.equals(compute_features(plan, SPRING[:1001])[1000:])
    assert {"mean": 3, "close": 3} in seen
    assert {"mean": 1} in seen


def test_sides_that_a_source_does_not_know_are_unknown():
    bars = SPRING.drop("bid_volume", "ask_volume")
    live = LiveFeatures(CORE, TIMEFRAME, bars[:6000])
    found = run(live, bars[6000:6003])
    assert differing(CORE, found, compute_features(CORE, bars[:6003])) == {}
