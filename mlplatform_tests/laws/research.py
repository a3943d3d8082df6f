"""The research chain from bars to decisions, as one function, and one small policy."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import polars as pl

from mlplatform.decisions.detection import scores_of
from mlplatform.decisions.policy import Policy, PolicyTerms, pack, unpack
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.labels.outcomes import LabelRules, label_candidates
from mlplatform.models.neural.detector import Detector
from mlplatform.models.serial import to_bytes
from mlplatform.models.tuning import Tuner
from mlplatform.setups.inputs import ModelInputs, model_inputs_of, with_score
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates
from mlplatform.studies.fitting import (
    FitSettings,
    entry_of,
    size_of,
    stop_of,
    stops_to_learn_under,
)
from mlplatform.studies.training import TrainingSet, training_set
from mlplatform.testing.bars import MES_5M, seeded_bars
from mlplatform_tests.models.neural.planted import untrained_detector_text

PLAN = core_plan(MES_5M.timeframe)
SETUP_NAMES = tuple(setup.name for setup in SETUPS)
CAPITAL_USD = 50_000.0
EMBARGO = timedelta(minutes=30)
TRAINING_SESSIONS = 200


def candidates_of(bars: pl.DataFrame) -> pl.DataFrame:
    """All setups' candidates of the bars."""
    features = compute_features(PLAN, bars)
    return find_candidates(MES_5M.name, SETUPS, bars, features, MES_5M.timeframe.seconds)


def inputs_of(policy: Policy, bars: pl.DataFrame, found: pl.DataFrame) -> ModelInputs:
    """What a policy sees of candidates of the bars."""
    inputs = model_inputs_of(found, compute_features(PLAN, bars), model_inputs(PLAN), SETUP_NAMES)
    return with_score(inputs, found, scores_of(policy.detector, bars, found))


def decisions_of(policy: Policy, bars: pl.DataFrame) -> pl.DataFrame:
    """What a policy does with the candidates of the bars."""
    features = compute_features(PLAN, bars)
    found = find_candidates(MES_5M.name, SETUPS, bars, features, MES_5M.timeframe.seconds)
    inputs = model_inputs_of(found, features, model_inputs(PLAN), SETUP_NAMES)
    return policy.decide(
        found, with_score(inputs, found, scores_of(policy.detector, bars, found)).x
    )


@dataclass(frozen=True, eq=False)
class Fitted:
    """A policy, its bytes, and what it was fitted on."""

    policy: Policy
    payload: bytes
    terms: PolicyTerms
    models: dict[str, bytes]
    train: TrainingSet


@lru_cache(maxsize=1)
def fitted() -> Fitted:
    """Stop, entry and size fitted on a seeded market, one trial each; the detector has random
    weights: what it must not know does not depend on what it learned.
    """
    bars = seeded_bars(TRAINING_SESSIONS, strength="strong")
    features, found = compute_features(PLAN, bars), candidates_of(bars)
    labels = label_candidates(MES_5M, LabelRules(), bars, found)
    inputs = (model_inputs(PLAN), SETUP_NAMES)
    seen = Detector.from_text(untrained_detector_text(2, SETUP_NAMES))
    scores = scores_of(seen, bars, found)
    train = training_set(features, found, labels, inputs, bars["ts"][-1], EMBARGO, scores)
    settings = FitSettings(
        int(EMBARGO.total_seconds() * 1e6), 10, MES_5M.instrument.multiplier_usd, CAPITAL_USD
    )
    stop_tuner, entry_tuner, size_tuner = (
        Tuner((7, role), 1) for role in ("stop", "entry", "size")
    )
    stop = stop_of(train, settings, stop_tuner)
    stops = stops_to_learn_under(train, stop, settings, stop_tuner)
    entry = entry_of(train, stops, settings, entry_tuner)
    said = entry.slice_probability
    size = size_of(train, stops, said, entry.model, settings, size_tuner)
    models = {"stop": to_bytes(stop), "entry": to_bytes(entry.model), "size": to_bytes(size)}
    models["detector"] = seen.to_text().encode()
    terms = PolicyTerms(
        PLAN.fingerprint, tuple(train.names), settings.multiplier_usd, settings.capital_usd
    )
    payload = pack(models, terms)
    return Fitted(unpack(payload, PLAN.fingerprint), payload, terms, models, train)
