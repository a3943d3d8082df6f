"""Any feature on a higher timeframe: its own values on higher bars, known when these are over."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.catalog import higher, technical, volatility
from mlplatform.features.catalog.higher import HIGHER_COLUMNS, on_timeframe
from mlplatform.features.causality import find_leaks
from mlplatform.features.compute import compute_features
from mlplatform.features.evaluation import evaluate, stages_of
from mlplatform.features.graph import Feature, FeatureError, FeaturePlan
from mlplatform.market.resampling import resample
from mlplatform.testing.bars import drawn_bars, seeded_bars

FIVE = Timeframe("5m")
CLOSE = Feature("last", ("close",), 0, lambda c: c["close"], "close")


def plan(*features: Feature) -> FeaturePlan:
    return FeaturePlan.build("drawn", 1, features, tuple(BARS.names))


def one(name: str, column: str) -> Feature:
    return Feature(name, (column,), 0, lambda c: c[column].cast(pl.Float64), name)


def test_the_value_on_the_higher_bars_is_joined_when_they_are_over():
    bars = seeded_bars(12)
    rsi, atr = technical.rsi(14), volatility.atr(14)
    drawn = plan(*on_timeframe(rsi, 60, FIVE), *on_timeframe(atr, 15, FIVE))
    assert sorted(drawn.names) == ["atr14_15m", "rsi14_60m"]
    found = compute_features(drawn, bars)
    for feature, minutes in ((rsi, 60), (atr, 15)):
        hours = resample(bars.with_columns(segment=pl.lit(0)), minutes)
        alone = plan(feature)
        own = evaluate(alone, hours.with_columns(ts=pl.col("known_at")))[feature.name]
        for row in range(2500, bars.height, 97):
            over = (hours["known_at"] <= bars["ts"][row] + timedelta(minutes=5)).sum()
            assert found[f"{feature.name}_{minutes}m"][row] == own[over - 1]


def test_a_higher_bar_is_unknown_until_its_last_bar_is_over():
    bars = drawn_bars("2025-06-02 17:00", [float(p) for p in range(1, 30)])
    found = compute_features(plan(*on_timeframe(CLOSE, 15, FIVE)), bars)["last_15m"].to_list()
    assert found[:8] == [None, None, 3, 3, 3, 6, 6, 6]


def test_the_sessions_last_higher_bar_is_over_with_the_session():
    # 23 hours are five bars of four hours and one of three: it ends at 16:00, not 17:00.
    bars = drawn_bars("2025-06-02 17:00", [float(p) for p in range(1, 277)])
    found = compute_features(plan(*on_timeframe(CLOSE, 240, FIVE)), bars)["last_240m"]
    assert found[274:].to_list() == [240, 276]


def test_a_missing_bar_ends_no_higher_bar_early():
    bars = drawn_bars("2025-06-02 17:00", [float(p) for p in range(1, 30)])
    bars = bars.filter(~pl.col("close").is_in([3.0, 5.0]))
    found = compute_features(plan(*on_timeframe(CLOSE, 15, FIVE)), bars)["last_15m"].to_list()
    assert found[:6] == [None, None, 2, 6, 6, 6]  # 17:15 is the first bar after the end


def test_a_timeframe_is_resampled_once_and_a_shared_step_computed_once():
    calls = []

    def compute(columns):
        calls.append(len(columns["close"]))
        return columns["close"] * 2

    step = Feature("double", ("close",), 0, compute, "twice", is_step=True)
    parts = [
        FeaturePlan.build(
            "part", 1, (step, one("x", "double"), one(f"y{n}", "double")), HIGHER_COLUMNS
        )
        for n in (1, 2)
    ]
    first = on_timeframe(parts[0], 60, FIVE)
    second = [f for f in on_timeframe(parts[1], 60, FIVE) if f.name != "x_60m"]
    drawn = plan(*first, *second)
    assert [len(stage.steps) for stage in stages_of(drawn)] == [1]
    compute_features(drawn, drawn_bars("2025-06-02 17:00", [1.0] * 48))
    assert calls == [4]


def test_higher_bars_have_a_start_a_session_and_sides():
    bars = drawn_bars("2025-06-02 17:00", [float(p) for p in range(1, 60)])
    bars = bars.with_columns(ask_volume=pl.lit(2.0), bid_volume=pl.lit(None, pl.Float64))
    start = Feature("start", ("ts",), 0, lambda c: c["ts"].dt.epoch("s").cast(float), "start")
    rth = Feature("rth", ("session",), 0, lambda c: (c["session"] == "rth").cast(float), "rth")
    drawn = plan(
        *on_timeframe(start, 30, FIVE),
        *on_timeframe(rth, 30, FIVE),
        *on_timeframe(one("asks", "ask_volume"), 30, FIVE),
        *on_timeframe(one("bids", "bid_volume"), 30, FIVE),
        *on_timeframe(one("traded", "volume"), 30, FIVE),
    )
    last = compute_features(drawn, bars)[53].row(0, named=True)
    assert last["start_30m"] == (bars["ts"][48]).timestamp()
    assert (last["asks_30m"], last["bids_30m"], last["traded_30m"]) == (12.0, None, 600.0)
    assert last["rth_30m"] == 0


def test_a_sign_a_mirror_and_the_declared_past_go_with_it():
    upper = Feature("upper", ("high",), 3, lambda c: c["high"], "up", mirror="lower", version=4)
    lower = replace(
        upper, name="lower", inputs=("low",), compute=lambda c: c["low"], mirror="upper"
    )
    both = FeaturePlan.build("both", 1, (upper, lower), HIGHER_COLUMNS)
    features = on_timeframe(both, 60, FIVE)
    drawn = plan(*features)
    assert {f.name: f.mirror for f in features} == {
        "upper_60m": "lower_60m",
        "lower_60m": "upper_60m",
    }
    assert drawn.warmup_bars == (3 + 1) * 12
    (signed,) = on_timeframe(technical.rsi(14), 60, FIVE)
    assert signed.is_signed
    assert signed.params == {"span_bars": 14, "minutes": 60}


def test_the_fingerprint_knows_what_it_is_made_of():
    def made(source: Feature, minutes: int = 60) -> str:
        return plan(*on_timeframe(source, minutes, FIVE)).fingerprint

    rsi = technical.rsi(14)
    others = [
        made(replace(rsi, version=rsi.version + 1)),
        made(replace(rsi, lookback_bars=rsi.lookback_bars - 1)),
        made(technical.rsi(15)),
        made(rsi, 30),
        made(rsi),
    ]
    assert len(set(others)) == 5
    assert made(replace(rsi, about="said otherwise")) == made(rsi)


def test_a_timeframe_that_is_no_higher_one_and_a_column_that_higher_bars_lack_are_refused():
    for minutes in (5, 3, 7):
        with pytest.raises(FeatureError, match=f"{minutes} minutes are no higher timeframe of 5m"):
            on_timeframe(CLOSE, minutes, FIVE)
    with pytest.raises(FeatureError, match="feature x needs 'contract', which nobody gives"):
        on_timeframe(one("x", "contract"), 60, FIVE)
    whole = FeaturePlan.build("x", 1, (one("x", "contract"),), tuple(BARS.names))
    with pytest.raises(FeatureError, match="bars of 60 minutes have no column 'contract'"):
        on_timeframe(whole, 60, FIVE)


def test_two_features_of_one_name_on_one_timeframe_are_refused():
    steps = [replace(one("x", name), is_step=True) for name in ("open", "close")]
    parts = [
        FeaturePlan.build("part", 1, (step, one(f"y{n}", "x")), HIGHER_COLUMNS)
        for n, step in enumerate(steps)
    ]
    drawn = plan(*(f for part in parts for f in on_timeframe(part, 60, FIVE)))
    with pytest.raises(FeatureError, match="two features of one timeframe are called x"):
        compute_features(drawn, drawn_bars("2025-06-02 17:00", [1.0] * 24))


def test_higher_features_know_no_future():
    bars = seeded_bars(8)
    drawn = plan(
        *on_timeframe(technical.rsi(14), 60, FIVE),
        *on_timeframe(volatility.atr(14), 15, FIVE),
        higher.higher_trend(30, 5, FIVE),
    )
    cuts = [1500, 1507, 1511, 1512, 5 * 276 - 1, 5 * 276]
    assert find_leaks(drawn, bars, cuts, 300).is_empty()
