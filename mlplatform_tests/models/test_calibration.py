import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlplatform.models.calibration import Isotonic, Sigmoid, calibrate, fit_isotonic, fit_sigmoid
from mlplatform.models.scores import auc, log_loss, squared_error


def _slice(rows: int, truth, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.02, 0.98, rows)
    won = (rng.random(rows) < truth(score)).astype(np.float64)
    decision = np.arange(rows, dtype=np.int64) * 10
    return score, won, decision, decision + 15


def test_a_sigmoid_undoes_overconfidence():
    def truth(score):
        odds = 0.4 * np.log(score / (1.0 - score)) - 0.3
        return 1.0 / (1.0 + np.exp(-odds))

    score, won, *_ = _slice(20_000, truth)
    fitted = fit_sigmoid(score, won)
    assert fitted.slope == pytest.approx(0.4, abs=0.03)
    assert fitted.intercept == pytest.approx(-0.3, abs=0.05)


def test_a_sigmoid_is_the_logistic_fit_to_smoothed_targets():
    score, won, *_ = _slice(150, lambda s: s**2)
    wins, losses = won.sum(), (1.0 - won).sum()
    target = np.where(won > 0, (wins + 1) / (wins + 2), 1 / (losses + 2))
    z = np.log(score / (1.0 - score))
    reference = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        np.tile(z, 2)[:, None],
        np.repeat([1, 0], 150),
        sample_weight=np.concatenate([target, 1.0 - target]),
    )
    fitted = fit_sigmoid(score, won)
    assert fitted.slope == pytest.approx(reference.coef_[0, 0], rel=1e-4)
    assert fitted.intercept == pytest.approx(reference.intercept_[0], rel=1e-4)


def test_a_constant_score_and_a_single_class_are_calibrated_to_something_uncertain():
    flat = fit_sigmoid(np.full(50, 0.3), np.repeat([1.0, 0.0], 25)).apply(np.array([0.3]))
    assert flat[0] == pytest.approx(0.5, abs=1e-6)
    lost = fit_sigmoid(np.linspace(0.1, 0.9, 50), np.zeros(50)).apply(np.array([0.9]))
    assert lost[0] == pytest.approx(1 / 52, abs=2e-3)


def test_a_score_that_ranks_the_wrong_way_stays_at_the_base_rate_and_keeps_its_order():
    score, won, *_ = _slice(500, lambda s: 1.0 - s)
    calibrated = fit_sigmoid(score, won).apply(score)
    np.testing.assert_allclose(calibrated, won.mean(), atol=0.03)
    assert calibrated.mean() == pytest.approx(won.mean(), abs=0.01)
    assert (np.diff(calibrated[np.argsort(score)]) >= 0.0).all()
    assert len(np.unique(calibrated)) > 100


def test_isotonic_rises_and_is_never_certain():
    score, won, *_ = _slice(300, lambda s: (s > 0.5).astype(float))
    calibrated = fit_isotonic(score, won).apply(np.linspace(0.0, 1.0, 200))
    assert (np.diff(calibrated) >= 0.0).all()
    assert calibrated[0] == pytest.approx(1 / 302)
    assert calibrated[-1] == pytest.approx(1 - 1 / 302)


def test_the_method_with_the_lower_brier_score_is_chosen():
    steps = _slice(3000, lambda s: np.where(s > 0.8, 0.9, np.where(s > 0.2, 0.5, 0.1)))
    smooth = _slice(400, lambda s: s)
    assert isinstance(calibrate(*steps).calibrator, Isotonic)
    assert isinstance(calibrate(*smooth).calibrator, Sigmoid)


def test_few_rows_are_only_calibrated_by_the_sigmoid():
    steps = _slice(199, lambda s: (s > 0.5).astype(float))
    assert isinstance(calibrate(*steps).calibrator, Sigmoid)
    assert isinstance(calibrate(*steps, isotonic_min_rows=199).calibrator, Isotonic)


def test_cross_checked_probabilities_do_not_know_their_own_row():
    score, won, decision, end = _slice(300, lambda s: s)
    before = calibrate(score, won, decision, end, isotonic_min_rows=10_000)
    won[:100] = 1.0 - won[:100]
    after = calibrate(score, won, decision, end, isotonic_min_rows=10_000)
    np.testing.assert_array_equal(before.cross_probability[:100], after.cross_probability[:100])
    np.testing.assert_array_equal(before.cross_base_rate[:100], after.cross_base_rate[:100])
    assert (before.cross_probability[100:] != after.cross_probability[100:]).all()


def test_rows_within_the_embargo_of_a_block_do_not_calibrate_it():
    score, won, decision, end = _slice(300, lambda s: s)
    near = calibrate(score, won, decision, end, 10_000, embargo=200)
    won[100:119] = 1.0 - won[100:119]  # decided within 200 after the first block's last label
    again = calibrate(score, won, decision, end, 10_000, embargo=200)
    np.testing.assert_array_equal(near.cross_probability[:100], again.cross_probability[:100])
    plain = calibrate(score, won, decision, end, 10_000)
    assert (plain.cross_probability[:100] != again.cross_probability[:100]).all()
    won[125] = 1.0 - won[125]
    beyond = calibrate(score, won, decision, end, 10_000, embargo=200)
    assert (beyond.cross_probability[:100] != again.cross_probability[:100]).all()


def test_scores_are_what_their_definitions_say():
    y, p = np.array([1.0, 0.0, 1.0]), np.array([0.8, 0.4, 0.4])
    assert squared_error(y, p) == pytest.approx((0.04 + 0.16 + 0.36) / 3)
    assert log_loss(y, p) == pytest.approx(-(np.log(0.8) + np.log(0.6) + np.log(0.4)) / 3)
    assert auc(y, p) == pytest.approx(0.75)
    with pytest.raises(ValueError, match="winners and losers"):
        auc(np.ones(3), p)
