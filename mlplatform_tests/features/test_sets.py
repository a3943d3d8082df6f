"""The core set: complete, of unique plain names, the same for every timeframe."""

import re

import pytest

from mlplatform.domain.series import Timeframe
from mlplatform.features.sets import core_plan, model_inputs

FRAMES = [Timeframe(name) for name in ("15s", "1m", "5m", "30m")]
CORE = core_plan(Timeframe("5m"))


def test_the_core_set_has_120_columns_or_more():
    assert len(CORE.names) >= 120
    assert len(model_inputs(CORE)) >= 100


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_its_columns_are_the_same_for_every_timeframe(frame):
    assert set(core_plan(frame).names) == set(CORE.names)
    assert core_plan(frame) is core_plan(Timeframe(frame.name))


def test_models_see_no_price_level_and_no_step():
    inputs = model_inputs(CORE)
    assert all(feature.unit != "points" for feature in inputs)
    assert not any(feature.is_step for feature in inputs)
    left_out = [feature for feature in CORE.features if feature not in inputs]
    assert all(feature.unit == "points" for feature in left_out)


def test_what_models_see_has_its_mirror_image_among_what_they_see():
    seen = {feature.name for feature in model_inputs(CORE)}
    assert all(feature.mirror is None or feature.mirror in seen for feature in model_inputs(CORE))


@pytest.mark.parametrize("feature", CORE.order, ids=lambda feature: feature.name)
def test_each_feature_says_what_it_is_in_plain_words(feature):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.name)
    assert len(feature.about) > 2
    assert feature.unit
    assert len(set(feature.inputs)) == len(feature.inputs) > 0
