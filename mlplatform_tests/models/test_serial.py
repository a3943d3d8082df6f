import json

import numpy as np
import pytest

from mlplatform.models.entry import fit_entry
from mlplatform.models.errors import AlteredModel
from mlplatform.models.serial import fingerprint, from_bytes, to_bytes
from mlplatform.models.size import SizeConfig, SizeRows, fit_size
from mlplatform.models.stop import fit_stop

from .planted import ENTRY, STOP, entry_rows, stop_rows, tuner


def _stop(seed: int = 1):
    return fit_stop(stop_rows(seed, 0.4, rows=250), STOP, tuner("stop"))


def _entry(seed: int = 1):
    return fit_entry(entry_rows(seed, 1.0, rows=900), ENTRY, tuner("entry")).model


def _size(seed: int = 1):
    rows = entry_rows(seed, 1.0, rows=120)
    sized = SizeRows(
        rows.decision_ts,
        rows.label_end_ts,
        np.full(120, 0.5),
        rows.is_win,
        rows.net_r,
        np.full(120, 4.0),
        np.full(120, 2.0),
    )
    return fit_size(sized, 5.0, 50_000.0, SizeConfig(), tuner("size"))


FITS = {"stop": _stop, "entry": _entry, "size": _size}


@pytest.fixture(scope="module", params=sorted(FITS))
def fitted(request):
    return request.param, FITS[request.param]()


def test_the_same_rows_and_seed_give_the_same_bytes_and_others_do_not(fitted):
    kind, model = fitted
    assert to_bytes(FITS[kind]()) == to_bytes(model)
    other = FITS[kind](seed=2)
    assert to_bytes(other) != to_bytes(model)
    assert fingerprint(other) != fingerprint(model)


def test_a_loaded_model_is_the_model(fitted):
    kind, model = fitted
    loaded = from_bytes(to_bytes(model))
    assert type(loaded) is type(model)
    assert to_bytes(loaded) == to_bytes(model)
    assert fingerprint(loaded) == fingerprint(model)
    assert loaded.metrics == model.metrics
    x = entry_rows(9, 1.0, rows=200).x
    if kind == "size":
        assert loaded == model
    else:
        np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
        assert (loaded.plan, loaded.columns) == (model.plan, model.columns)
    if kind == "stop":
        np.testing.assert_array_equal(loaded.predict_outcome(x), model.predict_outcome(x))
    if kind == "entry":
        assert (loaded.calibrator, loaded.threshold) == (model.calibrator, model.threshold)


def test_one_row_predicts_what_it_predicts_among_many(fitted):
    kind, model = fitted
    if kind == "size":
        p, stop = np.linspace(0.0, 1.0, 40), np.linspace(1.0, 300.0, 40)
        rows = [(p, stop), *((p[i : i + 1], stop[i : i + 1]) for i in range(40))]
        many, *alone = (model.contracts(*row, 5.0, 50_000.0) for row in rows)
    else:
        x = entry_rows(9, 1.0, rows=40).x
        many, *alone = (model.predict(row) for row in (x, *(x[i : i + 1] for i in range(40))))
    np.testing.assert_array_equal(np.concatenate(alone), many)


def test_an_altered_file_is_refused_wherever_it_was_altered(fitted):
    _, model = fitted
    data = to_bytes(model)
    for place in np.linspace(0, len(data) - 1, 150).astype(int):
        altered = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(AlteredModel):
            from_bytes(altered)
    for cut in (b"", data[:-1], data[: len(data) // 2], data + b" ", b"[]", b"null", b'{"body":1}'):
        with pytest.raises(AlteredModel):
            from_bytes(cut)


def test_a_figure_changed_by_hand_is_refused(fitted):
    _, model = fitted
    envelope = json.loads(to_bytes(model))
    envelope["body"]["content"]["metrics"]["trials_run"] = 1
    with pytest.raises(AlteredModel, match="altered"):
        from_bytes(json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(AlteredModel):
        from_bytes(to_bytes(model).replace(b'"trials_run":2', b'"trials_run":NaN'))


def test_another_format_is_refused_though_its_checksum_is_right(fitted, monkeypatch):
    _, model = fitted
    monkeypatch.setattr("mlplatform.models.serial._VERSION", 4)
    later = to_bytes(model)
    monkeypatch.undo()
    with pytest.raises(AlteredModel, match="reads mlplatform-model 3"):
        from_bytes(later)
