"""The probability of backtest overfitting."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.metrics.overfitting import BLOCKS, overfitting_probability
from mlplatform.metrics.undefined import Undefined


def _slowly(daily: np.ndarray, blocks: int) -> float:
    """The same, split by split in plain words."""
    parts = np.array_split(np.arange(len(daily)), blocks)
    worse = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[b] for b in chosen])
        outside = np.setdiff1d(np.arange(len(daily)), inside)
        ratio = [
            daily[half].mean(axis=0) / daily[half].std(axis=0, ddof=1) for half in (inside, outside)
        ]
        best = int(np.argmax(ratio[0]))
        rank = 1 + int((ratio[1] < ratio[1][best]).sum())
        worse.append(rank < (daily.shape[1] + 1) / 2)
    return float(np.mean(worse))


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(24, 90))
def test_it_agrees_with_the_slow_way(seed: int, variants: int, days: int) -> None:
    daily = np.random.default_rng(seed).normal(0.05, 1.0, (days, variants))
    assert overfitting_probability(daily, 6) == pytest.approx(_slowly(daily, 6), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_purgedcv(seed: int) -> None:
    theirs = pytest.importorskip("purgedcv", reason="purgedcv is not installed")
    daily = np.random.default_rng(seed).normal(0.03, 1.0, (203, 8))
    daily[:, 3] = daily[:, 2]
    daily[:, 5] = 0.0
    told = theirs.probability_of_backtest_overfitting(daily.T, 8)
    assert overfitting_probability(daily, 8) == pytest.approx(told.pbo, abs=1e-12)


def test_one_variant_that_is_truly_better_is_a_sound_choice() -> None:
    daily = np.random.default_rng(1).normal(0.0, 1.0, (800, 12))
    daily[:, 4] += 0.5
    assert overfitting_probability(daily) == 0.0


def test_among_equal_variants_the_choice_is_worth_nothing() -> None:
    rng = np.random.default_rng(2)
    found = [overfitting_probability(rng.normal(0.0, 1.0, (320, 10)), 8) for _ in range(40)]
    assert np.mean([f for f in found if not isinstance(f, Undefined)]) == pytest.approx(
        0.5, abs=0.1
    )


def test_what_was_good_and_turns_bad_is_called_overfitting() -> None:
    """Each variant's days sum to nothing: best on one half means worst on the other."""
    daily = np.random.default_rng(3).normal(0.0, 1.0, (400, 10))
    assert overfitting_probability(daily - daily.mean(axis=0), 8) > 0.9  # type: ignore[operator]


@pytest.mark.parametrize(
    "shape", [(4 * BLOCKS, 1), (4 * BLOCKS, 0), (4 * BLOCKS - 1, 5), (0, 0)], ids=str
)
def test_too_little_says_why(shape: tuple[int, int]) -> None:
    daily = np.random.default_rng(4).normal(size=shape)
    assert isinstance(overfitting_probability(daily), Undefined)


def test_variants_that_never_vary_leave_no_choice() -> None:
    for daily in (np.zeros((64, 3)), np.full((64, 3), 0.1)):
        assert isinstance(overfitting_probability(daily), Undefined)
