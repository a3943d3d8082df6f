"""How a plan becomes columns: together, freed in time, null where unknown; a day by itself."""

from dataclasses import replace

import polars as pl
import pytest

from mlplatform.domain.content import content_hash
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.tables import BARS
from mlplatform.features.arithmetic import Expression, Indicator
from mlplatform.features.catalog.quantities import ratio, ratio_or_null
from mlplatform.features.compute import (
    compute_features,
    features_of_day,
    features_of_period,
    warmup_sessions,
)
from mlplatform.features.evaluation import evaluate, stages_of, step_of
from mlplatform.features.graph import Feature, FeatureError, FeaturePlan
from mlplatform.features.sets import core_plan
from mlplatform.testing.bars import MES_5M, drawn_bars, seeded_bars

CLOSE = pl.col("close")
CORE = core_plan(MES_5M.timeframe)


def plan(*features: Feature) -> FeaturePlan:
    return FeaturePlan.build("drawn", 1, features, tuple(BARS.names))


def expressed(name: str, expr: pl.Expr, *inputs: str, lookback: int = 0, **more) -> Feature:
    return Feature(name, inputs or ("close",), lookback, Expression(expr), name, **more)


def named(name: str, function: str, *inputs: str, output: int | None = None, **params) -> Feature:
    return Feature(name, inputs, 99, Indicator(function, inputs, output, params), name)


CHAIN = (
    expressed("change", CLOSE.diff(), lookback=1, is_step=True),
    expressed("twice", 2 * pl.col("change"), "change"),
    expressed("thrice", 3 * pl.col("change"), "change"),
)


def test_each_node_is_computed_once_however_many_need_it():
    calls = []

    def compute(columns):
        calls.append(len(columns["close"]))
        return columns["close"] + 1

    root = Feature("root", ("close",), 0, compute, "root")
    many = [expressed(f"x{n}", n * pl.col("root"), "root") for n in range(5)]
    found = evaluate(plan(root, *many), drawn_bars("2025-06-02 17:00", [1, 2, 3]))
    assert calls == [3]
    assert found["x4"].to_list() == [8, 12, 16]


def test_expressions_of_a_level_are_one_step_and_outputs_of_one_indicator_one_call():
    drawn = plan(
        *CHAIN,
        expressed("level", CLOSE.rolling_mean(2), lookback=2),
        *(named(f"macd{n}", "MACD", "close", output=n) for n in range(3)),
        named("other", "MACD", "close", output=0, fastperiod=5),
        expressed("day", CLOSE.sum().over("session_date"), "close", "session_date"),
    )
    steps = [[sorted(f.name for f in s.features) for s in g.steps] for g in stages_of(drawn)]
    first = [["change", "level"], ["day"], ["macd0", "macd1", "macd2"], ["other"]]
    assert sorted(steps[0]) == first  # a window by itself: it runs beside the others
    assert steps[1:] == [[["thrice", "twice"]]]


def test_what_is_computed_together_is_what_each_gives_alone():
    bars = seeded_bars(3)
    found = compute_features(CORE, bars)
    known = {name: bars[name] for name in CORE.bar_columns}
    for feature in CORE.order:
        (known[feature.name],) = step_of([feature]).columns(known)
    for name in CORE.names:
        assert found[name].equals(known[name]), name


def test_many_rows_on_threads_are_the_same_bytes_as_few_on_none():
    bars = seeded_bars(80).with_columns(contract=pl.lit(""))
    assert bars.height > 20_000
    assert evaluate(CORE, bars)[:5000].equals(evaluate(CORE, bars[:5000]))


def test_a_step_on_the_way_is_no_column_and_is_freed():
    drawn = plan(*CHAIN)
    assert drawn.names == ["twice", "thrice"]
    assert drawn.order[0].name == "change"
    found = evaluate(drawn, drawn_bars("2025-06-02 17:00", [1, 2, 4]))
    assert found.columns == ["ts", "twice", "thrice"]
    assert found["thrice"].to_list() == [None, 3, 6]
    frees = [set(stage.frees) for stage in stages_of(drawn)]
    assert frees == [{"close"}, {"change"}]


def test_an_expression_sees_only_what_its_feature_declares():
    with pytest.raises(FeatureError, match="feature x reads 'open' without declaring it"):
        plan(expressed("x", CLOSE - pl.col("open")))
    with pytest.raises(FeatureError, match="feature x reads columns by a pattern"):
        plan(expressed("x", pl.all().exclude("open")))
    with pytest.raises(FeatureError, match="feature x looks back -1 bars"):
        plan(expressed("x", CLOSE, lookback=-1))


