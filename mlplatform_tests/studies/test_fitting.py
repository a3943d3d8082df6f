"""What each role of a window is fitted on."""

from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models.errors import NotTrainable
from mlplatform.models.serial import to_bytes
from mlplatform.models.tuning import Tuner
from mlplatform.studies.fitting import (
    FitSettings,
    entry_of,
    entry_rows,
    size_of,
    stop_of,
    stops_to_learn_under,
)
from mlplatform_tests.laws.research import fitted

SETTINGS = FitSettings(1_800_000_000, 2, 5.0, 50_000.0)
STOP, ENTRY, SIZE = (Tuner((7, role), 1) for role in ("stop", "entry", "size"))


def test_entry_rows_are_the_labels_under_the_stop_that_was_chosen():
    train = fitted().train
    stops = np.resize([0.75, 3.0, 1.5], len(train))
    rows = entry_rows(train, stops)
    for i in range(0, len(train), 37):
        k = train.stop_grid_atr.tolist().index(stops[i])
        np.testing.assert_equal(rows.net_r[i], train.r[i, k])
        np.testing.assert_equal(rows.is_win[i], train.is_win[i, k])
        assert rows.label_end_ts[i] == train.label_end_ts[i, k]
    assert rows.x is train.x
    assert list(rows.feature_names) == train.names


def test_stops_out_of_fold_are_of_the_grid_and_do_not_know_later_candidates():
    held = fitted()
    stops = stops_to_learn_under(held.train, held.policy.stop, SETTINGS, STOP)
    assert set(stops) <= set(held.train.stop_grid_atr)
    half = len(held.train) // 2
    changed = held.train.r.copy()
    changed[-half // 2 :] *= -1
    other = replace(held.train, r=changed)
    again = stops_to_learn_under(other, held.policy.stop, SETTINGS, STOP)
    np.testing.assert_array_equal(again[:half], stops[:half])


def test_stops_of_other_candidates_are_refused():
    train = fitted().train
    with pytest.raises(ValueError, match="fit stops again"):
        entry_rows(train, np.full(len(train) - 1, 1.5))


def test_size_is_fitted_on_trades_of_the_calibration_slice_within_the_cap_of_contracts():
    held = fitted()
    stops = stops_to_learn_under(held.train, held.policy.stop, SETTINGS, STOP)
    fit = entry_of(held.train, stops, SETTINGS, ENTRY)
    entry, unseen = fit.model, fit.slice_probability
    size = size_of(held.train, stops, unseen, entry, SETTINGS, SIZE)
    assert size.rule.max_contracts == 2
    slice_rows = int((held.train.decision_ts >= entry.metrics.slice_from_us).sum())
    trades = size.metrics.trades + size.metrics.overlapping_trades
    in_slice = held.train.decision_ts >= entry.metrics.slice_from_us
    known = ~np.isnan(entry_rows(held.train, stops).net_r)
    said = np.isfinite(unseen)
    assert said.sum() == entry.metrics.slice_rows
    # A candidate of the slice's first moment may have been purged from what came before it.
    assert not said[~(in_slice & known)].any()
    assert trades == int(entry.take(unseen).sum())
    assert 0 < trades < slice_rows < len(held.train)


def test_an_entry_model_that_takes_nothing_gives_no_size():
    held = fitted()
    never = replace(held.policy.entry, threshold=1.1)
    stops = np.full(len(held.train), 1.5)
    with pytest.raises(NotTrainable, match="0 trades to size"):
        size_of(held.train, stops, np.full(len(stops), 0.5), never, SETTINGS, SIZE)


def test_the_number_of_threads_changes_no_byte():
    held = fitted()
    two = replace(SETTINGS, threads=2)
    fits = [stop_of(held.train, settings, STOP) for settings in (SETTINGS, two)]
    stops = [
        stops_to_learn_under(held.train, fits[0], settings, STOP) for settings in (SETTINGS, two)
    ]
    entries = [
        entry_of(held.train, stops[0], settings, ENTRY).model for settings in (SETTINGS, two)
    ]
    assert to_bytes(fits[0]) == to_bytes(fits[1])
    np.testing.assert_array_equal(*stops)
    assert to_bytes(entries[0]) == to_bytes(entries[1])


def test_winners_and_losers_weigh_the_same_where_the_settings_say_so(monkeypatch):
    from mlplatform.studies import fitting

    train, asked = fitted().train, []
    monkeypatch.setattr(fitting, "fit_entry", lambda rows, config, tuner: asked.append(config))
    for settings in (SETTINGS, replace(SETTINGS, class_weight="balanced")):
        entry_of(train, np.full(len(train), 1.5), settings, ENTRY)
    assert [config.class_weight for config in asked] == ["none", "balanced"]
    assert {config.embargo_us for config in asked} == {SETTINGS.embargo_us}
