import numpy as np
import pytest

from mlplatform.models.neural.preparation import Preparation, fit_preparation

NAN = np.nan


def test_gaps_take_the_median_and_are_flagged():
    x = np.array([[1.0, 5.0], [2.0, NAN], [9.0, 7.0], [4.0, 100.0]])
    prepared = fit_preparation(x)
    out = prepared.apply(x)
    assert prepared.width == 3
    filled = np.array([5.0, 7.0, 7.0, 100.0])
    np.testing.assert_allclose(out[:, 1], (filled - filled.mean()) / filled.std())
    assert out[:, 2].tolist() == [0.0, 1.0, 0.0, 0.0]
    np.testing.assert_allclose(out[:, :2].mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(out[:, :2].std(axis=0), 1.0)


def test_a_column_that_taught_nothing_is_not_listened_to():
    x = np.array([[0.1, NAN, 1.0], [0.1, NAN, 2.0], [0.1, NAN, 4.0]])
    prepared = fit_preparation(x)
    out = prepared.apply(np.array([[1e9, 1e9, 2.0], [NAN, NAN, NAN]]))
    assert out[:, :2].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert prepared.width == 3
    assert np.isfinite(out).all()


def test_a_wild_value_says_no_more_than_a_large_one():
    x = np.random.default_rng(1).normal(size=(100, 1))
    prepared = fit_preparation(x)
    far = prepared.apply(np.array([[1e6], [-1e6], [1e12]]))
    assert far[:, 0].tolist() == [6.0, -6.0, 6.0]


def test_other_rows_do_not_change_what_was_fitted():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 3))
    whole = fit_preparation(x)
    alone = whole.apply(x[:1])
    np.testing.assert_array_equal(whole.apply(np.vstack([x[:1], x * 1e4]))[:1], alone)


def test_json_keeps_every_bit():
    x = np.random.default_rng(1).normal(size=(50, 3)) / 3.0
    x[3, 1] = NAN
    prepared = fit_preparation(x)
    again = Preparation.from_json(prepared.to_json())
    np.testing.assert_array_equal(again.apply(x), prepared.apply(x))


def test_another_width_is_refused():
    with pytest.raises(ValueError, match=r"\(n, 3\)"):
        fit_preparation(np.ones((4, 3))).apply(np.ones((4, 2)))
