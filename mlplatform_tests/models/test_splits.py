import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.models.splits import Fold, purged_blocks, purged_folds, purged_holdout

rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), min_size=2, max_size=60)
embargoes = st.integers(0, 10)


def _times(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    gaps, lengths = np.array(pairs, dtype=np.int64).T
    decision = np.cumsum(gaps)
    return decision, decision + lengths


def _overlaps(decision: np.ndarray, end: np.ndarray, fold: Fold) -> bool:
    """By the definition, row by row: does a training label touch a validation label?"""
    return any(
        decision[t] <= end[v] and decision[v] <= end[t] for t in fold.train for v in fold.valid
    )


@given(rows, st.integers(1, 5), embargoes)
def test_no_training_label_of_a_fold_overlaps_the_tested_rows_or_the_embargo(pairs, n, embargo):
    decision, end = _times(pairs)
    for fold in purged_folds(decision, end, n, embargo):
        assert end[fold.train].max() < decision[fold.valid].min() - embargo
        assert not _overlaps(decision, end, fold)


@given(rows, st.floats(0.05, 0.95), embargoes)
def test_no_training_label_overlaps_the_holdout_or_the_embargo(pairs, frac, embargo):
    decision, end = _times(pairs)
    split = purged_holdout(decision, end, frac, embargo)
    if len(split.train) and len(split.valid):
        assert end[split.train].max() < decision[split.valid].min() - embargo
        assert not _overlaps(decision, end, split)


@given(rows, st.integers(2, 4), embargoes)
def test_no_training_label_overlaps_a_tested_block_from_either_side(pairs, n, embargo):
    decision, end = _times(pairs)
    for fold in purged_blocks(decision, end, n, embargo):
        first, last = decision[fold.valid].min(), end[fold.valid].max()
        clear = (end[fold.train] < first - embargo) | (decision[fold.train] > last + embargo)
        assert clear.all()


@given(rows, st.integers(1, 5), embargoes)
def test_purging_removes_nothing_that_is_clear_of_the_tested_rows(pairs, n, embargo):
    decision, end = _times(pairs)
    for fold in purged_folds(decision, end, n, embargo):
        first = fold.valid[0]
        clear = {r for r in range(first) if end[r] < decision[first] - embargo}
        assert set(fold.train) == clear


def test_without_overlap_every_row_but_the_first_block_is_validated_once_on_all_before_it():
    decision = np.arange(12, dtype=np.int64) * 10
    folds = purged_folds(decision, decision + 5, 3)
    assert np.concatenate([f.valid for f in folds]).tolist() == list(range(3, 12))
    assert [f.train.tolist() for f in folds] == [list(range(k)) for k in (3, 6, 9)]


def test_a_holdout_is_the_newest_share():
    decision = np.arange(10, dtype=np.int64) * 10
    split = purged_holdout(decision, decision + 9, 0.3)
    assert split.valid.tolist() == [7, 8, 9]
    assert split.train.tolist() == list(range(7))


def test_blocks_are_trained_on_their_future_too():
    decision = np.arange(9, dtype=np.int64) * 10
    folds = purged_blocks(decision, decision + 5, 3)
    assert folds[0].train.tolist() == list(range(3, 9))
    assert folds[1].train.tolist() == [0, 1, 2, 6, 7, 8]


def test_times_that_make_no_sense_are_refused():
    up = np.array([1, 2, 3])
    with pytest.raises(ValueError, match="sorted"):
        purged_folds(up[::-1], up[::-1] + 5, 2)
    with pytest.raises(ValueError, match="before its decision"):
        purged_folds(up, up - 1, 2)
    with pytest.raises(ValueError, match="equally long"):
        purged_folds(up, up[:2], 2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        purged_holdout(up, up, 1.0)
