from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models import entry
from mlplatform.models.calibration import calibrate
from mlplatform.models.entry import fit_entry
from mlplatform.models.errors import NotTrainable
from mlplatform.models.scores import auc

from .planted import ENTRY, entry_rows, tuner


@pytest.fixture(scope="module")
def skilled():
    return fit_entry(entry_rows(1, effect=1.2), ENTRY, tuner("entry")).model


def test_a_planted_signal_is_found_on_the_slice_and_beyond_it(skilled):
    scores = skilled.metrics.scores
    assert scores.auc > 0.68
    assert scores.brier < scores.brier_base_rate
    assert scores.log_loss < scores.log_loss_base_rate
    assert skilled.metrics.has_edge
    fresh = entry_rows(2, effect=1.2)
    probability = skilled.predict(fresh.x)
    assert auc(fresh.is_win, probability) > 0.68
    assert fresh.net_r[skilled.take(probability)].mean() > fresh.net_r.mean() + 0.2


def test_probabilities_mean_what_they_say():
    model = fit_entry(entry_rows(3, effect=1.2, rows=3000), ENTRY, tuner("entry")).model
    fresh = entry_rows(4, effect=1.2, rows=6000)
    probability = model.predict(fresh.x)
    assert probability.mean() == pytest.approx(fresh.is_win.mean(), abs=0.06)
    high = probability > np.quantile(probability, 0.75)
    assert probability[high].mean() == pytest.approx(fresh.is_win[high].mean(), abs=0.1)


def test_on_noise_there_is_mostly_no_edge_and_no_rank():
    fits = [
        fit_entry(entry_rows(seed, 0.0, 400), ENTRY, tuner("entry")).model for seed in range(20, 26)
    ]
    assert sum(model.metrics.has_edge for model in fits) <= 2
    assert np.mean([model.metrics.scores.auc for model in fits]) == pytest.approx(0.5, abs=0.05)
    for model in fits:
        scores = model.metrics.scores
        assert scores.brier < scores.brier_base_rate + 0.02
        assert model.metrics.threshold.trades >= 10


def test_the_slice_neither_trains_nor_tunes(skilled):
    rows = entry_rows(1, effect=1.2)
    late = rows.decision_ts >= skilled.metrics.slice_from_us
    assert late.sum() == skilled.metrics.slice_rows == 225
    other = replace(
        rows,
        is_win=np.where(late, 1.0 - rows.is_win, rows.is_win),
        net_r=np.where(late, -rows.net_r, rows.net_r),
    )
    flipped, kept = (fit_entry(r, ENTRY, tuner("entry")) for r in (other, rows))
    model, unseen = flipped.model, kept.slice_probability
    assert model.plan == skilled.plan
    np.testing.assert_array_equal(flipped.slice_score, kept.slice_score)
    np.testing.assert_array_equal(np.isfinite(unseen), late)
    assert not np.array_equal(model.blend.predict(rows.x), skilled.blend.predict(rows.x))
    said = skilled.calibrator.apply(skilled.blend.predict(rows.x))
    assert not np.array_equal(said[late], unseen[late])


def test_labels_that_reach_into_the_slice_are_purged():
    rows = entry_rows(1, effect=1.2, rows=300)
    plain = fit_entry(rows, ENTRY, tuner("entry")).model
    ends = rows.label_end_ts.copy()
    ends[100:150] = plain.metrics.slice_from_us
    purged = fit_entry(replace(rows, label_end_ts=ends), ENTRY, tuner("entry")).model
    assert purged.metrics.train_rows == plain.metrics.train_rows - 50


def test_the_embargo_holds_between_the_blocks_of_the_calibration_too(monkeypatch):
    asked = []

    def seen(*given):
        asked.append(given[5])
        return calibrate(*given)

    monkeypatch.setattr(entry, "calibrate", seen)
    fit_entry(entry_rows(1, 1.0, 300), replace(ENTRY, embargo_us=77), tuner("entry"))
    assert asked == [77, 77]


def test_incomplete_labels_are_counted_and_left_out():
    rows = entry_rows(1, effect=1.2, rows=300)
    win = rows.is_win.copy()
    win[290:] = np.nan
    model = fit_entry(replace(rows, is_win=win), ENTRY, tuner("entry")).model
    assert (model.metrics.rows, model.metrics.incomplete_rows) == (290, 10)


@pytest.mark.parametrize(("outcome", "what"), [(1.0, "losers"), (0.0, "winners")])
def test_one_class_gives_no_model_and_says_which_is_missing(outcome, what):
    rows = entry_rows(1, effect=1.0, rows=200)
    one = replace(rows, is_win=np.full(200, outcome))
    with pytest.raises(NotTrainable, match=f"0 {what} among the training"):
        fit_entry(one, ENTRY, tuner("entry"))
    late = np.arange(200) >= 150
    tail = replace(rows, is_win=np.where(late, outcome, rows.is_win))
    with pytest.raises(NotTrainable, match=f"0 {what} among the calibration"):
        fit_entry(tail, ENTRY, tuner("entry"))


def test_too_few_candidates_give_no_model():
    with pytest.raises(NotTrainable, match="59 candidates"):
        fit_entry(entry_rows(1, 1.0, rows=59), ENTRY, tuner("entry"))


def test_labels_that_all_overlap_leave_nothing_to_train_on():
    rows = entry_rows(1, 1.0, rows=200)
    ends = np.full(200, rows.decision_ts[-1] + 1)
    with pytest.raises(NotTrainable):
        fit_entry(replace(rows, label_end_ts=ends), ENTRY, tuner("entry"))
