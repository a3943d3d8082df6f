"""The policy: three models packed into bytes, that decide alike wherever they are loaded."""

import base64
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlplatform.decisions.policy import Policy, pack, policy_fingerprint, unpack
from mlplatform.domain.tables import DECISIONS
from mlplatform.models.errors import AlteredModel
from mlplatform.models.serial import from_bytes, to_bytes
from mlplatform.models.stop_rivals import RegimeStops
from mlplatform.models.stop_shape import RegimeMultiples, ShapeConfig
from mlplatform.testing.bars import seeded_bars
from mlplatform_tests.laws.research import PLAN, candidates_of, fitted, inputs_of


@pytest.fixture(scope="module")
def tested() -> tuple[pl.DataFrame, np.ndarray]:
    """Candidates that the policy has not seen, and their inputs."""
    bars = seeded_bars(40, seed=5, strength="strong")
    found = candidates_of(bars)
    return found, inputs_of(fitted().policy, bars, found).x


def test_a_policy_decides_each_candidate_by_its_three_models(tested):
    found, x = tested
    policy = fitted().policy
    decided = policy.decide(found, x)
    assert decided.schema == DECISIONS.schema
    assert decided["candidate_id"].equals(found["candidate_id"])
    stop, probability = policy.stop.predict(x), policy.entry.predict(x)
    atr = found["atr_points"].to_numpy()
    np.testing.assert_array_equal(decided["stop_points"], stop * atr)
    np.testing.assert_array_equal(decided["target_points"], 2.0 * atr)
    np.testing.assert_array_equal(decided["probability"], probability)
    assert policy.size is not None
    contracts = policy.size.contracts(probability, stop * atr, 5.0, 50_000.0)
    take = (probability >= policy.entry.threshold) & (contracts > 0)
    assert decided["take"].to_list() == take.tolist()
    assert decided["contracts"].to_list() == np.where(take, contracts, 0).tolist()
    assert 0.05 < take.mean() < 0.95
    assert policy.size.contracts(np.full(len(atr), 0.95), stop * atr, 5.0, 50_000.0).max() > 1
    assert set(decided["policy"]) == {"ml"}
    assert set(decided["threshold"]) == {policy.entry.threshold}
    assert set(decided["policy_fingerprint"]) == {policy.fingerprint}


def test_a_policy_comes_back_from_its_bytes_bit_for_bit(tested):
    found, x = tested
    held = fitted()
    loaded = unpack(held.payload)
    models = {role: to_bytes(getattr(loaded, role)) for role in ("stop", "entry", "size")}
    assert models | {"detector": loaded.detector.to_text().encode()} == held.models
    assert pack(held.models, held.terms) == held.payload
    assert pack(dict(reversed(held.models.items())), held.terms) == held.payload
    assert loaded.decide(found, x).equals(held.policy.decide(found, x))
    assert loaded.names == held.terms.names
    assert loaded.fingerprint == policy_fingerprint(held.payload) == held.policy.fingerprint


def test_one_candidate_is_decided_as_it_is_among_many(tested):
    found, x = tested
    policy = fitted().policy
    many = policy.decide(found, x)
    alone = pl.concat([policy.decide(found[i : i + 1], x[i : i + 1]) for i in range(12)])
    assert alone.equals(many.head(12))
    assert policy.decide(found[:0], x[:0]).schema == many.schema


def test_without_a_size_model_each_taken_candidate_is_one_contract(tested):
    found, x = tested
    held = fitted()
    models = {role: data for role, data in held.models.items() if role != "size"}
    decided = unpack(pack(models, held.terms)).decide(found, x)
    sure = decided["probability"] >= decided["threshold"]
    assert decided["take"].equals(sure.alias("take"))
    assert decided["contracts"].to_list() == sure.cast(pl.Int32).to_list()


def test_another_feature_plan_refuses_to_load():
    held = fitted()
    assert isinstance(unpack(held.payload, PLAN.fingerprint), Policy)
    with pytest.raises(AlteredModel, match=f"plan {PLAN.fingerprint}, but .* computes other"):
        unpack(held.payload, "other")


