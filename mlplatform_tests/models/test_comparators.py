"""The logistic regression on five features that an entry model is held against."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mlplatform.models.arrays import usable_columns
from mlplatform.models.comparators import fit_logistic
from mlplatform.models.entry import fit_entry
from mlplatform.models.scores import auc, log_loss
from mlplatform.models.serial import from_bytes, to_bytes

from .planted import ENTRY, entry_rows, tuner

NAMES = [f"f{i}" for i in range(6)]


def _rows(seed: int = 1, rows: int = 600):
    planted = entry_rows(seed, 1.2, rows)
    return planted.x, planted.is_win


def test_it_is_the_ridge_fit_of_standardised_features():
    x, y = _rows()
    x = np.nan_to_num(x)
    ours = fit_logistic(x, y, usable_columns(x, NAMES), NAMES[:5])
    theirs = LogisticRegression(C=1.0, tol=1e-12, max_iter=5000)
    theirs.fit(StandardScaler().fit_transform(x[:, :5]), y)
    np.testing.assert_allclose(ours.coefficients[1:], theirs.coef_[0], atol=1e-4)
    assert ours.coefficients[0] == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_gaps_read_as_the_median_of_the_training_rows_and_not_of_the_rows_at_hand():
    x, y = _rows()
    fitted = fit_logistic(x, y, usable_columns(x, NAMES), NAMES[:5])
    gap = np.full((1, 6), np.nan)
    full = np.nanmedian(x, axis=0)[None, :]
    assert fitted.predict(gap)[0] == fitted.predict(full)[0]
    np.testing.assert_array_equal(fitted.predict(x[:7]), fitted.predict(x)[:7])


def test_features_are_chosen_by_name_and_filled_up_where_one_is_missing():
    x, y = _rows()
    x[:, 3] = 1.0
    columns = usable_columns(x, NAMES)
    fitted = fit_logistic(x, y, columns, ("f4", "gone", "f3", "f1", "f5"))
    assert fitted.names == ("f4", "f1", "f5", "f0", "f2")
    np.testing.assert_array_equal(np.array(NAMES)[list(fitted.places)], fitted.names)


def test_an_entry_model_is_held_against_it_on_the_slice():
    rows = entry_rows(1, effect=1.2)
    config = replace(ENTRY, comparator_features=("f1", "f2", "f3", "f4", "f5"))
    scores = fit_entry(rows, config, tuner("entry")).model.metrics.scores
    assert scores.logistic_features == config.comparator_features
    assert scores.beats_base_rate
    # The planted effect is a logistic one: nothing beats its own form by much.
    assert scores.auc_logistic > 0.68
    assert scores.beats_logistic == (scores.log_loss < scores.log_loss_logistic)
    blind = replace(ENTRY, comparator_features=("f0", "f2", "f3", "f4", "f5"))
    scores = fit_entry(rows, blind, tuner("entry")).model.metrics.scores
    assert scores.beats_logistic
    assert scores.auc_logistic < 0.6


def test_the_comparator_does_not_know_the_slice():
    rows = entry_rows(1, effect=1.2)
    late = np.arange(len(rows.x)) >= 675
    flipped = replace(rows, is_win=np.where(late, 1.0 - rows.is_win, rows.is_win))
    before, after = (
        fit_entry(r, ENTRY, tuner("entry")).model.metrics.scores for r in (rows, flipped)
    )
    assert after.auc_logistic == pytest.approx(1.0 - before.auc_logistic, abs=1e-9)


def test_intervals_and_the_reliability_curve_are_told_with_the_scores():
    rows = entry_rows(1, effect=1.2)
    slow = replace(rows, decision_ts=rows.decision_ts * 8, label_end_ts=rows.label_end_ts * 8)
    model = fit_entry(slow, ENTRY, tuner("entry")).model
    scores = model.metrics.scores
    assert from_bytes(to_bytes(model)).metrics == model.metrics
    assert scores.intervals.days >= 5
    assert scores.intervals.auc.low < scores.auc < scores.intervals.auc.high
    assert scores.intervals.brier.low < scores.brier < scores.intervals.brier.high
    assert sum(b.rows for b in scores.reliability) <= 225
    assert len(scores.reliability) >= 5


def test_balanced_classes_rank_as_well_and_calibration_puts_the_level_right():
    rows = entry_rows(3, effect=1.2, rows=3000)
    rare = replace(rows, is_win=rows.is_win * (np.arange(3000) % 3 == 0))
    plain, even = (
        fit_entry(rare, replace(ENTRY, class_weight=weight), tuner("entry")).model
        for weight in ("none", "balanced")
    )
    level = rare.is_win.mean()
    assert plain.blend.predict(rare.x).mean() == pytest.approx(level, abs=0.02)
    assert even.blend.predict(rare.x).mean() > level + 0.2
    assert even.predict(rare.x).mean() == pytest.approx(level, abs=0.03)
    won = rare.is_win
    assert auc(won, even.predict(rare.x)) > auc(won, plain.predict(rare.x)) - 0.03
    assert log_loss(won, even.predict(rare.x)) < log_loss(won, plain.predict(rare.x)) + 0.02
