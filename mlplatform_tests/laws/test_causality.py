"""Laws 1 and 2: no bar after t changes what was knowable at t; and who breaks the law is caught.

The planted violations are the classic ones; each must be caught by the very function that clears
the features, candidates and decisions in use.
"""

from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlplatform.decisions.detection import scores_of
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS, RAW_BARS
from mlplatform.features.causality import LEAKS, MISSING_ROW, find_leaks, find_leaks_in, poison
from mlplatform.features.compute import compute_features
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.features.proof import Effort, Subject, prove
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.features.warmup import lookbacks_of
from mlplatform.market.validation import validate
from mlplatform.setups.inputs import model_inputs_of, with_score
from mlplatform.testing.bars import seeded_bars

from .planted import CLOSE, PLANTED, expression
from .research import PLAN, SETUP_NAMES, candidates_of, decisions_of, fitted

MES_1M = Path(__file__).parents[3] / "shared" / "data" / "mes_1m.parquet"


def cuts(bars: pl.DataFrame, count: int, seed: int) -> list[int]:
    """Random cuts in the second half: some inside regular hours, some at hours and session ends."""
    rng = np.random.default_rng(seed)
    anywhere = rng.integers(bars.height // 2, bars.height - 1, count).tolist()
    ends = np.flatnonzero(np.diff(bars["session_date"].to_physical().to_numpy()))
    return [*anywhere, int(ends[len(ends) * 3 // 4]), bars.height - 1]


def plan_of(*features: Feature) -> FeaturePlan:
    return FeaturePlan.build("planted", 1, features, tuple(BARS.names))


def from_expression(expr: pl.Expr) -> FeaturePlan:
    return plan_of(expression(expr))


def proof_of(plan: FeaturePlan, bars: pl.DataFrame, key: str, effort: Effort | None = None):
    compute = partial(compute_features, plan)
    subject = Subject(compute, bars, compute(bars), 1000, lookbacks=lookbacks_of(plan))
    return prove(subject, key, effort or Effort())


def test_no_feature_candidate_or_decision_knows_the_future():
    bars = seeded_bars(60, seed=3, strength="strong")  # 49 sessions of one contract, then the next
    at = cuts(bars, 4, 1)
    assert find_leaks(PLAN, bars, at, 600).is_empty()
    assert find_leaks_in(candidates_of, bars, at, 3000, ("ts", "setup")).is_empty()
    decide = partial(decisions_of, fitted().policy)
    assert find_leaks_in(decide, bars, at[:3], 3000, ("ts", "setup")).is_empty()
    judged = decide(bars).filter(pl.col("ts") <= bars["ts"][at[0]])
    assert judged["take"].n_unique() == 2  # the law was not kept by doing nothing


def test_features_of_real_bars_do_not_know_the_future():
    if not MES_1M.is_file():
        pytest.skip("real MES bars are not at hand")
    raw = pl.scan_parquet(MES_1M).slice(80_000, 9_000).collect().rename({"symbol": "contract"})
    raw = raw.with_columns(pl.col("volume").cast(pl.Float64)).with_row_index("row")
    bars = validate(raw.with_columns(pl.col("row").cast(pl.Int64))).bars
    assert bars["contract"].n_unique() == 2
    assert find_leaks(core_plan(Timeframe("1m")), bars, cuts(bars, 3, 2), 400).is_empty()


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_leak_is_caught_by_each_proof_that_applies(name):
    planted = PLANTED[name]
    for key in ("2025-01|MES-5m", "2025-02|MES-5m", "another"):
        proof = proof_of(planted.plan, seeded_bars(12), key, Effort(8))
        assert not proof.is_causal
        assert set(proof.worst["column"]) == {"x"}
        assert set(proof.leaks["proof"]) >= planted.caught_by
        assert (proof.leaks["size"] > 0).all()
        assert proof.leaks.schema == LEAKS
        # Where no bar to come is read, the proofs that look for it are silent.
        if planted.caught_by == {"warm-up"}:
            assert set(proof.leaks["proof"]) == {"warm-up"}


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_two_cuts_of_an_asset_check_are_enough_for_each_planted_leak(name):
    keys = [f"2025-{month:02d}|MES-5m" for month in range(1, 7)]
    assert not any(proof_of(PLANTED[name].plan, seeded_bars(12), key).is_causal for key in keys)


def test_honest_neighbours_of_the_planted_leaks_pass():
    honest = {
        "trailing window": expression(CLOSE.rolling_mean(11), 10),
        "close before": expression(CLOSE.shift(1), 1),
        "maximum of the day so far": expression(pl.col("high").cum_max().over("session_date")),
        "swing when it is known": expression(
            pl.when(pl.col("high") == pl.col("high").rolling_max(5)).then(1.0), 4
        ),
        "long memory, declared": expression(CLOSE.ewm_mean(span=50), 700),
    }
    for name, feature in honest.items():
        proof = proof_of(plan_of(feature), seeded_bars(12), name, Effort(6))
        assert proof.is_causal, name
        assert proof.cuts


def test_a_leak_is_told_by_its_row_and_size_once():
    bars = seeded_bars(2)
    leaks = find_leaks(PLANTED["next close"].plan, bars, [100, 300], 50)
    # Only the last bar before each cut looks beyond it: gone in the prefix, changed by poison.
    assert leaks["proof"].to_list() == ["poison", "prefix"] * 2
    assert leaks["ts"].to_list() == [bars["ts"][100]] * 2 + [bars["ts"][300]] * 2
    gone = leaks.filter(proof="prefix")["size"].to_list()
    assert gone == [float("inf")] * 2
    assert leaks.filter(proof="poison")["size"].is_finite().all()
    scaled = find_leaks(from_expression(CLOSE - CLOSE.max()), bars, [300], 4)
    assert scaled.height == 8
    assert scaled["ts"].n_unique() == 4
    assert scaled["size"].is_finite().all()


def test_only_the_rows_asked_for_are_judged():
    bars = seeded_bars(2)
    plan = from_expression(CLOSE - CLOSE.mean())
    seven = find_leaks(plan, bars, [200], 7).filter(proof="prefix")
    assert seven["ts"].to_list() == bars["ts"][194:201].to_list()
    four = find_leaks(plan, bars, [3], 100).filter(proof="poison")
    assert four["ts"].to_list() == bars["ts"][:4].to_list()


def test_poison_alone_catches_what_a_prefix_cannot():
    # It knows tomorrow's direction only where tomorrow is there at all: null without a future.
    ahead = CLOSE.shift(-1).fill_null(CLOSE)
    honest = from_expression(pl.when(ahead > CLOSE + 1e9).then(1.0).otherwise(0.0))
    leaking = from_expression(pl.when(ahead > 1.3 * CLOSE).then(1.0).otherwise(0.0))
    bars = seeded_bars(2)
    at = list(range(100, 200, 5))
    assert find_leaks(honest, bars, at, 3).is_empty()
    assert not find_leaks(leaking, bars, at, 3).is_empty()


def test_a_leak_behind_an_honest_feature_is_told_with_all_columns_it_reaches():
    honest = Feature("honest", ("close",), 1, lambda c: c["close"].diff(), "an honest change")
    leaky = Feature("leaky", ("close",), 1, lambda c: c["close"].shift(-1), "a leak")
    behind = Feature("behind", ("leaky", "honest"), 0, lambda c: c["leaky"] * 2, "behind it")
    leaks = find_leaks(plan_of(honest, leaky, behind), seeded_bars(2), [200], 20)
    assert set(leaks["column"]) == {"leaky", "behind"}


def test_a_candidate_that_only_the_future_makes_is_caught():
    def best_of_the_day(bars: pl.DataFrame) -> pl.DataFrame:
        top = pl.col("high") == pl.col("high").max().over("session_date")
        return bars.filter(top).select("ts", setup=pl.lit("top"))

    leaks = find_leaks_in(best_of_the_day, seeded_bars(5), [1000, 1100, 1200], 300, ("ts", "setup"))
    assert set(leaks["column"]) == {MISSING_ROW}
    assert set(leaks["size"]) == {float("inf")}


def test_a_changed_word_or_flag_is_caught():
    def worded(bars: pl.DataFrame) -> pl.DataFrame:
        rising = pl.col("close").last() > pl.col("close")
        word = pl.when(rising).then(pl.lit("up")).otherwise(pl.lit("down"))
        return bars.select("ts", flag=rising, word=word)

    leaks = find_leaks_in(worded, seeded_bars(2), [200, 250], 50)
    assert set(leaks["column"]) == {"flag", "word"}


def test_decisions_on_inputs_that_were_scaled_over_everything_are_caught():
    """A scaler fitted on everything: honest features, honest policy, leaking decisions."""
    policy = fitted().policy

    def decide(bars: pl.DataFrame) -> pl.DataFrame:
        found = candidates_of(bars)
        features = compute_features(PLAN, bars)
        scaled = features.with_columns(
            (pl.col(name) - pl.col(name).mean()) / pl.col(name).std() for name in PLAN.names
        )
        inputs = model_inputs_of(found, scaled, model_inputs(PLAN), SETUP_NAMES)
        scores = scores_of(policy.detector, bars, found)
        return policy.decide(found, with_score(inputs, found, scores).x)

    bars = seeded_bars(20, seed=3, strength="strong")
    leaks = find_leaks_in(decide, bars, [3000, 4000], 3000, ("ts", "setup"))
    assert "probability" in set(leaks["column"])


def test_bars_between_the_bars_leak_and_are_refused_at_the_door():
    """At the end of a bar of 55, the hour is over; one that starts at 56 still runs."""
    bars = seeded_bars(20)
    between = bars.filter(pl.col("minute_of_session") % 60 == 55).with_columns(
        pl.col("ts") + pl.duration(minutes=1), pl.col("close", "high") + 20.0
    )
    mixed = pl.concat([bars, between]).sort("ts")
    late = mixed.with_row_index("at").filter(pl.col("minute_of_session") % 60 == 55)["at"]
    leaks = find_leaks(PLAN, mixed, late.to_list()[-40:-20:4], 1)
    assert set(leaks["column"]) == {"trend_60m_atr"}
    checked = validate(mixed.select(RAW_BARS.names), Timeframe("5m"))
    assert checked.quarantined["ts"].equals(between["ts"])


def test_a_cut_outside_of_the_bars_is_refused():
    bars = seeded_bars(1)
    for cut in (-1, bars.height):
        with pytest.raises(IndexError, match="is not one of the 276 bars"):
            find_leaks(PLAN, bars, [cut], 5)


def test_poisoned_bars_are_valid_bars_and_nothing_like_what_came():
    bars = seeded_bars(3)
    other = poison(bars, 1)
    assert validate(other.select(RAW_BARS.names)).quarantined.is_empty()
    assert 0.8 * bars.height < other.height < bars.height
    both = bars.join(other, on="ts", suffix="_other")
    for name in ("open", "high", "low", "close", "volume"):
        assert (both[name] != both[f"{name}_other"]).mean() > 0.99
    for name in ("contract", "session_date", "session_end", "minute_of_session"):
        assert (both[name] == both[f"{name}_other"]).all()
    assert poison(bars, 1).equals(other)
    assert not poison(bars, 2).equals(other)
    unknown = bars.with_columns(volume=pl.lit(None, pl.Float64))
    assert poison(unknown, 1)["volume"].null_count() == poison(unknown, 1).height