def test_every_part_of_a_policy_shows_in_its_fingerprint():
    held = fitted()
    changes = (
        {"feature_plan": "x"},
        {"names": held.terms.names[::-1]},
        {"multiplier_usd": 50.0},
        {"capital_usd": 1.0},
    )
    prints = {policy_fingerprint(pack(held.models, replace(held.terms, **c))) for c in changes}
    without = {role: held.models[role] for role in ("stop", "entry")}
    prints |= {held.policy.fingerprint, policy_fingerprint(pack(without, held.terms))}
    assert len(prints) == 6


def test_what_is_no_policy_is_refused():
    held = fitted()
    body = json.loads(held.payload)
    swapped = body["models"] | {"stop": body["models"]["entry"]}
    altered = bytearray(held.models["stop"])
    altered[len(altered) // 2] ^= 1
    broken = body["models"] | {"stop": base64.b64encode(bytes(altered)).decode()}
    wrong = [
        b"",
        b"[]",
        b"{}",
        b"null",
        held.payload[:-1],
        json.dumps({k: v for k, v in body.items() if k != "names"}).encode(),
        json.dumps(body | {"models": {"stop": 3}}).encode(),
        json.dumps(body | {"models": {"stop": "no base64"}}).encode(),
        json.dumps(body | {"models": {"stop": body["models"]["stop"]}}).encode(),
        json.dumps(body | {"models": swapped}).encode(),
        json.dumps(body | {"models": broken}).encode(),
    ]
    for payload in wrong:
        with pytest.raises(AlteredModel):
            unpack(payload)
    assert from_bytes(held.models["stop"]).stop_grid_atr


def test_inputs_in_another_order_are_refused():
    policy = fitted().policy
    policy.require(list(policy.names))
    with pytest.raises(AlteredModel, match="other inputs"):
        policy.require(list(reversed(policy.names)))


def shaped(policy, **shape):
    return replace(policy, stop=replace(policy.stop, shape=ShapeConfig(**shape)))


def varied(policy):
    """A stop model that the first input alone decides."""
    grid = policy.stop.stop_grid_atr
    multiples = RegimeMultiples((0.0,), (grid[0], grid[-1]), grid[2], 0.0, 0.0, used=True)
    return replace(policy, stop=replace(policy.stop, rival=RegimeStops(0, "first", multiples)))


def test_smoothed_stops_one_at_a_time_are_the_very_bits_of_many(tested):
    held, (found, x) = fitted(), tested
    x = x.copy()
    x[:, 0] = np.resize([-1.0, 1.0, 1.0], len(x))
    policy = shaped(varied(held.policy), smooth_weight=0.4, smooth_us=10**15)
    many, last = policy.decide_next(found, x)
    before, alone = None, []
    for i in range(len(x)):
        one, before = policy.decide_next(found[i : i + 1], x[i : i + 1], before)
        alone.append(one)
    assert pl.concat(alone).equals(many)
    assert before == last
    raw = varied(held.policy).decide(found, x)
    assert not raw["stop_points"].equals(many["stop_points"])
    halves = [policy.decide_next(found[:9], x[:9])]
    halves.append(policy.decide_next(found[9:], x[9:], halves[0][1]))
    assert pl.concat([half for half, _ in halves]).equals(many)
    assert policy.decide_next(found[:0], x[:0], last)[1] == last


def test_bounds_in_ticks_hold_whatever_the_model_says_and_size_knows_them(tested):
    held, (found, x) = fitted(), tested
    policy = shaped(held.policy, min_ticks=20.0, max_ticks=24.0)
    decided = policy.decide(found, x)
    assert decided["stop_points"].min() >= 5.0 - 1e-9
    assert decided["stop_points"].max() <= 6.0 + 1e-9
    wide = replace(policy, tick_points=0.5).decide(found, x)
    assert wide["stop_points"].min() >= 10.0 - 1e-9
    plan = policy.plan(x, found["atr_points"].to_numpy())
    np.testing.assert_array_equal(plan.model_stop_atr, held.policy.stop.predict(x))
    assert policy.size is not None
    atr = found["atr_points"].to_numpy()
    sized = policy.size.contracts(plan.probability, plan.stop_atr * atr, 5.0, 50_000.0, atr)
    np.testing.assert_array_equal(plan.contracts, sized)