@pytest.mark.parametrize("many", [False, True])
def test_an_expression_of_another_length_is_told_by_its_name(many):
    others = [expressed("fine", CLOSE + 1)] if many else []
    bars = drawn_bars("2025-06-02 17:00", [1, 2, 3, 4])
    with pytest.raises(FeatureError, match="feature short"):
        evaluate(plan(*others, expressed("short", CLOSE.head(2))), bars)


def test_a_bar_column_that_is_missing_is_told_unless_few_sources_have_it():
    bars = drawn_bars("2025-06-02 17:00", [1, 2, 3])
    with pytest.raises(FeatureError, match="feature set drawn needs the bar column 'volume'"):
        evaluate(plan(expressed("x", pl.col("volume"), "volume")), bars.drop("volume"))
    sided = plan(expressed("x", pl.col("bid_volume") + 1, "bid_volume"))
    assert evaluate(sided, bars.drop("bid_volume"))["x"].to_list() == [None] * 3


def test_no_value_is_infinite_or_no_number():
    zero = expressed("zero", CLOSE / (CLOSE - CLOSE))
    bad = expressed("bad", (CLOSE - CLOSE) / (CLOSE - CLOSE))
    good = expressed("good", CLOSE)
    found = evaluate(plan(zero, bad, good), drawn_bars("2025-06-02 17:00", [1, 2]))
    assert found["zero"].to_list() == found["bad"].to_list() == [None, None]
    assert found["good"].to_list() == [1, 2]


def test_a_ratio_is_null_where_what_divides_is_not_above_zero():
    above = pl.Series("open", [1.0, -1.0, 0.0, 1.0, 0.0, 3.0, None, 2.0])
    below = pl.Series("close", [0.0, 0.0, 0.0, -2.0, -0.0, 2.0, 1.0, None])
    parts = pl.col("open"), pl.col("close")
    for expr in (ratio(*parts), ratio_or_null(*parts)):
        feature = Feature("share", ("open", "close"), 0, Expression(expr), "a share")
        (found,) = step_of([feature]).columns({"open": above, "close": below})
        assert found.to_list() == [None] * 5 + [1.5, None, None]


def test_a_lookback_longer_than_the_data_is_null_not_zero():
    bars = drawn_bars("2025-06-02 17:00", [float(p) for p in range(100, 110)])
    long = (
        expressed("mean", CLOSE.rolling_mean(11), lookback=11),
        expressed("change", CLOSE.diff(10), lookback=10),
        named("average", "SMA", "close", timeperiod=11),
        named("strength", "RSI", "close", timeperiod=14),
    )
    found = evaluate(plan(*long), bars)
    assert [found[f.name].null_count() for f in long] == [10] * 4


def test_an_indicator_of_an_unknown_column_is_unknown():
    bars = drawn_bars("2025-06-02 17:00", [1.0] * 40, volumes=None)
    drawn = plan(named("flow", "MFI", "high", "low", "close", "volume", timeperiod=14))
    assert evaluate(drawn, bars)["flow"].null_count() == 40
    late = bars.with_columns(volume=pl.when(pl.int_range(40) >= 20).then(5.0))
    assert evaluate(drawn, late)["flow"].is_not_null().arg_true().to_list() == list(range(34, 40))


@pytest.mark.parametrize("volumes", [None, 0.0])
def test_without_volume_what_needs_it_is_null_and_the_rest_is_as_ever(volumes):
    bars = seeded_bars(12)
    without = bars.with_columns(volume=pl.lit(volumes, pl.Float64))
    known, found = compute_features(CORE, bars), compute_features(CORE, without)
    needs = {"volume"}
    for feature in CORE.order:
        if needs & set(feature.inputs) and not feature.made_of:
            needs.add(feature.name)
    assert len(needs & set(CORE.names)) > 10
    for name in CORE.names:
        if name not in needs:
            assert found[name].equals(known[name]), name
        elif volumes is None:
            assert found[name].null_count() == bars.height, name
        assert found[name].drop_nulls().is_finite().all(), name


def test_a_price_that_stands_still_gives_nulls_or_numbers_and_nothing_between():
    bars = seeded_bars(12)
    still = bars.with_columns(pl.lit(5000.0).alias(n) for n in ("open", "high", "low", "close"))
    found = compute_features(CORE, still)
    for name in CORE.names:
        assert found[name].drop_nulls().is_finite().all(), name
    distances = [f.name for f in CORE.features if f.unit == "atr"]
    assert len(distances) > 20
    for name in distances:  # an ATR of zero measures nothing
        assert found[name].null_count() == bars.height, name


MONTHS = PeriodAxis(Cadence.MONTH, "2025-01")


