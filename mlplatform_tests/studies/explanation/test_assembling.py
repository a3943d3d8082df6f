"""The chain holds what the frames say, and says why a link is missing."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from mlplatform.decisions.plans import TARGET_ATR
from mlplatform.domain.tables import BACKTEST, FILLS, MODELS, POLICIES
from mlplatform.models.contributions import entry_contributions, stop_contributions
from mlplatform.setups.inputs import ModelInputs
from mlplatform.studies.explanation.assembling import Evidence, explain_candidate
from mlplatform.testing.bars import MES_5M, seeded_bars
from mlplatform_tests.laws.research import PLAN, candidates_of, fitted, inputs_of

NO_OUTCOMES = pl.DataFrame(
    schema={"candidate_id": pl.String, "outcome": pl.String, "policy": pl.String}
)
NO_FILLS = FILLS.empty().with_columns(policy=pl.lit(None, pl.String))


@pytest.fixture(scope="module")
def held() -> Evidence:
    """One candidate of a small market, and the policy of the law tests."""
    bars = seeded_bars(30).with_columns(source=pl.lit("abc"), row=pl.int_range(pl.len()) + 5)
    candidate, policy = candidates_of(bars)[-1:], fitted().policy
    inputs = inputs_of(policy, bars, candidate)
    trained = {"train_from": candidate["ts"], "train_to": candidate["ts"], "train_rows": [9]}
    trained |= {"period": ["p"], "purged_rows": [1], "trials_run": [2]}
    terms = {"fingerprint": [policy.fingerprint], "recipe": ["r"], "fallback": ["told"]}
    models = {"role": ["entry"], "fingerprint": ["f"], "fallback": [None], "metrics": ["{}"]}
    return Evidence(
        series=MES_5M.name,
        bars=bars,
        candidate=candidate,
        decisions=policy.decide(candidate, inputs.x),
        trades=BACKTEST.empty(),
        fills=NO_FILLS,
        outcomes=NO_OUTCOMES,
        models=MODELS.frame(models | trained | {"payload": [None]}),
        policy=POLICIES.frame(
            trained
            | terms
            | {"feature_plan": ["x"], "version": ["3"], "payload": [fitted().payload]}
        ),
        versions={"entry": "2", "policy": "3"},
        origin=None,
        inputs=inputs,
        feature_plan=PLAN.fingerprint,
    )


def explained(held: Evidence):
    known = held.candidate if held.candidate.height else held.decisions
    return explain_candidate(known["candidate_id"][0], held)


def test_inputs_come_with_their_values_and_contributions_in_column_order(held):
    reading = explained(held).reading
    assert [item.name for item in reading.inputs] == held.inputs.names
    values = [np.nan if item.value is None else item.value for item in reading.inputs]
    np.testing.assert_array_equal(values, held.inputs.x[0])
    expected = entry_contributions(fitted().policy.entry, held.inputs.x)
    added = [item.entry_log_odds for item in reading.inputs]
    np.testing.assert_array_equal(added, expected.values[0])
    stop = stop_contributions(fitted().policy.stop, held.inputs.x).advantage
    np.testing.assert_array_equal([item.stop_atr for item in reading.inputs], stop.values[0])
    assert reading.stop_advantage_atr == stop.raw[0]
    assert reading.entry_raw_log_odds == pytest.approx(reading.entry_base_log_odds + sum(added))


def test_the_reading_is_what_the_policy_decides(held):
    found = explained(held)
    (action,) = found.actions
    assert found.reading.probability == action.decision["probability"]
    stop = action.decision["stop_points"]
    assert found.reading.stop_atr * held.candidate["atr_points"][0] == stop
    assert action.decision["target_points"] == TARGET_ATR * held.candidate["atr_points"][0]
    assert found.reading.contracts == action.decision["contracts"]


def test_the_bar_is_that_of_the_signal_and_links_carry_their_versions(held):
    found = explained(held)
    assert found.bar["ts"] == found.candidate["ts"]
    assert [(m.role, m.version, m.fallback) for m in found.models] == [
        ("entry", "2", None),
        ("policy", "3", "told"),
    ]


def test_a_fill_carries_the_raw_row_of_its_own_bar(held):
    bar = held.bars.row(11, named=True)
    filled = FILLS.frame(
        {
            "candidate_id": ["c"],
            "ts": [bar["ts"]],
            "bar": [11],
            "side": [1],
            "contracts": [1],
            "price": [bar["open"]],
            "commission_usd": [0.62],
            "reason": ["entry"],
        }
    )
    fills = pl.concat(filled.with_columns(policy=pl.lit(name)) for name in ("ml", "baseline"))
    (fill,) = explained(replace(held, fills=fills)).actions[0].fills
    assert fill["policy"] == "ml"
    assert (fill["source"], fill["row"]) == ("abc", bar["row"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"policy": POLICIES.empty()}, "before the first window"),
        ({"inputs": None}, "drawn at random"),
        ({"feature_plan": "another"}, "feature plan"),
        ({"inputs": ModelInputs(np.zeros((1, 0)), [])}, "trained on other inputs"),
    ],
)
def test_where_no_model_reads_it_the_chain_says_why(held, change, why):
    found = explained(replace(held, **change))
    assert found.reading is None
    assert why in found.unread
    assert found.actions


def test_a_window_without_models_and_one_altered_on_disk_are_told(held):
    none = held.policy.with_columns(payload=pl.lit(None, pl.Binary), fallback=pl.lit("no winners"))
    assert "no winners" in explained(replace(held, policy=none)).unread
    altered = fitted().payload.replace(b'"multiplier_usd": 5.0', b'"multiplier_usd": "')
    broken = held.policy.with_columns(payload=pl.lit(altered))
    assert "not one that this platform wrote" in explained(replace(held, policy=broken)).unread


def test_a_candidate_that_a_policy_drew_itself_is_known_by_its_decision(held):
    found = explained(replace(held, candidate=held.candidate.clear(), inputs=None))
    assert found.candidate["setup"] == held.decisions["setup"][0]
    none = replace(held, candidate=held.candidate.clear(), decisions=held.decisions.clear())
    with pytest.raises(ValueError, match="neither a candidate nor a decision"):
        explain_candidate("x", none)


def test_a_signal_without_its_bar_is_a_defect(held):
    late = held.bars.with_columns(pl.col("ts") + timedelta(days=4000))
    with pytest.raises(ValueError, match="0 bars"):
        explained(replace(held, bars=late))
