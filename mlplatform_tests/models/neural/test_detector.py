import numpy as np
import pytest

from mlplatform.models.errors import AlteredModel
from mlplatform.models.neural.detector import VARIANTS, Detector, DetectorConfig, train_detector
from mlplatform.models.neural.preparation import fit_preparation
from mlplatform.models.neural.training import Sample, export
from mlplatform_tests.models.neural.planted import (
    detector_rows,
    needs_tensorflow,
    untrained_detector_text,
    untrained_text,
)


@needs_tensorflow
@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_numpy_scores_what_keras_scores(variant):
    data = detector_rows(1, 300, 1.0, 0.0)
    config = DetectorConfig(variant, max_epochs=3)
    flat = data.windows.reshape(300, -1)
    x = fit_preparation(flat).apply(flat).reshape(data.windows.shape)
    trained = train_detector(Sample(x, data.y), None, config, 5)
    told = np.asarray(trained.model(x.astype(np.float32), training=False))[:, 0]
    np.testing.assert_allclose(export(trained)(x), told, rtol=0, atol=1e-5)
    detector = Detector.fit(data.windows, data.y, None, config, 5)
    np.testing.assert_allclose(detector.predict(data.windows), 1 / (1 + np.exp(-told)), atol=1e-5)
    assert detector.variant == variant


@needs_tensorflow
def test_text_and_seed_decide_every_bit():
    data, config = detector_rows(1, 300, 1.0, 0.0), DetectorConfig(max_epochs=3)
    valid = data.windows[:80], data.y[:80]
    first, again, other = (
        Detector.fit(data.windows[100:], data.y[100:], valid, config, seed) for seed in (5, 5, 6)
    )
    assert first.to_text() == again.to_text()
    assert first.to_text() != other.to_text()
    loaded = Detector.from_text(first.to_text())
    np.testing.assert_array_equal(loaded.predict(data.windows), first.predict(data.windows))


def test_one_window_scores_what_it_scores_among_many():
    detector = Detector.from_text(untrained_detector_text(2))
    windows = np.random.default_rng(3).normal(size=(150, 20, 5))
    alone = [detector.predict(windows[i : i + 1])[0] for i in range(150)]
    np.testing.assert_array_equal(alone, detector.predict(windows))


def test_another_text_or_another_window_is_refused():
    text = untrained_detector_text(2)
    with pytest.raises(AlteredModel, match="not a setup detector"):
        Detector.from_text(untrained_text(1))
    with pytest.raises(AlteredModel, match="checksum"):
        Detector.from_text(text.replace('"bars":20', '"bars":19'))
    for shape in ((3, 19, 5), (3, 20, 4), (20, 5)):
        with pytest.raises(ValueError):
            Detector.from_text(text).predict(np.zeros(shape))
