"""Probabilistic and deflated Sharpe ratio: the published example, the library, the edges."""

import json
from pathlib import Path

import numpy as np
import pytest

from mlplatform.metrics.sharpe import (
    Moments,
    deflated_sharpe,
    expected_best_sharpe,
    moments_of,
    probabilistic_sharpe,
    sharpe_variance,
)
from mlplatform.metrics.undefined import Undefined

CASES = Path(__file__).parents[3] / "shared" / "oracles" / "dsr"
VARIANCE = 0.5 / 250
PUBLISHED = Moments(2.5 / np.sqrt(250), 1_250, skew=-3.0, kurtosis=10.0)


def test_the_published_example_is_reproduced() -> None:
    """Bailey and Lopez de Prado (2014), numerical example: SR0 0.1132, DSR 0.9004."""
    assert expected_best_sharpe(100, VARIANCE) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(PUBLISHED, 100, VARIANCE) == pytest.approx(0.9004, abs=5e-5)


def test_the_shared_cases_agree() -> None:
    path = CASES / "deflated_sharpe_bailey_ldp_2014.json"
    if not path.exists():
        pytest.skip("the shared references are not on this machine")
    case = json.loads(path.read_text())
    told = case["recomputed"]
    assert expected_best_sharpe(100, VARIANCE) == pytest.approx(told["SR0_per_period"], rel=1e-12)
    assert deflated_sharpe(PUBLISHED, 100, VARIANCE) == pytest.approx(told["DSR"], rel=1e-12)
    for row in case["variants"]:
        of = Moments(PUBLISHED.sharpe, PUBLISHED.days, row["skew"], row["kurtosis"])
        assert expected_best_sharpe(row["N"], VARIANCE) == pytest.approx(row["SR0"], rel=1e-12)
        assert deflated_sharpe(of, row["N"], VARIANCE) == pytest.approx(row["DSR"], rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_purgedcv(seed: int) -> None:
    """Their Sharpe ratio divides by the population's deviation, ours by the sample's."""
    theirs = pytest.importorskip("purgedcv", reason="purgedcv is not installed")
    r = np.random.default_rng(seed).standard_t(5, 400) / 100 + 0.0005
    of = moments_of(r)
    assert isinstance(of, Moments)
    same = Moments(of.sharpe * np.sqrt(400 / 399), of.days, of.skew, of.kurtosis)
    ours = probabilistic_sharpe(same), deflated_sharpe(same, 30, 0.002)
    assert ours[0] == pytest.approx(theirs.probabilistic_sharpe_ratio(r, 0.0), rel=1e-9)
    assert ours[1] == pytest.approx(theirs.deflated_sharpe_ratio(r, 30, 0.002), rel=1e-9)


def test_the_best_of_more_trials_needs_a_higher_ratio() -> None:
    needed = [expected_best_sharpe(trials, VARIANCE) for trials in (1, 2, 10, 100, 1_000)]
    assert needed[0] == 0.0
    assert needed == sorted(set(needed))


@pytest.mark.parametrize("trials", [100, 1_000])
def test_it_is_what_the_best_of_so_many_draws_shows(trials: int) -> None:
    draws = np.random.default_rng(1).normal(0, np.sqrt(VARIANCE), (5_000, trials))
    assert expected_best_sharpe(trials, VARIANCE) == pytest.approx(
        draws.max(axis=1).mean(), rel=0.02
    )


def test_the_variance_is_that_of_estimated_ratios() -> None:
    """Of normal returns with a true daily ratio of 0.3, over 250 days."""
    r = np.random.default_rng(2).normal(0.3, 1.0, (20_000, 250))
    seen = np.var(r.mean(axis=1) / r.std(axis=1, ddof=1))
    assert sharpe_variance(Moments(0.3, 250)) == pytest.approx(seen, rel=0.05)


def test_without_trials_deflated_is_probabilistic() -> None:
    assert deflated_sharpe(PUBLISHED, 1, VARIANCE) == probabilistic_sharpe(PUBLISHED)
    assert probabilistic_sharpe(Moments(0.0, 250)) == 0.5


@pytest.mark.parametrize("returns", [[], [0.1], [0.1, 0.2, 0.1], [0.1] * 30], ids=str)
def test_what_has_no_moments_says_why(returns: list[float]) -> None:
    assert isinstance(moments_of(np.array(returns)), Undefined)


def test_moments_that_the_formula_cannot_bear_say_why() -> None:
    assert isinstance(probabilistic_sharpe(Moments(2.0, 50, skew=5.0, kurtosis=3.0)), Undefined)
