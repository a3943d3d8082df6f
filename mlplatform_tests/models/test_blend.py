import numpy as np
import pytest
from optuna.storages import InMemoryStorage

from mlplatform.models.arrays import Rows
from mlplatform.models.blend import fit_blend, plan_blend
from mlplatform.models.boosting import FAMILIES, Budget
from mlplatform.models.errors import NotTrainable
from mlplatform.models.tuning import Tuner

BUDGET = Budget(max_rounds=40)


def _rows(seed: int, rows: int = 200) -> Rows:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    return Rows(x, x[:, 0] + rng.normal(size=rows))


def _plan(tuner: Tuner, folds=None):
    folds = folds or [(_rows(1), _rows(2)), (_rows(3), _rows(4))]
    return plan_blend(folds, "regression", list(FAMILIES), BUDGET, tuner)


def test_a_blend_predicts_the_mean_of_its_families():
    blend = fit_blend(_rows(1), _plan(Tuner((1,), 2)), BUDGET, Tuner((1,), 2))
    assert [member.family for member in blend.members] == ["lightgbm", "xgboost"]
    x = _rows(5).x
    each = [member.predict(x) for member in blend.members]
    np.testing.assert_array_equal(blend.predict(x), (each[0] + each[1]) / 2)


def test_families_share_the_trials_and_all_are_counted():
    plan = _plan(Tuner((1,), 5))
    assert [len(member.trials) for member in plan.members] == [3, 2]
    assert plan.trials_run == 5


def test_a_plan_from_stored_trials_is_the_plan_that_was_tuned():
    tuner = Tuner((1,), 4, InMemoryStorage(), "blend")
    assert _plan(tuner) == _plan(tuner) == _plan(Tuner((1,), 4))


def test_a_family_grows_as_many_rounds_as_its_folds_stopped_at():
    fold = (_rows(1), _rows(2))
    plan = _plan(Tuner((1,), 2), [fold])
    for member, booster in zip(
        plan.members, fit_blend(_rows(1), plan, BUDGET, Tuner((1,), 2)).members, strict=True
    ):
        assert booster.rounds == member.rounds
        assert 1 < member.rounds <= 40
        error = float(np.mean((fold[1].y - booster.predict(fold[1].x)) ** 2))
        # Same rows, seed and rounds as in the fold.
        assert error == pytest.approx(member.loss, rel=1e-9)


def test_folds_without_two_outcomes_are_no_folds():
    flat = Rows(_rows(1).x, np.zeros(200))
    with pytest.raises(NotTrainable, match="both outcomes"):
        _plan(Tuner((1,), 2), [(flat, _rows(2)), (_rows(1), _rows(2, 0))])
