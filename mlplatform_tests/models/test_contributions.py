"""Contributions add up to the raw score, and name the feature that moves it."""

from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models.arrays import Rows
from mlplatform.models.blend import Blend
from mlplatform.models.boosting import FAMILIES, SPACE, Budget
from mlplatform.models.contributions import (
    Contributions,
    blend_contributions,
    entry_contributions,
    member_contributions,
    sampled_contributions,
    stop_contributions,
)
from mlplatform.models.entry import fit_entry
from mlplatform.models.stop import fit_stop

from .planted import ENTRY, GRID_ATR, STOP, entry_rows, features, stop_rows, tuner


@pytest.fixture(scope="module")
def entry():
    return fit_entry(entry_rows(1, effect=1.5), ENTRY, tuner("entry")).model


@pytest.fixture(scope="module")
def stop():
    return fit_stop(stop_rows(1, effect=0.4), STOP, tuner("stop"))


def fitted(family: str, kind: str):
    rng = np.random.default_rng(3)
    x = features(rng, 400)
    y = np.nan_to_num(x[:, 2]) + 0.1 * rng.normal(size=400)
    rows = Rows(x, (y > 0).astype(float) if kind == "binary" else y)
    return FAMILIES[family].fit(kind, rows, None, SPACE.first, 7, Budget(30)), x


def log_odds(p):
    return np.log(p) - np.log1p(-p)


class Unknown:
    """A family that has no contributions of its own."""

    family, rounds = "linear", 1

    def predict(self, x):
        seen = np.nan_to_num(x)
        return 1 / (1 + np.exp(-(0.3 + 2 * seen[:, 0] + seen[:, 1] * seen[:, 2])))

    def to_text(self):
        return ""


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_base_and_contributions_add_up_to_each_familys_raw_score(family, kind):
    booster, x = fitted(family, kind)
    found = member_contributions(booster, x, kind)
    score = booster.predict(x)
    raw = log_odds(score) if kind == "binary" else score
    assert found.values.shape == x.shape
    np.testing.assert_allclose(found.raw, raw, atol=2e-5)
    assert np.ptp(found.base) == 0
    assert np.abs(found.values).mean(axis=0).argmax() == 2


def test_a_blends_contributions_are_those_of_its_families_by_their_weights():
    members, x = [], None
    for family in sorted(FAMILIES):
        booster, x = fitted(family, "binary")
        members.append(booster)
    blend = Blend(tuple(members), "binary", (0.8, 0.2))
    found = blend_contributions(blend, x)
    np.testing.assert_allclose(found.raw, log_odds(blend.predict(x)), atol=2e-5)
    one, other = (member_contributions(m, x, "binary").values for m in members)
    np.testing.assert_allclose(found.values, 0.8 * one + 0.2 * other)


def test_a_family_without_native_contributions_gets_sampled_ones_that_add_up():
    x = features(np.random.default_rng(5), 50, 4)
    found = member_contributions(Unknown(), x, "binary")
    np.testing.assert_allclose(found.raw, log_odds(Unknown().predict(x)), atol=1e-9)
    np.testing.assert_allclose(found.base, 0.3, atol=1e-9)
    seen = np.nan_to_num(x)
    np.testing.assert_allclose(found.values[:, 0], 2 * seen[:, 0], atol=1e-9)
    # Two that only work together share what they do.
    np.testing.assert_allclose(found.values[:, 1], seen[:, 1] * seen[:, 2] / 2, atol=1e-9)
    np.testing.assert_allclose(found.values[:, 3], 0.0, atol=1e-9)
    again = member_contributions(Unknown(), x, "binary")
    np.testing.assert_array_equal(again.values, found.values)


def test_sampled_contributions_do_not_depend_on_how_rows_are_cut_into_batches(monkeypatch):
    x = features(np.random.default_rng(5), 7, 4)
    whole = sampled_contributions(Unknown().predict, x)
    monkeypatch.setattr("mlplatform.models.contributions._BATCH_CELLS", 40)
    np.testing.assert_array_equal(sampled_contributions(Unknown().predict, x).values, whole.values)


def test_no_rows_have_no_contributions():
    found = sampled_contributions(Unknown().predict, np.zeros((0, 4)))
    assert found.values.shape == (0, 4)
    assert found.raw.shape == (0,)


def test_contributions_to_an_entry_follow_the_planted_feature_and_lead_to_its_score(entry):
    x = entry_rows(2, effect=1.5).x
    found = entry_contributions(entry, x)
    assert np.abs(found.values).mean(axis=0).argmax() == 1
    score = entry.blend.predict(entry.columns.select(x))
    np.testing.assert_allclose(found.raw, log_odds(score), atol=2e-5)
    order = np.argsort(found.raw)
    assert np.corrcoef(np.argsort(order), np.argsort(np.argsort(entry.predict(x))))[0, 1] > 0.99


def test_a_column_that_the_model_left_out_contributes_nothing():
    rows = entry_rows(1, effect=1.5)
    x = rows.x.copy()
    x[:, 0] = 3.0
    model = fit_entry(replace(rows, x=x), ENTRY, tuner("entry")).model
    assert model.columns.dropped
    found = entry_contributions(model, x)
    assert found.values.shape == x.shape
    assert not found.values[:, 0].any()
    assert np.abs(found.values).mean(axis=0).argmax() == 1


def test_why_a_stop_was_chosen_adds_up_to_its_expected_advantage(stop):
    x = stop_rows(2, effect=0.4).x
    found = stop_contributions(stop, x)
    outcome, rows = stop.predict_outcome(x), np.arange(len(x))
    chosen = np.searchsorted(GRID_ATR, found.chosen_atr)
    compared = np.searchsorted(GRID_ATR, found.compared_atr)
    np.testing.assert_array_equal(chosen, outcome.argmax(axis=1))
    difference = outcome[rows, chosen] - outcome[rows, compared]
    np.testing.assert_allclose(found.advantage.raw, difference, atol=2e-5)
    assert (chosen != compared).all()
    constant = found.chosen_atr == stop.metrics.constant_atr
    assert (found.compared_atr[~constant] == stop.metrics.constant_atr).all()
    assert np.abs(found.advantage.values).mean(axis=0).argmax() == 0


def test_raw_is_base_and_all_values():
    found = Contributions(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0]))
    assert found.raw.tolist() == [13.0, 27.0]