def test_a_day_costs_its_period_and_gives_the_periods_own_bytes():
    bars = seeded_bars(60)
    month = features_of_period(CORE, MES_5M.timeframe, MONTHS, "2025-03", bars)
    days = bars.filter(pl.col("session_date") >= pl.date(2025, 3, 1))
    for day in days["session_date"].unique().sort()[[0, 9, -1]]:
        own = days.filter(pl.col("session_date") == day)
        found = features_of_day(CORE, MES_5M.timeframe, MONTHS, day, bars)
        assert content_hash(found) == content_hash(month.join(own, on="ts", how="semi"))
    sunday = pl.Series([days["session_date"][0]]).dt.offset_by("-1d")[0]
    none = features_of_day(CORE, MES_5M.timeframe, MONTHS, sunday, bars)
    assert none.is_empty()
    assert none.columns == month.columns


def test_the_anchor_is_the_warm_up_in_trading_days_before_the_period():
    bars = seeded_bars(40)
    first = bars["session_date"].unique().sort()
    start = first.search_sorted(MONTHS.start_of("2025-02"))
    probe = Feature("at", ("close",), 400, lambda c: c["close"].cum_count() * 1.0, "row")
    drawn = plan(probe)
    found = features_of_period(drawn, MES_5M.timeframe, MONTHS, "2025-02", bars)
    assert warmup_sessions(drawn, MES_5M.timeframe) == 3
    anchor = bars["session_date"].search_sorted(first[int(start) - 3])
    period = bars["session_date"].search_sorted(first[int(start)])
    assert found["at"][0] == period - anchor + 1


def test_the_bar_columns_of_a_plan_are_those_that_it_reads():
    assert plan(*CHAIN).bar_columns == ["close"]
    assert set(CORE.bar_columns) <= set(BARS.names)


MIRRORED = (
    expressed("upper", pl.col("high") - CLOSE, "high", "close", mirror="lower"),
    expressed("lower", CLOSE - pl.col("low"), "low", "close", mirror="upper"),
)


def test_mirrors_must_be_there_be_mutual_and_be_of_one_kind():
    upper, lower = MIRRORED
    assert plan(upper, lower).names == ["upper", "lower"]
    with pytest.raises(FeatureError, match="upper has the mirror 'lower', which nobody gives"):
        plan(upper)
    with pytest.raises(FeatureError, match="feature upper is no mirror of its mirror lower"):
        plan(upper, replace(lower, mirror=None))
    with pytest.raises(FeatureError, match="feature upper and its mirror lower differ"):
        plan(upper, replace(lower, is_signed=True))


def upside_down(bars: pl.DataFrame, price) -> pl.DataFrame:
    """The same market with another price for each: a falling function of it."""
    return bars.with_columns(
        open=price("open"),
        high=price("low"),
        low=price("high"),
        close=price("close"),
        bid_volume=pl.col("ask_volume"),
        ask_volume=pl.col("bid_volume"),
    )


SYMMETRIC = [f.name for f in CORE.features if f.is_signed or f.mirror]
GEOMETRIC = {"variance_balance20"} | {n for n in SYMMETRIC if n.startswith("return")}
"""Made of log prices: their mirror turns 100 and 110 about 100 into 100 and 90.91, not 90."""
WEIGHED = {"money_flow14": 0.05}
"""Money is price times volume: no mirror leaves it as it is. By so much of its size it differs."""
LEVEL = 6000.0


@pytest.fixture(scope="module")
def markets() -> dict[str, pl.DataFrame]:
    bars = seeded_bars(40).filter(pl.col("contract") == "MESH5")
    markets = {
        "original": bars,
        "arithmetic": upside_down(bars, lambda name: 2 * LEVEL - pl.col(name)),
        "geometric": upside_down(bars, lambda name: LEVEL**2 / pl.col(name)),
    }
    return {name: compute_features(CORE, market) for name, market in markets.items()}


@pytest.mark.parametrize("name", SYMMETRIC)
def test_in_a_mirrored_market_a_feature_is_its_mirror_image(name, markets):
    feature = {f.name: f for f in CORE.features}[name]
    expected = markets["original"][feature.mirror or name] * (-1 if feature.is_signed else 1)
    found = markets["geometric" if name in GEOMETRIC else "arithmetic"][name]
    assert found.is_null().equals(expected.is_null())
    assert found.is_not_null().any()
    difference = (found - expected).abs().max()
    assert difference <= WEIGHED.get(name, 1e-9) * expected.abs().mean()


def test_most_distances_and_directions_claim_a_symmetry():
    assert len(SYMMETRIC) > 60
    assert any(f.mirror and f.is_signed for f in CORE.features)
    assert any(f.mirror and not f.is_signed for f in CORE.features)
