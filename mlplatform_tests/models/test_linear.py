"""The sparse linear member: it finds few features, minds gaps and outliers, and keeps its bits."""

import numpy as np
import pytest

from mlplatform.models.arrays import Rows
from mlplatform.models.families import Budget, families_for, family_of, known_families, load_booster
from mlplatform.models.linear import SPACE, SparseLogistic
from mlplatform.models.scores import auc

GOOD = SPACE.first or {}


def drawn(rows: int = 600, features: int = 40, seed: int = 1) -> Rows:
    """Two of many features carry the log odds; one of them has gaps."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features))
    odds = 1.2 * x[:, 3] - 0.8 * x[:, 7]
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-odds))).astype(np.float64)
    x[rng.random(rows) < 0.1, 7] = np.nan
    return Rows(x, y)


def fitted(rows: Rows, **budget: float) -> SparseLogistic:
    return SparseLogistic.fit("binary", rows, None, GOOD, 5, Budget(**budget))  # type: ignore[arg-type]


def test_a_planted_linear_effect_is_found_and_most_other_features_count_nothing() -> None:
    model, fresh = fitted(drawn()), drawn(seed=2)
    assert auc(fresh.y, model.predict(fresh.x)) > 0.75
    size = np.abs(model.coefficients)
    assert set(np.argsort(size)[-2:]) == {3, 7}
    assert model.coefficients[3] > 0 > model.coefficients[7]
    assert (size == 0.0).sum() > 20


def test_a_stronger_penalty_keeps_fewer_features() -> None:
    rows = drawn()
    kept = [
        np.count_nonzero(
            SparseLogistic.fit(
                "binary", rows, None, {"inverse_penalty": c}, 5, Budget()
            ).coefficients
        )
        for c in (0.01, 0.3)
    ]
    assert kept[0] < kept[1]


def test_the_same_rows_and_seed_give_the_same_bits_and_text_keeps_them() -> None:
    model, rows = fitted(drawn()), drawn(seed=3)
    again = load_booster("linear", fitted(drawn()).to_text())
    assert again == model
    assert again.predict(rows.x).tobytes() == model.predict(rows.x).tobytes()
    one = np.concatenate([model.predict(rows.x[i : i + 1]) for i in range(len(rows.y))])
    assert one.tobytes() == model.predict(rows.x).tobytes()


def test_a_gap_counts_as_the_mean_and_an_outlier_as_five_deviations() -> None:
    model, row = fitted(drawn()), np.zeros((3, 40))
    row[:] = model.mean
    row[1, 3] = np.nan
    row[2, 3] = 1e12
    usual, gap, far = model.predict(row)
    assert gap == usual
    assert 0.5 < far < 1.0 - 1e-4


def test_a_constant_and_an_empty_feature_do_no_harm() -> None:
    rows = drawn()
    rows.x[:, 0], rows.x[:, 1] = 4.0, np.nan
    model = fitted(rows)
    assert model.coefficients[0] == model.coefficients[1] == 0.0
    assert np.isfinite(model.predict(rows.x)).all()


def test_weights_of_winners_raise_the_probability() -> None:
    rows = drawn()
    assert fitted(rows, win_weight=4.0).predict(rows.x).mean() > fitted(rows).predict(rows.x).mean()


def test_it_stands_in_the_entrys_stack_and_not_in_the_stops() -> None:
    assert "linear" in known_families()
    assert family_of("linear") is SparseLogistic
    assert families_for("binary", ("lightgbm", "linear")) == ("lightgbm", "linear")
    assert families_for("regression", ("lightgbm", "linear")) == ("lightgbm",)
    assert families_for("regression", ("linear",)) == ("lightgbm",)
    with pytest.raises(ValueError, match="probabilities only"):
        SparseLogistic.fit("regression", drawn(), None, GOOD, 1, Budget())
