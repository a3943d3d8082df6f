"""The plots of a model are small PNGs that the same arrays give again, byte by byte."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mlplatform.adapters.tracking import drawing
from mlplatform.adapters.tracking.answers import open_payload
from mlplatform.adapters.tracking.drawing import _ranks, _spread
from mlplatform.adapters.tracking.figures import figures_of
from mlplatform.adapters.tracking.port import ModelNote, TrialNote
from mlplatform_tests.laws.research import fitted

RNG = np.random.default_rng(2)
NAMES = [f"feature_{n}" for n in range(20)]
X = RNG.normal(size=(60, 20))
X[RNG.random(X.shape) < 0.1] = np.nan
VALUES = RNG.normal(size=(60, 20))
NONE = np.array([])
PLOTS = {
    "importance": lambda v: drawing.importance(NAMES, v, "log odds"),
    "beeswarm": lambda v: drawing.beeswarm(NAMES, v, X, "log odds"),
    "calibration": lambda v: drawing.calibration(
        np.linspace(0, 1, 9), np.abs(v[:9, 0]) / 9, NONE, NONE
    ),
    "learning_curves": lambda v: drawing.learning_curves({"keras": np.abs(v[:, 0])}),
    "search_history": lambda v: drawing.search_history({"xgboost": [None, *v[:, 0]]}),
}


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png))


@pytest.mark.parametrize("name", PLOTS)
def test_the_same_arrays_give_the_same_small_png_and_others_another(name):
    first = PLOTS[name](VALUES)
    assert opened(first).size == (360, 225)
    assert len(first) < 20_000
    assert PLOTS[name](VALUES.copy()) == first
    assert PLOTS[name](VALUES * np.linspace(0.1, 3, 20) + 0.1) != first


def test_a_column_that_contributes_nothing_or_is_all_missing_can_be_drawn():
    flat = VALUES.copy()
    flat[:, 3] = 0.0
    gone = X.copy()
    gone[:, 3] = np.nan
    assert drawing.beeswarm(NAMES[3:4], flat[:, 3:4], gone[:, 3:4], "R")
    assert drawing.beeswarm(NAMES[:1], flat[:1, :1], X[:1, :1], "R")


def test_ranks_run_from_nought_to_one_with_ties_in_their_middle():
    ranks = _ranks(np.array([3.0, np.nan, 1.0, 2.0, 2.0]))
    np.testing.assert_allclose(ranks, [1.0, np.nan, 0.0, 0.5, 0.5])


def test_rows_with_the_same_contribution_stand_side_by_side_within_their_line():
    values = np.concatenate([np.zeros(30), np.ones(1)])
    offsets = _spread(values)
    assert len(set(offsets[:30].tolist())) == 30
    assert np.abs(offsets).max() <= 0.4
    assert offsets[30] == 0.0


def note_of(role: str, **given: object) -> ModelNote:
    train = fitted().train
    names = ("probability",) if role == "size" else tuple(train.names)
    example = np.full((3, len(names)), 0.5)
    note = ModelNote("MES-5m", role, "p", "f", fitted().models[role], {}, {}, {}, names, example)
    return replace(note, **given)


def test_each_role_has_the_plots_that_there_is_data_for():
    x, trials = fitted().train.x[:50], (TrialNote(0, {}, 0.5, "xgboost"),)
    found = {
        role: set(figures_of(note, open_payload(note.payload)))
        for role in ("stop", "entry")
        for note in [note_of(role, sample=x, trials=trials, curves={"keras": (1.0, 0.5)})]
    }
    shared = {"importance", "contributions", "learning_curves", "search_history"}
    assert found == {"stop": shared, "entry": shared | {"calibration"}}
    bare = note_of("entry")
    assert set(figures_of(bare, open_payload(bare.payload))) == {"calibration"}
    size = note_of("size", trials=trials)
    assert set(figures_of(size, open_payload(size.payload))) == {"search_history"}


def test_the_calibration_shows_the_reliability_of_the_model():
    note = note_of("entry")
    model = open_payload(note.payload)
    assert len(model.metrics.scores.reliability) > 1
    bare = replace(model.metrics, scores=replace(model.metrics.scores, reliability=()))
    with_bins = figures_of(note, model)["calibration"]
    assert with_bins != figures_of(note, replace(model, metrics=bare))["calibration"]


def test_a_stop_model_that_keeps_the_constant_still_shows_what_it_saw():
    note = note_of("stop", sample=fitted().train.x[:50])
    model = open_payload(note.payload)
    pictures = [
        figures_of(note, replace(model, metrics=replace(model.metrics, weight=weight)))
        for weight in (0.0, 1.0)
    ]
    assert pictures[0] == pictures[1]
