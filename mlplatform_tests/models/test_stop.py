from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models.errors import NotTrainable
from mlplatform.models.splits import purged_holdout
from mlplatform.models.stop import fit_stop, taught_stops
from mlplatform.models.stop_rows import label_ends

from .planted import GRID_ATR, STOP, features, stop_rows, tuner

NAN = np.nan
SMALL = replace(STOP, families=("lightgbm",))


@pytest.fixture(scope="module")
def skilled():
    return fit_stop(stop_rows(1, effect=0.4), STOP, tuner("stop"))


@pytest.fixture(scope="module")
def taught(skilled):
    return taught_stops(stop_rows(1, effect=0.4), skilled.plan, STOP, tuner("stop"))


def test_a_stop_that_depends_on_a_feature_is_found_and_beats_the_constant(skilled):
    assert skilled.metrics.beats_constant
    assert skilled.metrics.gain_r > 0.1
    fresh = stop_rows(2, effect=0.4)
    row = np.arange(len(fresh.x))
    chosen = np.searchsorted(GRID_ATR, skilled.predict(fresh.x))
    constant = int(np.searchsorted(GRID_ATR, skilled.metrics.constant_atr))
    assert (fresh.net_r[row, chosen] - fresh.net_r[:, constant]).mean() > 0.1


def test_the_stop_is_wide_where_wide_pays_and_tight_where_tight_pays(skilled):
    x = np.zeros((2, 6))
    x[:, 0] = (2.0, -2.0)
    wide, tight = skilled.predict(x)
    assert wide >= 2.5
    assert tight <= 1.0


def test_the_stop_is_the_one_of_the_grid_with_the_best_outcome(skilled):
    x = features(np.random.default_rng(5), 50)
    outcome = skilled.predict_outcome(x)
    assert outcome.shape == (50, 6)
    np.testing.assert_array_equal(skilled.predict(x), GRID_ATR[outcome.argmax(axis=1)])


def test_on_noise_the_stop_is_mostly_the_best_constant_and_said_to_be():
    fits = [fit_stop(stop_rows(seed, 0.0, 300), STOP, tuner("stop")) for seed in range(10, 16)]
    humble = [model for model in fits if not model.metrics.beats_constant]
    assert len(humble) >= 4
    for model in humble:
        x = features(np.random.default_rng(3), 20)
        assert (model.predict(x) == model.metrics.constant_atr).all()
        np.testing.assert_allclose(model.predict_outcome(x), [model.mean_net_r] * 20)


def test_no_taught_stop_knows_anything_of_the_newest_quarter(skilled, taught):
    rows = stop_rows(1, effect=0.4)
    net = rows.net_r.copy()
    net[675:] = np.random.default_rng(0).normal(size=net[675:].shape)
    again = taught_stops(replace(rows, net_r=net), skilled.plan, STOP, tuner("stop"))
    np.testing.assert_array_equal(taught, again)
    net[:675] = np.random.default_rng(1).normal(size=net[:675].shape)
    other = taught_stops(replace(rows, net_r=net), skilled.plan, STOP, tuner("stop"))
    assert (taught != other).any()


def test_older_candidates_are_taught_under_their_one_best_constant(skilled, taught):
    rows = stop_rows(1, effect=0.4)
    split = purged_holdout(rows.decision_ts, label_ends(rows), STOP.holdout_frac)
    best = GRID_ATR[rows.net_r[split.train].mean(axis=0).argmax()]
    assert (taught[:675] == best).all()
    assert np.isin(taught, GRID_ATR).all()


def test_too_few_candidates_are_taught_under_the_prior(skilled):
    few = stop_rows(1, effect=0.4, rows=70)
    prior = replace(STOP, prior_atr=2.1)
    assert (taught_stops(few, skilled.plan, prior, tuner("stop")) == 2.0).all()


def test_the_stops_of_the_newest_find_the_planted_dependence(taught):
    lean = stop_rows(1, effect=0.4).x[:, 0]
    late = np.arange(len(lean)) >= 675
    assert taught[late & (lean > 0.7)].mean() > taught[late & (lean < -0.7)].mean() + 0.5


def test_incomplete_candidates_train_nothing_whatever_their_end_time():
    rows = stop_rows(4, effect=0.4, rows=300)
    net, ends = rows.net_r.copy(), rows.label_end_ts.copy()
    net[280:, 5], ends[280:, 5] = NAN, np.iinfo(np.int64).min
    partial = fit_stop(replace(rows, net_r=net, label_end_ts=ends), SMALL, tuner("stop"))
    short = replace(
        rows,
        x=rows.x[:280],
        decision_ts=rows.decision_ts[:280],
        label_end_ts=rows.label_end_ts[:280],
        net_r=rows.net_r[:280],
    )
    whole = fit_stop(short, SMALL, tuner("stop"))
    assert (partial.metrics.rows, partial.metrics.incomplete_rows) == (280, 20)
    np.testing.assert_array_equal(partial.predict_outcome(rows.x), whole.predict_outcome(rows.x))


def test_what_cannot_be_trained_says_why():
    rows = stop_rows(1, 0.4, rows=59)
    with pytest.raises(NotTrainable, match="59 candidates"):
        fit_stop(rows, STOP, tuner("stop"))
    flat = stop_rows(1, 0.4, rows=100)
    with pytest.raises(NotTrainable, match="same outcome"):
        fit_stop(replace(flat, net_r=flat.net_r[:, :1].repeat(6, 1)), STOP, tuner("stop"))
    with pytest.raises(ValueError, match="ascending"):
        fit_stop(replace(flat, stop_grid_atr=GRID_ATR[::-1]), STOP, tuner("stop"))


def test_a_constant_feature_changes_nothing_but_the_record():
    rows = stop_rows(4, 0.4, rows=200)
    padded = replace(
        rows,
        x=np.column_stack([rows.x, np.full(200, 3.0)]),
        feature_names=[*rows.feature_names, "flat"],
    )
    model = fit_stop(padded, SMALL, tuner("stop"))
    assert model.columns.dropped == (("flat", "constant"),)
    plain = fit_stop(rows, SMALL, tuner("stop"))
    np.testing.assert_array_equal(model.predict_outcome(padded.x), plain.predict_outcome(rows.x))
