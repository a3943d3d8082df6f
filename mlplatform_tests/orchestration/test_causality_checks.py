"""The blocking checks beside `features` and `candidates`: clear what is in use, stop what leaks."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from mlplatform.domain.errors import CheckStopped
from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.domain.tables import BARS
from mlplatform.features.compute import features_of_period
from mlplatform.features.graph import FeaturePlan
from mlplatform.orchestration.assets import research
from mlplatform.orchestration.checks.causality import judge_candidates, judge_features
from mlplatform.orchestration.instance import open_instance
from mlplatform.orchestration.planning.axis import Axis, Partition
from mlplatform.orchestration.planning.ledger import BLOCKED_TAG
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import Setup, find_candidates
from mlplatform.testing.bars import MES_5M, seeded_bars
from mlplatform.testing.tracking import MemoryTracker
from mlplatform_tests.conftest import Bench
from mlplatform_tests.laws.planted import PLANTED
from mlplatform_tests.laws.research import PLAN

AXIS = Axis(PeriodAxis(Cadence.MONTH, "2025-01"))
PARTITION = Partition("2025-02", "MES-5m")
BARS_HELD = seeded_bars(38)
"""January, and February up to the 25th."""


def judged_features(plan: FeaturePlan, partition: Partition = PARTITION, bars=BARS_HELD):
    axis = AXIS.periods
    found = features_of_period(plan, MES_5M.timeframe, axis, partition.period, bars)
    return judge_features(partition, AXIS, plan, bars, found)


def judged_candidates(setups: tuple[Setup, ...], change=lambda found: found):
    features = features_of_period(PLAN, MES_5M.timeframe, AXIS.periods, "2025-02", BARS_HELD)
    own = BARS_HELD.filter(pl.col("ts") >= features["ts"][0])
    found = change(find_candidates("MES-5m", setups, own, features, 300))
    return judge_candidates(PARTITION, AXIS, PLAN, setups, (BARS_HELD, features, found))


def told(judgement) -> dg.AssetCheckResult:
    (result,) = judgement.results()
    assert result.severity == dg.AssetCheckSeverity.ERROR
    return result


def test_the_core_set_passes_with_figures_and_a_plot():
    judgement = judged_features(PLAN)
    result = told(judgement)
    assert result.passed
    assert judgement.tags == {}
    figures = {name: value.value for name, value in result.metadata.items()}
    assert figures["columns"] == len(PLAN.features)
    assert figures["cuts"] == 2
    assert (
        figures["leaking_columns"] == figures["unjudged_warmups"] == figures["empty_columns"] == 0
    )
    assert str(figures["plot"]).startswith("![plot](data:image/png;base64,")
    slowest = result.metadata["warmup"].records[0].data
    assert 0 < slowest["taken_bars"] <= slowest["lookback_bars"]


@pytest.mark.parametrize("period", ["2025-01", "2025-02"])
@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_feature_is_stopped_and_named(name, period):
    plan = PLANTED[name].plan
    bars = BARS_HELD.filter(pl.col("session_date") < AXIS.periods.end_of(period))
    judgement = judged_features(plan, Partition(period, "MES-5m"), bars)
    result = told(judgement)
    assert not result.passed
    assert judgement.tags == {BLOCKED_TAG: "features_are_causal"}
    assert result.description is not None
    assert result.description.startswith("x is not causal")
    leak = result.metadata["leaks"].records[0].data
    assert leak["column"] == "x"
    assert str(leak["ts"]).endswith(" UTC")


def test_stored_features_that_are_not_what_the_bars_give_are_stopped():
    """The law is on what is stored: a value that came of other bars does not come again."""
    period, axis = PARTITION.period, AXIS.periods
    found = features_of_period(PLAN, MES_5M.timeframe, axis, period, BARS_HELD)
    wrong = found.with_columns(pl.col("rsi14") + 1e-12)
    result = told(judge_features(PARTITION, AXIS, PLAN, BARS_HELD, wrong))
    assert not result.passed
    assert {row.data["column"] for row in result.metadata["leaks"].records} == {"rsi14"}


def test_a_period_of_one_bar_passes_and_says_that_nothing_was_compared():
    first = BARS_HELD.filter(pl.col("session_date") >= AXIS.periods.start_of("2025-02"))["ts"][0]
    bars = BARS_HELD.filter(pl.col("ts") <= first)
    assert told(judged_features(PLAN, bars=bars)).passed
    alone = told(judged_features(PLAN, bars=bars.tail(1)))
    assert alone.passed
    assert alone.description == "Nothing could be compared: too few bars"


def test_the_setups_in_use_pass():
    judgement = judged_candidates(SETUPS)
    assert told(judgement).passed
    assert judgement.tags == {}
    assert judgement.compared_rows > 0, "the law was not kept by doing nothing"


PEEK = replace(
    SETUPS[0],
    name="peek",
    long=pl.col("close").shift(-1) > pl.col("close"),
    short=pl.col("close").shift(-1) < pl.col("close"),
)
TOP_OF_THE_DAY = replace(
    SETUPS[0],
    name="top_of_the_day",
    long=pl.lit(value=False),
    short=pl.col("high") == pl.col("high").max(),
)


@pytest.mark.parametrize("setup", [PEEK, TOP_OF_THE_DAY], ids=lambda setup: setup.name)
def test_a_setup_that_knows_the_future_is_stopped(setup):
    judgement = judged_candidates((*SETUPS, setup))
    result = told(judgement)
    assert not result.passed
    assert judgement.tags == {BLOCKED_TAG: "candidates_are_causal"}


def test_a_setup_on_a_feature_that_knows_the_future_is_stopped_end_to_end():
    """The features that are stored hide it: cut off, they are still what the future made them."""
    leaky = replace(PLANTED["next close"].features[0], name="tomorrow")
    plan = FeaturePlan.build("own", 1, (*PLAN.order, leaky), tuple(BARS.names))
    ahead = replace(
        SETUPS[0],
        name="ahead",
        long=pl.col("tomorrow") > pl.col("close"),
        short=pl.col("tomorrow") < pl.col("close"),
    )
    features = features_of_period(plan, MES_5M.timeframe, AXIS.periods, "2025-02", BARS_HELD)
    own = BARS_HELD.filter(pl.col("ts") >= features["ts"][0])
    found = find_candidates("MES-5m", (ahead,), own, features, 300)
    frames = (BARS_HELD, features, found)
    assert not told(judge_candidates(PARTITION, AXIS, plan, (ahead,), frames)).passed


def test_stored_candidates_that_the_features_do_not_give_are_stopped():
    assert not told(judged_candidates(SETUPS, lambda found: found[:0])).passed


def test_leaking_features_stop_the_chain_and_are_never_taken_for_good(
    tmp_path: Path, small_bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaky = replace(PLANTED["centred window"].features[0], name="centred")
    plan = FeaturePlan.build("leaky", 1, (*PLAN.order, leaky), tuple(BARS.names))
    bench = Bench(tmp_path / "home", MemoryTracker())
    with monkeypatch.context() as patched:
        patched.setattr(research, "core_plan", lambda timeframe: plan)
        with pytest.raises(CheckStopped, match=r"features_are_causal of features.*centred"):
            bench.run(small_bars)
    assert not (bench.root / "lake" / "candidates").exists()
    study = bench.open(small_bars)
    with open_instance(study.platform.home) as instance:
        tasks = study.platform.stamp.planner(instance, "MES-5m").tasks()
    again = {(t.asset, t.partition.period): t.reason for t in tasks}
    assert again["features", "2025-01"] == "check features_are_causal stopped it"


PEEKING = """\
from mlplatform.setups.sides import setup_of_both_sides
from mlplatform.strategies import Strategy

PEEK = setup_of_both_sides("peek", "it knows", lambda side: side.close.shift(-1) > side.close, {})
STRATEGY = Strategy(name="peeking", setups=(PEEK,))
"""


def test_leaking_candidates_of_a_users_strategy_stop_the_chain(
    tmp_path: Path, small_bars: Path
) -> None:
    bench, path = Bench(tmp_path / "home", MemoryTracker()), tmp_path / "peeking.py"
    path.write_text(PEEKING)
    with pytest.raises(CheckStopped, match=r"candidates_are_causal of candidates"):
        bench.run(small_bars, strategy=str(path))
    assert (bench.root / "lake" / "features" / "MES-5m" / "2025-01.parquet").exists()
    assert not (bench.root / "lake" / "labels").exists()
