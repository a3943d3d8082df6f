"""How sure a score is, and whether probabilities mean what they say, bin by bin."""

import numpy as np
import pytest

from mlplatform.models.intervals import bootstrap_intervals, reliability_curve
from mlplatform.models.scores import auc, log_loss, squared_error

DAY_US = 86_400_000_000


def _slice(days: int, per_day: int, seed: int, shared: float = 0.0):
    """Wins of honest probabilities; `shared` is how much a whole day leans to one side."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.2, 0.8, days * per_day)
    lean = np.repeat(rng.normal(size=days), per_day) * shared
    odds = np.log(p / (1 - p)) + lean
    y = (rng.random(len(p)) < 1 / (1 + np.exp(-odds))).astype(float)
    ts = np.repeat(np.arange(days), per_day) * DAY_US + np.tile(np.arange(per_day), days)
    return y, p, ts


def test_intervals_hold_the_score_of_all_days_and_narrow_with_more_of_them():
    widths = []
    for days in (20, 320):
        y, p, ts = _slice(days, 8, 1)
        found = bootstrap_intervals(y, p, p, ts, seed=3)
        assert found.days == days
        assert found.auc.low < auc(y, p) < found.auc.high
        assert found.brier.low < squared_error(y, p) < found.brier.high
        assert found.log_loss.low < log_loss(y, p) < found.log_loss.high
        widths.append(found.log_loss.high - found.log_loss.low)
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.5)


def test_nine_in_ten_intervals_hold_the_truth():
    truth = np.mean([log_loss(*_slice(200, 8, seed)[:2]) for seed in range(100, 120)])
    held = 0
    for seed in range(100):
        y, p, ts = _slice(40, 8, seed)
        found = bootstrap_intervals(y, p, p, ts, seed, draws=100).log_loss
        held += found.low <= truth <= found.high
    assert 80 <= held <= 98


def test_days_that_lean_make_intervals_wider_than_rows_would():
    y, p, ts = _slice(60, 20, 4, shared=1.5)
    said = np.full(len(y), 0.7)
    by_day = bootstrap_intervals(y, p, said, ts, seed=3).brier
    by_row = bootstrap_intervals(y, p, said, np.arange(len(y)) * DAY_US, seed=3).brier
    assert by_day.high - by_day.low > 1.3 * (by_row.high - by_row.low)


def test_auc_counts_ties_half_whatever_days_are_drawn():
    y, _, ts = _slice(30, 6, 2)
    found = bootstrap_intervals(y, np.zeros(len(y)), np.full(len(y), 0.5), ts, seed=1)
    assert (found.auc.low, found.auc.high) == (0.5, 0.5)


def test_the_seed_decides_and_too_few_days_or_one_outcome_have_no_interval():
    y, p, ts = _slice(30, 6, 2)
    assert bootstrap_intervals(y, p, p, ts, 1) == bootstrap_intervals(y, p, p, ts, 1)
    assert bootstrap_intervals(y, p, p, ts, 1) != bootstrap_intervals(y, p, p, ts, 2)
    assert bootstrap_intervals(y[:24], p[:24], p[:24], ts[:24], 1) is None
    assert bootstrap_intervals(np.ones(len(y)), p, p, ts, 1) is None


def test_a_reliability_curve_shows_where_probabilities_are_too_high():
    y, p, _ = _slice(400, 25, 5)
    honest = reliability_curve(y, p)
    assert [b.rows for b in honest] == [1000] * 10
    assert all(abs(b.mean_probability - b.win_frac) < 0.06 for b in honest)
    assert sum(b.win_frac * b.rows for b in honest) == pytest.approx(y.sum())
    proud = reliability_curve(y, p**0.5)
    assert all(b.mean_probability > b.win_frac + 0.05 for b in proud[:7])


def test_equal_probabilities_share_a_bin():
    (only,) = reliability_curve(np.array([1.0, 0.0, 0.0, 1.0]), np.full(4, 0.3))
    assert (only.rows, only.win_frac) == (4, 0.5)
