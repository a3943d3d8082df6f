import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlplatform.models.arrays import Rows
from mlplatform.models.blend import plan_blend
from mlplatform.models.errors import AlteredModel, NotTrainable
from mlplatform.models.families import Budget, load_booster, space_of
from mlplatform.models.neural import network, runtime
from mlplatform.models.neural.forward import logistic
from mlplatform.models.neural.network import SPACE, KerasNet, train_dense
from mlplatform.models.neural.preparation import fit_preparation
from mlplatform.models.neural.training import Sample, export
from mlplatform.models.scores import auc, squared_error
from mlplatform.models.space import Space
from mlplatform.models.tuning import Tuner
from mlplatform_tests.models.neural.planted import needs_tensorflow, rows, untrained_text

ROOT = Path(__file__).parents[3]
BUDGET = Budget(max_rounds=40, patience=8)


@needs_tensorflow
@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_the_signal_is_learned_through_scales_and_gaps(kind):
    train, other = rows(1, kind), rows(2, kind)
    net = KerasNet.fit(kind, train, None, SPACE.first, 3, BUDGET)
    predicted = net.predict(other.x)
    assert predicted.shape == (600,)
    assert net.rounds == 40
    if kind == "binary":
        assert ((predicted > 0) & (predicted < 1)).all()
        assert auc(other.y, predicted) > 0.7
    else:
        assert np.corrcoef(predicted, other.y)[0, 1] > 0.5
        assert squared_error(other.y, predicted) < 0.8 * other.y.var()


@needs_tensorflow
@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_text_and_seed_decide_every_bit(kind):
    train, valid = rows(1, kind), rows(2, kind)
    first = KerasNet.fit(kind, train, valid, SPACE.first, 3, BUDGET)
    again = KerasNet.fit(kind, train, valid, SPACE.first, 3, BUDGET)
    other = KerasNet.fit(kind, train, valid, SPACE.first, 4, BUDGET)
    assert first.to_text() == again.to_text()
    assert first.to_text() != other.to_text()
    loaded = load_booster("keras", first.to_text())
    assert loaded.to_text() == first.to_text()
    np.testing.assert_array_equal(loaded.predict(valid.x), first.predict(valid.x))


@needs_tensorflow
def test_early_stopping_keeps_the_very_weights_of_the_best_epoch():
    train, valid = rows(1, "binary", 300, 0.4), rows(2, "binary", 300, 0.4)
    budget = Budget(max_rounds=60, patience=5)
    stopped = KerasNet.fit("binary", train, valid, SPACE.first, 3, budget)
    assert 1 <= stopped.rounds < 55
    rerun = KerasNet.fit("binary", train, None, SPACE.first, 3, Budget(max_rounds=stopped.rounds))
    assert rerun.to_text() == stopped.to_text()


@needs_tensorflow
def test_what_was_trained_before_changes_no_bit():
    one, two = rows(1, "binary", 200), rows(2, "binary", 150)
    budget = Budget(max_rounds=3)
    first = KerasNet.fit("binary", one, None, SPACE.first, 3, budget)
    hot = dict(SPACE.first) | {"learning_rate": 0.01, "l2": 0.01}
    KerasNet.fit("binary", two, one, hot, 4, budget)
    assert KerasNet.fit("binary", one, None, SPACE.first, 3, budget).to_text() == first.to_text()


