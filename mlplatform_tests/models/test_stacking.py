"""The meta-learner: who knows more counts more, and little data changes little."""

import numpy as np
import pytest
from scipy.optimize import minimize

from mlplatform.models.scores import log_odds
from mlplatform.models.stacking import StackConfig, pooled, stack_weights

CONFIG = StackConfig(learn=True)


def _parts(n: int, noises: tuple[float, ...], kind: str, seed: int = 0):
    """A truth and families that see it through noise of their own."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    seen = [truth + noise * rng.normal(size=n) for noise in noises]
    if kind == "regression":
        return truth + rng.normal(size=n), seen
    won = rng.random(n) < 1.0 / (1.0 + np.exp(-truth))
    return won.astype(float), [1.0 / (1.0 + np.exp(-s)) for s in seen]


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_the_family_that_knows_more_counts_more_and_noise_counts_nothing(kind):
    y, parts = _parts(4000, (0.2, 3.0, 0.2), kind)
    weights = stack_weights(kind, y, parts, CONFIG)
    assert sum(weights) == pytest.approx(1.0)
    assert min(weights) >= 0.0
    assert weights[1] < 0.03
    assert weights[0] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_weights_are_the_minimum_that_a_general_solver_finds(kind):
    y, parts = _parts(300, (0.4, 0.8, 1.5), kind, seed=3)
    z = np.column_stack([log_odds(p) if kind == "binary" else p for p in parts])
    noise = float(np.mean((y - z.mean(axis=1)) ** 2)) if kind == "regression" else 1.0

    def loss(w):
        told = z @ w
        mean = (
            np.mean((y - told) ** 2) / 2
            if kind == "regression"
            else np.mean(np.logaddexp(0, told) - y * told)
        )
        return mean + noise / (0.25**2 * len(y)) * ((w - 1 / 3) ** 2).sum() / 2

    whole = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
    found = minimize(loss, np.full(3, 1 / 3), bounds=[(0, 1)] * 3, constraints=[whole], tol=1e-12)
    np.testing.assert_allclose(stack_weights(kind, y, parts, CONFIG), found.x, atol=1e-4)


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_few_rows_keep_equal_weights_and_some_rows_stay_near_them(kind):
    y, parts = _parts(99, (0.2, 3.0), kind)
    assert stack_weights(kind, y, parts, CONFIG) == (0.5, 0.5)
    y, parts = _parts(6000, (0.5, 0.8), kind)
    pulls = [
        abs(stack_weights(kind, y[:n], [p[:n] for p in parts], CONFIG)[0] - 0.5)
        for n in (100, 6000)
    ]
    free = [
        abs(stack_weights(kind, y[:n], [p[:n] for p in parts], StackConfig(True, 0, 1e3))[0] - 0.5)
        for n in (100, 6000)
    ]
    assert pulls[1] == pytest.approx(free[1], abs=0.05)
    assert pulls[0] < free[0] or pulls[0] < 0.1


def test_on_noise_weights_stay_near_equal():
    rng = np.random.default_rng(5)
    spans = []
    for _ in range(20):
        parts = [0.02 * rng.normal(size=600) for _ in range(2)]
        weights = stack_weights("regression", rng.normal(size=600), parts, CONFIG)
        spans.append(abs(weights[0] - 0.5))
    assert np.mean(spans) < 0.05


def test_rows_that_weigh_more_decide_more():
    y, parts = _parts(2000, (0.3, 0.3), "binary")
    parts[0][1000:] = 1.0 - parts[0][1000:]
    parts[1][:1000] = 1.0 - parts[1][:1000]
    heavy = np.where(np.arange(2000) < 1000, 9.0, 1.0)
    assert stack_weights("binary", y, parts, CONFIG, heavy)[0] > 0.8
    assert stack_weights("binary", y, parts, CONFIG, heavy[::-1])[0] < 0.2


def test_probabilities_are_pooled_by_log_odds_and_values_by_themselves():
    half, sure = np.array([0.5]), np.array([0.9])
    assert pooled("binary", [half, sure], (0.5, 0.5))[0] == pytest.approx(0.75)
    assert pooled("regression", [half, sure], (0.25, 0.75))[0] == pytest.approx(0.8)


def test_families_that_say_the_same_and_perfect_ones_count_the_same():
    y, parts = _parts(500, (0.5,), "regression")
    assert stack_weights("regression", y, parts * 2, CONFIG) == pytest.approx((0.5, 0.5))
    assert stack_weights("regression", y, [y, y], CONFIG) == (0.5, 0.5)
    assert stack_weights("regression", y, parts, CONFIG) == (1.0,)


def test_weights_that_are_not_asked_for_are_equal():
    y, parts = _parts(4000, (0.2, 3.0), "regression")
    assert stack_weights("regression", y, parts, StackConfig(learn=False)) == (0.5, 0.5)
