import numpy as np
import pytest

from mlplatform.models.arrays import Rows
from mlplatform.models.boosting import FAMILIES, SPACE, Budget, load_booster
from mlplatform.models.scores import auc, squared_error

BUDGET = Budget(max_rounds=60)


def _rows(seed: int, kind: str, signal: float = 1.0) -> Rows:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(600, 5))
    x[rng.random(x.shape) < 0.05] = np.nan
    y = signal * np.nan_to_num(x[:, 2]) + rng.normal(size=600)
    return Rows(x, y if kind == "regression" else (y > 0).astype(np.float64))


@pytest.fixture(params=sorted(FAMILIES))
def family(request):
    return FAMILIES[request.param]


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_the_signal_is_learned_and_gaps_are_read_as_gaps(family, kind):
    train, other = _rows(1, kind), _rows(2, kind)
    booster = family.fit(kind, train, None, SPACE.first, 3, BUDGET)
    predicted = booster.predict(other.x)
    assert predicted.shape == (600,)
    assert np.corrcoef(predicted, other.y)[0, 1] > 0.4
    if kind == "binary":
        assert ((predicted > 0) & (predicted < 1)).all()
        assert auc(other.y, predicted) > 0.7


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_text_and_seed_decide_every_bit(family, kind):
    train, valid = _rows(1, kind), _rows(2, kind)
    first = family.fit(kind, train, valid, SPACE.first, 3, BUDGET)
    again = family.fit(kind, train, valid, SPACE.first, 3, BUDGET)
    other = family.fit(kind, train, valid, SPACE.first, 4, BUDGET)
    assert first.to_text() == again.to_text()
    assert first.to_text() != other.to_text()
    loaded = load_booster(family.family, first.to_text())
    assert loaded.to_text() == first.to_text()
    np.testing.assert_array_equal(loaded.predict(valid.x), first.predict(valid.x))
    assert loaded.rounds == first.rounds


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_trials_on_shared_bins_are_those_of_bins_of_their_own(family, kind):
    train, valid = _rows(1, kind), _rows(2, kind)
    budget = Budget(max_rounds=30, win_weight=2.0)
    others = (SPACE.first | {"depth": 4, "min_leaf_frac": 0.02}, SPACE.first | {"l2": 80.0})
    for held in (valid, None):
        fit = family.prepared(kind, train, held, 3, budget)
        for params in (SPACE.first, *others, SPACE.first):
            alone = family.fit(kind, train, held, params, 3, budget)
            assert fit(params).to_text() == alone.to_text()


def test_one_row_predicts_what_it_predicts_among_many(family):
    rows = _rows(1, "binary")
    booster = family.fit("binary", rows, None, SPACE.first, 3, BUDGET)
    alone = [booster.predict(rows.x[i : i + 1])[0] for i in range(40)]
    np.testing.assert_array_equal(alone, booster.predict(rows.x)[:40])


def test_early_stopping_keeps_the_best_round(family):
    train, valid = _rows(1, "regression", signal=0.2), _rows(2, "regression", signal=0.2)

    def grow(rounds: int):
        return family.fit("regression", train, None, SPACE.first, 3, Budget(max_rounds=rounds))

    stopped = family.fit("regression", train, valid, SPACE.first, 3, BUDGET)
    assert stopped.rounds < 60
    assert grow(60).rounds == 60
    np.testing.assert_array_equal(stopped.predict(valid.x), grow(stopped.rounds).predict(valid.x))
    best = squared_error(valid.y, stopped.predict(valid.x))
    for rounds in (stopped.rounds - 1, stopped.rounds + 1, stopped.rounds + BUDGET.patience):
        assert squared_error(valid.y, grow(rounds).predict(valid.x)) > best


def test_an_unknown_family_is_not_loaded():
    with pytest.raises(KeyError):
        load_booster("oracle", "")
