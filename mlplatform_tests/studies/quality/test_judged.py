"""What the engine makes of judged candidates is what labels say of them."""

import numpy as np
import polars as pl
import pytest

from mlplatform.decisions.baseline import baseline_decisions
from mlplatform.decisions.plans import Plan, decisions_of
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.labels.outcomes import LabelRules, at_traded_target, label_candidates
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates
from mlplatform.studies.quality.judged import Comparator, judged_candidates
from mlplatform.testing.bars import MES_5M, seeded_bars

GRID = LabelRules().stop_grid_atr


@pytest.fixture(scope="module")
def market():
    bars = seeded_bars(40, seed=3, strength="strong")
    features = compute_features(core_plan(MES_5M.timeframe), bars)
    found = find_candidates(MES_5M.name, SETUPS, bars, features, 300)
    labels = label_candidates(MES_5M, LabelRules(), bars, found)
    return bars, found, at_traded_target(labels)


def judged_by(found, seed=1, period="2025-01"):
    """Decisions with stops of the grid; three in four are refused, all are judged."""
    rng, n = np.random.default_rng(seed), found.height
    stops, take = rng.choice(GRID, n), rng.random(n) < 0.25
    plan = Plan(take, rng.integers(1, 4, n), stops, rng.random(n), 0.5)
    return decisions_of("ml", "f", found, plan, period), stops


def test_each_candidate_has_the_results_of_its_labels_under_its_stop_and_the_constant(market):
    bars, found, labels = market
    decisions, stops = judged_by(found)
    judged = judged_candidates(MES_5M, bars, decisions, {"2025-01": Comparator(0.4, 2.0)})
    assert judged.height == found.height
    assert judged["base_rate"].unique().to_list() == [0.4]
    chosen = pl.DataFrame({"candidate_id": found["candidate_id"], "stop": stops})
    own = labels.join(chosen, on="candidate_id").filter(pl.col("stop_atr") == pl.col("stop"))
    both = judged.join(own, on="candidate_id", suffix="_label", maintain_order="left")
    both = both.join(
        labels.filter(stop_atr=2.0).select("candidate_id", plain="r"),
        on="candidate_id",
    )
    assert both.height == found.height
    assert both["is_win"].equals(both["is_win_label"])
    assert 0 < both["is_win"].null_count() < both.height / 2
    for name, said in (("constant_net_r", "plain"), ("net_r", "r")):
        assert both[name].is_null().equals(both[said].is_null())
        known = both.drop_nulls(name)
        np.testing.assert_allclose(known[name], known[said], atol=1e-9)
    np.testing.assert_allclose(both["stop_atr"], both["stop"], atol=1e-12)


def test_only_windows_with_models_and_the_policy_itself_are_judged(market):
    bars, found, _ = market
    half = found.height // 2
    first, _ = judged_by(found[:half], period="2025-01")
    second, _ = judged_by(found[half:], period="2025-02")
    unjudged = baseline_decisions(found[:half], "ml")
    third = pl.concat(unjudged.with_columns(period=pl.lit(p)) for p in ("2025-01", "2025-02"))
    rival = second.with_columns(policy=pl.lit("strategy"))
    decisions = pl.concat([first, second, baseline_decisions(found), third, rival])
    judged = judged_candidates(MES_5M, bars, decisions, {"2025-02": Comparator(0.3, 1.5)})
    assert judged["period"].unique().to_list() == ["2025-02"]
    assert sorted(judged["candidate_id"]) == sorted(second["candidate_id"])
    none = judged_candidates(MES_5M, bars, decisions, {})
    assert none.is_empty()
    assert none.schema == judged.schema


def test_a_decision_without_its_bar_is_a_defect(market):
    bars, found, _ = market
    decisions, _ = judged_by(found)
    with pytest.raises(ValueError, match="has no bar"):
        judged_candidates(MES_5M, bars[:2000], decisions, {"2025-01": Comparator(0.4, 2.0)})
