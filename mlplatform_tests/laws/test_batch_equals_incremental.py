"""Law 3: each period is computed from its own anchor, so a loop over periods gives the batch."""

import math
from dataclasses import replace

import polars as pl
import pytest

from mlplatform.domain.content import content_hash
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.compute import compute_features, features_of_period, warmup_sessions
from mlplatform.features.graph import FeaturePlan
from mlplatform.features.sets import core_plan
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates
from mlplatform.testing.bars import MES_5M, seeded_bars

from .research import PLAN

MONTHS = PeriodAxis(Cadence.MONTH, "2025-01")
WEEKS = PeriodAxis(Cadence.WEEK, "2025-01-06")
TIMEFRAME = MES_5M.timeframe
BARS_OF_SPRING = seeded_bars(75)  # January to mid April, a roll on 2025-03-17


def days(bars: pl.DataFrame) -> pl.Series:
    return bars["session_date"].unique().sort()


def of_period(axis: PeriodAxis, period: str, bars: pl.DataFrame) -> pl.DataFrame:
    return features_of_period(PLAN, TIMEFRAME, axis, period, bars)


@pytest.mark.parametrize(("axis", "period"), [(MONTHS, "2025-03"), (WEEKS, "2025-03-17")])
def test_a_longer_past_or_a_future_changes_no_byte_of_a_period(axis, period):
    whole = of_period(axis, period, BARS_OF_SPRING)
    start, end = axis.start_of(period), axis.end_of(period)
    earlier = days(BARS_OF_SPRING.filter(pl.col("session_date") < start))
    enough = warmup_sessions(PLAN, TIMEFRAME)
    for spare in (0, 1, 9):
        first = earlier[-(enough + spare)]
        given = BARS_OF_SPRING.filter(pl.col("session_date").is_between(first, end, closed="left"))
        assert content_hash(of_period(axis, period, given)) == content_hash(whole)
    inside = BARS_OF_SPRING.filter(pl.col("session_date").is_between(start, end, closed="left"))
    assert whole["ts"].equals(inside["ts"])


def test_a_period_without_enough_past_starts_with_the_data():
    first = of_period(MONTHS, "2025-01", BARS_OF_SPRING)
    alone = BARS_OF_SPRING.filter(pl.col("session_date") < MONTHS.end_of("2025-01"))
    assert content_hash(first) == content_hash(compute_features(PLAN, alone))
    without = of_period(MONTHS, "2024-12", BARS_OF_SPRING)
    assert without.is_empty()
    assert without.columns == first.columns


def test_a_period_that_is_not_over_grows_without_changing():
    full = of_period(MONTHS, "2025-03", BARS_OF_SPRING)
    cut = 3 * 276 + 100
    part = of_period(MONTHS, "2025-03", BARS_OF_SPRING.filter(pl.col("ts") <= full["ts"][cut - 1]))
    assert content_hash(part) == content_hash(full[:cut])


def test_candidates_of_a_period_come_from_its_own_bars_and_features():
    months = ["2025-01", "2025-02", "2025-03", "2025-04"]
    day = pl.col("session_date")
    parts = []
    for month in months:
        start, end = MONTHS.start_of(month), MONTHS.end_of(month)
        bars = BARS_OF_SPRING.filter(day.is_between(start, end, closed="left"))
        features = of_period(MONTHS, month, BARS_OF_SPRING)
        parts.append(find_candidates(MES_5M.name, SETUPS, bars, features, 300))
    loop = pl.concat(parts)
    features = pl.concat([of_period(MONTHS, month, BARS_OF_SPRING) for month in months])
    batch = find_candidates(MES_5M.name, SETUPS, BARS_OF_SPRING, features, 300)
    assert content_hash(loop) == content_hash(batch)
    assert batch.height > 150
    assert batch["candidate_id"].n_unique() == batch.height


def test_a_period_agrees_with_the_whole_history_to_a_billionth():
    period = of_period(MONTHS, "2025-03", BARS_OF_SPRING)
    history = compute_features(PLAN, BARS_OF_SPRING)
    history = history.join(period.select("ts"), on="ts", how="semi", maintain_order="left")
    for name in PLAN.names:
        assert period[name].is_null().equals(history[name].is_null()), name
        difference = (period[name] - history[name]).abs().max() or 0.0
        assert difference <= 1e-9 * history[name].abs().mean(), name


def needed(plan: FeaturePlan, name: str) -> FeaturePlan:
    """One feature of a plan with all that it needs."""
    by_name, wanted, open_names = {f.name: f for f in plan.order}, set(), [name]
    while open_names:
        item = open_names.pop()
        if item in by_name and item not in wanted:
            wanted.add(item)
            open_names += by_name[item].inputs
    chosen = tuple(replace(f, mirror=None) for f in plan.order if f.name in wanted)
    return FeaturePlan.build(name, 1, chosen, tuple(BARS.names))


@pytest.mark.parametrize("name", PLAN.names)
def test_the_declared_warm_up_of_each_feature_is_enough(name):
    """Bars before it no longer matter, to a billionth: counted from the start of a session."""
    plan = needed(PLAN, name)
    bars = BARS_OF_SPRING.filter(pl.col("contract") == "MESH5")
    sessions = math.ceil(plan.warmup_bars / 276)
    history = compute_features(plan, bars)
    for end in (40, 44):
        day, first = days(bars)[end], days(bars)[end - sessions]
        last = history.filter(bars["session_date"] == day)[name]
        window = bars.filter(pl.col("session_date").is_between(first, day))
        found = compute_features(plan, window).filter(window["session_date"] == day)[name]
        assert found.is_null().equals(last.is_null())
        assert ((found - last).abs().max() or 0.0) <= 1e-9 * max(last.abs().mean() or 0.0, 1e-6)


@pytest.mark.parametrize("name", ["trend_60m_atr", "adx14", "ema50", "volume_for_time"])
def test_a_quarter_of_the_warm_up_would_not_be_enough(name):
    plan = needed(PLAN, name)
    bars = BARS_OF_SPRING.filter(pl.col("contract") == "MESH5")
    day = pl.col("session_date") == days(bars)[44]
    at = bars.with_row_index("at").filter(day)["at"]
    window = bars[int(at[0]) - plan.warmup_bars // 4 : int(at[-1]) + 1]
    found = compute_features(plan, window).tail(276)[name]
    known = compute_features(plan, bars)[at.to_list()][name]
    differs = (found - known).abs() > 1e-9
    assert found.null_count() > known.null_count() or differs.any()


def test_the_series_of_a_minute_keeps_the_law_too():
    bars = seeded_bars(40, "1m")
    minute = Timeframe("1m")
    plan_1m = core_plan(minute)
    whole = features_of_period(plan_1m, minute, WEEKS, "2025-02-10", bars)
    given = bars.filter(pl.col("session_date") >= days(bars)[5])
    again = features_of_period(plan_1m, minute, WEEKS, "2025-02-10", given)
    assert content_hash(whole) == content_hash(again)
    assert whole.height == 5 * 1380
