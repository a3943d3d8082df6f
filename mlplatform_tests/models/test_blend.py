from dataclasses import replace

import numpy as np
import pytest
from optuna.storages import InMemoryStorage

from mlplatform.models.arrays import Rows
from mlplatform.models.blend import Blend, fit_blend, plan_blend, side_by_side, trials_of
from mlplatform.models.boosting import FAMILIES, Budget, LightGbm
from mlplatform.models.errors import NotTrainable
from mlplatform.models.families import load_booster, register_family
from mlplatform.models.stacking import StackConfig, stack_weights
from mlplatform.models.tuning import Tuner

BUDGET = Budget(max_rounds=40)
STACK = StackConfig(learn=True)


def _rows(seed: int, rows: int = 200) -> Rows:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    return Rows(x, x[:, 0] + rng.normal(size=rows))


def _plan(tuner: Tuner, folds=None):
    folds = folds or [(_rows(1), _rows(2)), (_rows(3), _rows(4))]
    return plan_blend(folds, "regression", list(FAMILIES), BUDGET, tuner, stack=STACK)


def test_a_blend_predicts_the_weighted_mean_of_its_families():
    blend = fit_blend(_rows(1), _plan(Tuner((1,), 2)), BUDGET, Tuner((1,), 2))
    assert [member.family for member in blend.members] == ["lightgbm", "xgboost"]
    x = _rows(5).x
    each = [member.predict(x) for member in blend.members]
    first, second = blend.weights
    assert first + second == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_array_equal(blend.predict(x), first * each[0] + second * each[1])


def test_without_weights_all_count_the_same_and_weights_that_are_none_are_refused():
    members = fit_blend(_rows(1), _plan(Tuner((1,), 2)), BUDGET, Tuner((1,), 2)).members
    x = _rows(5).x
    each = [member.predict(x) for member in members]
    np.testing.assert_allclose(Blend(members).predict(x), (each[0] + each[1]) / 2, rtol=1e-12)
    for wrong in ((1.0,), (0.7, 0.7), (1.2, -0.2)):
        with pytest.raises(ValueError, match="no weights"):
            Blend(members, weights=wrong)


def test_weights_are_learned_on_predictions_of_rows_that_were_not_fitted():
    """The planned family refitted on the fold, without its validation rows, gives the weights."""
    folds = [(_rows(1), _rows(2)), (_rows(3), _rows(4))]
    tuner = Tuner((1,), 4)
    plan = _plan(tuner, folds)
    parts = []
    for member in plan.members:
        grown = Budget(max_rounds=member.rounds)
        seed, family = tuner.part(member.family, 1).seed(), FAMILIES[member.family]
        fits = [family.fit("regression", t, None, member.params, seed, grown) for t, _ in folds]
        parts.append(
            np.concatenate([f.predict(v.x) for f, (_, v) in zip(fits, folds, strict=True)])
        )
    y = np.concatenate([v.y for _, v in folds])
    assert plan.weights == stack_weights("regression", y, parts, STACK)
    assert plan.stacked_rows == 400
    assert plan.family_weights == dict(zip(FAMILIES, plan.weights, strict=True))


class Constant:
    """A family that knows nothing but the mean."""

    family, rounds = "constant", 1

    def __init__(self, text: str) -> None:
        self.mean = float(text)

    @classmethod
    def fit(cls, kind, train, valid, params, seed, budget):
        return cls(repr(float(train.y.mean())))

    def predict(self, x):
        return np.full(len(x), self.mean)

    def to_text(self):
        return repr(self.mean)


def test_a_family_joins_by_name_and_one_that_knows_nothing_counts_little():
    register_family(Constant)
    folds = [(_rows(1), _rows(2)), (_rows(3), _rows(4))]
    tuner = Tuner((1,), 2)
    plan = plan_blend(folds, "regression", ["lightgbm", "constant"], BUDGET, tuner, stack=STACK)
    assert plan.family_weights["lightgbm"] > 0.9
    assert [type(m) for m in fit_blend(_rows(1), plan, BUDGET, tuner).members][1] is Constant
    assert load_booster("constant", "0.5").predict(np.zeros((2, 1))).tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match="another family"):
        register_family(LightGbm, "constant")


def test_families_share_the_trials_and_all_are_counted():
    plan = _plan(Tuner((1,), 5))
    assert [len(member.trials) for member in plan.members] == [3, 2]
    assert plan.trials_run == 5


def test_a_family_that_is_dear_has_few_trials_and_the_others_have_its_rest():
    class Dear(Constant):
        family, MOST_TRIALS = "dear", 2

    register_family(Dear)
    assert trials_of(["lightgbm", "xgboost", "dear"], 50) == [24, 24, 2]
    assert trials_of(["lightgbm", "dear", "xgboost"], 4) == [2, 1, 1]
    assert trials_of(["dear"], 50) == [2]
    assert trials_of(["lightgbm", "xgboost"], 1) == [1, 1]


def test_threads_change_neither_plan_nor_what_is_fitted():
    tuner = Tuner((1,), 6, InMemoryStorage(), "one")
    two = replace(tuner, storage=InMemoryStorage())
    threads = replace(BUDGET, threads=2)
    folds = [(_rows(1), _rows(2)), (_rows(3), _rows(4))]
    plan = plan_blend(folds, "regression", list(FAMILIES), threads, two, stack=STACK)
    assert plan == _plan(tuner)
    alone, together = (fit_blend(_rows(1), plan, b, tuner) for b in (BUDGET, threads))
    texts = [[member.to_text() for member in blend.members] for blend in (alone, together)]
    assert texts[0] == texts[1]


def test_the_first_family_that_fails_says_why_on_any_number_of_threads():
    def work(item):
        raise NotTrainable(f"item {item}")

    for threads in (1, 2):
        with pytest.raises(NotTrainable, match="item 3"):
            side_by_side(work, [3, 4, 5], threads)
    assert side_by_side(len, ["a", "bb", ""], 2) == [1, 2, 0]


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
