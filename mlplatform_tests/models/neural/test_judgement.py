from dataclasses import replace

import numpy as np
import pytest

from mlplatform.models.errors import NotTrainable
from mlplatform.models.neural.detector import DetectorConfig
from mlplatform.models.neural.judgement import (
    JudgementConfig,
    gain_low,
    hour_rates,
    judge_detector,
)
from mlplatform_tests.models.neural.planted import detector_rows, needs_tensorflow

CONFIG = JudgementConfig(resamples=300, detector=DetectorConfig(max_epochs=20))


@needs_tensorflow
def test_a_planted_picture_is_found():
    _, verdict = judge_detector(detector_rows(1, 4000, 0.8, 0.0), CONFIG, 7)
    assert verdict.has_skill
    assert verdict.sentence().startswith("skill: ")
    assert verdict.auc > 0.65
    assert verdict.log_loss < min(verdict.log_loss_base_rate, verdict.log_loss_hour)


@needs_tensorflow
@pytest.mark.parametrize("clock", [0.0, 0.8])
def test_noise_and_the_hour_of_day_are_no_skill(clock):
    _, verdict = judge_detector(detector_rows(1, 2000, 0.0, clock), CONFIG, 7)
    assert not verdict.has_skill
    assert verdict.sentence().startswith("no skill: ")
    assert "left out" in verdict.sentence()
    if clock:
        assert verdict.log_loss_hour < verdict.log_loss_base_rate - 0.02
        assert verdict.auc_hour > 0.6


@needs_tensorflow
def test_beating_the_base_rate_alone_is_no_skill():
    """The window shows the hour, and nothing else: the clock knows as much without a network."""
    rows = detector_rows(1, 2000, 0.0, 1.0)
    windows = np.zeros_like(rows.windows)
    windows[:, :, 4] = np.where(rows.hour < 11, 1.0, -1.0)[:, None]
    _, verdict = judge_detector(replace(rows, windows=windows), CONFIG, 7)
    assert verdict.gain_over_base_rate_low > 0.0
    assert not verdict.has_skill


@needs_tensorflow
def test_what_is_tested_never_trains():
    rows = detector_rows(1, 800, 0.7, 0.0)
    start = len(rows.y) - round(len(rows.y) * CONFIG.test_frac)
    config = replace(CONFIG, detector=DetectorConfig(max_epochs=2))
    first, _ = judge_detector(rows, config, 7)
    windows, y = rows.windows.copy(), rows.y.copy()
    windows[start:], y[start:] = -windows[start:], 1.0 - y[start:]
    # A label that reaches into the tested rows does not train either.
    ends = rows.label_end_ts.copy()
    ends[start - 40 : start] = rows.decision_ts[start] + 1
    purged, verdict = judge_detector(replace(rows, label_end_ts=ends), config, 7)
    assert verdict.train_rows <= start - 40
    second, _ = judge_detector(replace(rows, windows=windows, y=y), config, 7)
    assert second.to_text() == first.to_text()
    assert purged.to_text() != first.to_text()


def test_too_few_rows_or_one_class_give_no_detector():
    rows = detector_rows(1, 800, 0.7, 0.0)
    with pytest.raises(NotTrainable, match="losers"):
        judge_detector(replace(rows, y=np.ones(800)), CONFIG, 7)
    with pytest.raises(NotTrainable, match="at least 200"):
        judge_detector(detector_rows(1, 199, 0.7, 0.0), CONFIG, 7)


def test_a_rare_hour_says_little_and_a_common_one_speaks():
    hour = np.array([9] * 400 + [15])
    y = np.array([1.0] * 300 + [0.0] * 100 + [1.0])
    rates = hour_rates(hour, y)
    assert rates[9] == pytest.approx(0.75, abs=0.001)
    assert rates[15] == pytest.approx((1 + 20 * y.mean()) / 21)
    assert rates[3] == pytest.approx(y.mean())


def test_the_bound_draws_days_not_rows():
    """Eight days, each of one opinion: a thousand rows are no more than eight witnesses."""
    day = np.repeat(np.arange(8), 125)
    gain = np.where(day < 5, 1.0, -1.0).astype(float)
    low = gain_low(gain, day, CONFIG, 3)
    assert gain.mean() == 0.25
    assert -0.6 < low < 0.0
    assert gain_low(gain, np.arange(1000), CONFIG, 3) > 0.15
    assert gain_low(gain, day, CONFIG, 3) == low
