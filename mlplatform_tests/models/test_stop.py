from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models.errors import NotTrainable
from mlplatform.models.stop import cross_fitted_stops, fit_stop

from .planted import GRID_ATR, STOP, features, stop_rows, tuner

NAN = np.nan
SMALL = replace(STOP, families=("lightgbm",))


@pytest.fixture(scope="module")
def skilled():
    return fit_stop(stop_rows(1, effect=0.4), STOP, tuner("stop"))


@pytest.fixture(scope="module")
def crossed(skilled):
    return cross_fitted_stops(stop_rows(1, effect=0.4), skilled.plan, STOP, tuner("stop"))


def test_a_stop_that_depends_on_a_feature_is_found_and_beats_the_constant(skilled):
    assert skilled.metrics.beats_constant
    assert skilled.metrics.gain_atr > 0.1
    fresh = stop_rows(2, effect=0.4)
    row = np.arange(len(fresh.x))
    chosen = np.searchsorted(GRID_ATR, skilled.predict(fresh.x))
    constant = int(np.searchsorted(GRID_ATR, skilled.metrics.constant_atr))
    assert (fresh.net_atr[row, chosen] - fresh.net_atr[:, constant]).mean() > 0.1


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
        np.testing.assert_allclose(model.predict_outcome(x), [model.mean_net_atr] * 20)


def test_cross_fitted_stops_of_a_candidate_ignore_its_own_label_and_all_later_ones(
    skilled, crossed
):
    rows = stop_rows(1, effect=0.4)
    net = rows.net_atr.copy()
    net[540:] = np.random.default_rng(0).normal(size=net[540:].shape)
    altered = replace(rows, net_atr=net)
    again = cross_fitted_stops(altered, skilled.plan, STOP, tuner("stop"))
    np.testing.assert_array_equal(crossed[:720], again[:720])
    assert (crossed[720:] != again[720:]).any()


def test_the_constant_that_a_candidate_falls_back_to_is_of_its_past_only(skilled):
    rows = stop_rows(11, effect=0.0, rows=400)
    stops = cross_fitted_stops(rows, skilled.plan, SMALL, tuner("stop"))
    later = replace(rows, net_atr=rows.net_atr.copy())
    later.net_atr[320:] += 100.0 * (rows.net_atr.mean(axis=0) == rows.net_atr.mean(axis=0).min())
    again = cross_fitted_stops(later, skilled.plan, SMALL, tuner("stop"))
    assert len(np.unique(stops[240:320])) == 1
    np.testing.assert_array_equal(stops, again)


def test_the_first_block_has_no_past_and_gets_the_prior(skilled, crossed):
    assert (crossed[:180] == 1.5).all()
    assert len(np.unique(crossed[180:])) > 1
    assert np.isin(crossed, GRID_ATR).all()
    few = stop_rows(1, effect=0.4, rows=50)
    prior = replace(STOP, prior_atr=2.1)
    assert (cross_fitted_stops(few, skilled.plan, prior, tuner("stop")) == 2.0).all()


def test_cross_fitted_stops_find_the_planted_dependence(crossed):
    lean = stop_rows(1, effect=0.4).x[:, 0]
    late = np.arange(len(lean)) >= 360
    assert crossed[late & (lean > 0.7)].mean() > crossed[late & (lean < -0.7)].mean() + 0.5


def test_incomplete_candidates_train_nothing_whatever_their_end_time():
    rows = stop_rows(4, effect=0.4, rows=300)
    net, ends = rows.net_atr.copy(), rows.label_end_ts.copy()
    net[280:, 5], ends[280:, 5] = NAN, np.iinfo(np.int64).min
    partial = fit_stop(replace(rows, net_atr=net, label_end_ts=ends), SMALL, tuner("stop"))
    short = replace(
        rows,
        x=rows.x[:280],
        decision_ts=rows.decision_ts[:280],
        label_end_ts=rows.label_end_ts[:280],
        net_atr=rows.net_atr[:280],
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
        fit_stop(replace(flat, net_atr=flat.net_atr[:, :1].repeat(6, 1)), STOP, tuner("stop"))
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