@needs_tensorflow
def test_another_process_trains_the_same_bits():
    train = rows(1, "binary", 150)
    here = KerasNet.fit("binary", train, None, SPACE.first, 3, Budget(max_rounds=3)).to_text()
    code = (
        "import hashlib\n"
        "from mlplatform.models.families import Budget\n"
        "from mlplatform.models.neural.network import SPACE, KerasNet\n"
        "from mlplatform_tests.models.neural.planted import rows\n"
        "net = KerasNet.fit('binary', rows(1, 'binary', 150), None, SPACE.first, 3, Budget(3))\n"
        "print(hashlib.sha256(net.to_text().encode()).hexdigest())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert told.stdout.strip() == hashlib.sha256(here.encode()).hexdigest()
    assert told.stderr == ""


@needs_tensorflow
def test_setting_up_logging_anew_closes_nobodys_stream():
    """Dagster does so for every run; absl's handler then closes the stream that it holds."""
    code = (
        "import io, logging.config, sys\n"
        "from mlplatform.models.neural.runtime import backend\n"
        "sys.stderr = of_a_notebook = io.StringIO()\n"
        "backend()\n"
        "sys.stderr = sys.__stderr__\n"
        "logging.config.dictConfig({'version': 1})\n"
        "print(of_a_notebook.closed)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert (told.stdout, told.stderr) == ("False\n", "")


@needs_tensorflow
@pytest.mark.parametrize("weight", [0.2, 5.0])
def test_a_winner_counts_as_much_as_the_budget_says(weight):
    train = rows(1, "binary", 400, 0.0)
    net = KerasNet.fit("binary", train, None, SPACE.first, 3, Budget(30, win_weight=weight))
    plain = KerasNet.fit("binary", train, None, SPACE.first, 3, Budget(30))
    gain = net.predict(train.x).mean() - plain.predict(train.x).mean()
    assert abs(gain) > 0.1
    assert (gain > 0.0) == (weight > 1.0)


@needs_tensorflow
def test_a_network_learns_from_a_bounded_number_of_rows(monkeypatch):
    seen = []
    monkeypatch.setattr(network, "MAX_ROWS", 100)
    monkeypatch.setattr(
        network, "train_dense", lambda k, s, v, *a: seen.append((s, v)) or train_dense(k, s, v, *a)
    )
    many = rows(1, "binary", 250)
    texts = {
        seed: KerasNet.fit("binary", many, many, SPACE.first, seed, Budget(2)).to_text()
        for seed in (3, 4)
    }
    again = KerasNet.fit("binary", many, many, SPACE.first, 3, Budget(2))
    assert again.to_text() == texts[3]
    assert [(len(s.y), len(v.y)) for s, v in seen] == [(100, 100)] * 3
    assert not np.array_equal(seen[0][0].y, seen[1][0].y)


@needs_tensorflow
def test_losses_are_kept_of_a_watched_fit_and_of_no_other():
    train, valid = rows(1, "binary", 200), rows(2, "binary", 200)
    watched = KerasNet.fit("binary", train, valid, SPACE.first, 3, Budget(4, patience=9))
    assert len(watched.validation_losses) == 4
    assert KerasNet.fit("binary", train, None, SPACE.first, 3, Budget(2)).validation_losses == ()
    assert KerasNet.from_text(watched.to_text()).validation_losses == ()


@needs_tensorflow
def test_a_plan_keeps_the_curve_of_the_chosen_parameters_on_the_newest_fold():
    data = rows(1, "binary", 300)
    folds = [
        (data.take(np.arange(100)), data.take(np.arange(100, 200))),
        (data.take(np.arange(200)), data.take(np.arange(200, 300))),
    ]
    budget, tuner = Budget(6, patience=9), Tuner((7, "entry"), 1)
    plan = plan_blend(folds, "binary", ["keras"], budget, tuner)
    member = plan.members[0]
    seed = tuner.part("keras", 1).seed()
    again = KerasNet.fit("binary", *folds[1], member.params, seed, budget)
    assert member.curve == again.validation_losses
    assert len(member.curve) == 6


@needs_tensorflow
def test_the_validation_rows_only_stop_the_training():
    train = rows(1, "binary", 300)
    far = Rows(rows(2, "binary").x * 1e3, rows(2, "binary").y)
    one = KerasNet.fit("binary", train, rows(2, "binary"), SPACE.first, 3, Budget(max_rounds=1))
    two = KerasNet.fit("binary", train, far, SPACE.first, 3, Budget(max_rounds=1))
    assert one.to_text() == two.to_text()


@needs_tensorflow
@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_numpy_predicts_what_keras_predicts(kind):
    train = rows(1, kind)
    preparation = fit_preparation(train.x)
    y = train.y if kind == "binary" else (train.y - train.y.mean()) / train.y.std()
    sample = Sample(preparation.apply(train.x), y)
    params = dict(SPACE.first) | {"depth": "2"}
    trained = train_dense(kind, sample, None, params, 3, Budget(max_rounds=12))
    x = preparation.apply(rows(5, kind).x)
    padded = np.pad(x, ((0, 0), (0, 32 - x.shape[1]))).astype(np.float32)
    told = np.asarray(trained.model(padded, training=False))[:, 0]
    own = export(trained)(x)
    np.testing.assert_allclose(own, told, rtol=0, atol=1e-5)
    np.testing.assert_allclose(logistic(own), 1 / (1 + np.exp(-told)), rtol=0, atol=1e-5)
    net = KerasNet.fit(kind, train, None, params, 3, Budget(max_rounds=12))
    back = logistic(told) if kind == "binary" else told * train.y.std() + train.y.mean()
    unit = 1.0 if kind == "binary" else train.y.std()
    np.testing.assert_allclose(net.predict(rows(5, kind).x) / unit, back / unit, atol=1e-5)


@needs_tensorflow
def test_noise_is_not_learned_as_signal():
    train, valid = rows(1, "binary", 400, 0.0), rows(2, "binary", 400, 0.0)
    net = KerasNet.fit("binary", train, valid, SPACE.first, 3, BUDGET)
    assert net.predict(rows(9, "binary").x).std() < 0.12


@needs_tensorflow
def test_every_parameter_of_the_space_is_listened_to():
    train = rows(1, "binary", 120)
    other = {"width": "64", "depth": "1", "dropout": "0.5", "learning_rate": 0.01, "l2": 0.01}
    assert other.keys() == SPACE.ranges.keys()
    tried = [SPACE.first] + [dict(SPACE.first) | {name: value} for name, value in other.items()]
    texts = {
        KerasNet.fit("binary", train, None, params, 3, Budget(max_rounds=2)).to_text()
        for params in tried
    }
    assert len(texts) == len(tried)


def test_without_tensorflow_no_network_is_trained_and_the_reason_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(NotTrainable, match="tensorflow is not installed"):
        runtime.backend.__wrapped__()


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_one_row_predicts_what_it_predicts_among_many(kind):
    net, x = KerasNet.from_text(untrained_text(1, kind)), rows(4, kind, 200).x
    alone = [net.predict(x[i : i + 1])[0] for i in range(len(x))]
    np.testing.assert_array_equal(alone, net.predict(x))
    assert net.predict(x[:0]).shape == (0,)
    assert np.unique(alone).size > 150


def test_the_registry_knows_the_family_and_its_own_space():
    assert space_of("keras", Space({})) is SPACE
    assert load_booster("keras", untrained_text(1)).rounds == 3


def test_a_wrong_number_of_features_is_refused():
    with pytest.raises(ValueError, match="features must be"):
        KerasNet.from_text(untrained_text(1)).predict(np.zeros((3, 4)))


def test_a_changed_character_is_seen_on_loading():
    text = untrained_text(1)
    for old, new in (('"rounds":3', '"rounds":4'), ('"dilation":1', '"dilation":2')):
        assert old in text
        with pytest.raises(AlteredModel, match="checksum"):
            KerasNet.from_text(text.replace(old, new, 1))
    place = text.index('"data":"') + 20
    other = "A" if text[place] != "A" else "B"
    with pytest.raises(AlteredModel, match="checksum"):
        KerasNet.from_text(text[:place] + other + text[place + 1 :])
    for broken in (text[:-1], text + " ", "{}", "[]", ""):
        with pytest.raises(AlteredModel):
            KerasNet.from_text(broken)


@needs_tensorflow
def test_the_best_epoch_is_the_one_of_the_lowest_validation_loss():
    train, valid = rows(1, "binary", 300, 0.4), rows(2, "binary", 300, 0.4)
    preparation = fit_preparation(train.x)
    pair = [Sample(preparation.apply(part.x), part.y) for part in (train, valid)]
    trained = train_dense("binary", *pair, SPACE.first, 3, Budget(max_rounds=60, patience=5))
    assert trained.epochs == 1 + int(np.argmin(trained.losses))
    assert len(trained.losses) == trained.epochs + 5
