"""Law 1 in training: what comes after a fold changes nothing that is fitted or judged in it.

A family that only writes down what it is given stands in the real fits. The rows after a cut are
poisoned; every fold that lies before it must see the very same bytes. Scalers, imputers, selections
and thresholds that were fitted on everything are planted, and must be caught by the same judge.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from mlplatform.models.entry import EntryConfig, EntryRows, fit_entry
from mlplatform.models.families import register_family
from mlplatform.models.promise import PromiseConfig
from mlplatform.models.splits import purged_folds, purged_holdout
from mlplatform.models.stop import StopConfig, StopRows, fit_stop, taught_stops
from mlplatform.models.tuning import Tuner
from mlplatform_tests.models.planted import entry_rows, stop_rows

Rows = EntryRows | StopRows
EMBARGO_US = 600_000_000
FOLDS = 3


@dataclass
class Witness:
    """Predicts the mean that it was fitted on, and writes down all that it was given."""

    mean: float
    family: ClassVar[str] = "witness"
    rounds: int = 1
    seen: ClassVar[list[tuple[bytes, bytes | None]]] = []

    @classmethod
    def fit(cls, kind, train, valid, params, seed, budget):
        given = [None if rows is None else told(rows) for rows in (train, valid)]
        cls.seen.append((given[0], given[1]))
        return cls(float(train.y.mean()))

    def predict(self, x):
        return np.full(len(x), self.mean)

    def to_text(self):
        return repr(self.mean)


def told(rows) -> bytes:
    return repr(rows.x.shape).encode() + rows.x.tobytes() + rows.y.tobytes()


register_family(Witness)


def fit_the_entry(rows: EntryRows) -> None:
    config = EntryConfig(families=("witness",), n_folds=FOLDS, embargo_us=EMBARGO_US)
    fit_entry(rows, config, Tuner((7, "entry"), 1))


def fit_the_stop(rows: StopRows) -> None:
    every = PromiseConfig(frac=1.0)
    config = StopConfig(families=("witness",), n_folds=FOLDS, embargo_us=EMBARGO_US, promise=every)
    fit_stop(rows, config, Tuner((7, "stop"), 1))


def ends_of(rows: Rows):
    return rows.label_end_ts if rows.label_end_ts.ndim == 1 else rows.label_end_ts.max(axis=1)


def last_fold_at(rows: Rows, frac: float) -> int:
    """The row at which the last fold begins to be validated."""
    held = purged_holdout(rows.decision_ts, ends_of(rows), frac, EMBARGO_US).train
    folds = purged_folds(rows.decision_ts[held], ends_of(rows)[held], FOLDS, EMBARGO_US)
    assert len(folds) == FOLDS
    return int(held[folds[-1].valid[0]])


def poisoned(rows: Rows, cut: int) -> Rows:
    """Other inputs and outcomes from the cut on; what was constant is so no more."""
    rng = np.random.default_rng(99)
    x = rows.x.copy()
    x[cut:] = rng.normal(5.0, 3.0, x[cut:].shape) * (x.shape[1] - np.arange(x.shape[1]))
    if isinstance(rows, StopRows):
        net = rows.net_r.copy()
        net[cut:] = rng.normal(size=net[cut:].shape)
        return replace(rows, x=x, net_r=net)
    won = rows.is_win.copy()
    won[cut:] = 1.0 - won[cut:]
    return replace(rows, x=x, is_win=won, net_r=np.where(won > 0, 1.3, -1.05))


def with_dull_columns(rows: Rows) -> Rows:
    """One column constant before any poison, one all null."""
    x = rows.x.copy()
    x[:, 4], x[:, 5] = 1.0, np.nan
    return replace(rows, x=x)


def leaks(fit: Callable[[Rows], None], rows: Rows, cut: int) -> list[str]:
    """Which folds saw something of the rows from the cut on, in what they trained or validated."""
    runs = []
    for each in (rows, poisoned(rows, cut)):
        Witness.seen.clear()
        fit(each)
        runs.append(list(Witness.seen[:FOLDS]))
    found = []
    for fold, (before, after) in enumerate(zip(*runs, strict=True)):
        if before[0] != after[0]:
            found.append(f"training of fold {fold}")
        if fold < FOLDS - 1 and before[1] != after[1]:
            found.append(f"validation of fold {fold}")
    assert runs[0][-1][1] != runs[1][-1][1], "the poison must reach the last fold's validation"
    return found


ROLES = {
    "entry": (fit_the_entry, with_dull_columns(entry_rows(1, 1.0)), EntryConfig().calibration_frac),
    "stop": (fit_the_stop, with_dull_columns(stop_rows(1, 0.5)), StopConfig().holdout_frac),
}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_fold_knows_what_came_after_it(role):
    fit, rows, frac = ROLES[role]
    assert leaks(fit, rows, last_fold_at(rows, frac)) == []


def scaled(x: np.ndarray) -> np.ndarray:
    known = x[:, :4]
    centred = (known - np.nanmean(known, axis=0)) / np.nanstd(known, axis=0)
    return np.column_stack([centred, x[:, 4:]])


def imputed(x: np.ndarray) -> np.ndarray:
    middle = np.nanmedian(x[:, :4], axis=0)
    return np.column_stack([np.where(np.isnan(x[:, :4]), middle, x[:, :4]), x[:, 4:]])


def selected(x: np.ndarray) -> np.ndarray:
    """Only the columns of most variance over everything."""
    spread = np.nanstd(x[:, :4], axis=0)
    kept = x.copy()
    kept[:, np.argsort(spread)[:2]] = 0.0
    return kept


def in_regimes(x: np.ndarray) -> np.ndarray:
    """A column that says on which side of the median of everything another one lies."""
    return np.column_stack([x[:, 0] > np.nanmedian(x[:, 0]), x[:, 1:]])


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("planted", [scaled, imputed, selected, in_regimes])
def test_what_was_fitted_on_everything_is_caught(role, planted):
    fit, rows, frac = ROLES[role]

    def leaking(given: Rows) -> None:
        fit(replace(given, x=np.asarray(planted(given.x), dtype=np.float64)))

    found = leaks(leaking, rows, last_fold_at(rows, frac))
    assert "training of fold 0" in found or "validation of fold 0" in found


def test_a_split_without_purge_or_embargo_is_caught(monkeypatch):
    """Labels that reach over the cut must not train the fold that is validated there."""
    from mlplatform.models import entry

    rows, frac = ROLES["entry"][1], ROLES["entry"][2]
    cut = last_fold_at(rows, frac)
    ends = rows.label_end_ts.copy()
    ends[cut - 20 : cut] = rows.decision_ts[cut] + 1
    reaching = replace(rows, label_end_ts=ends)
    honest = leaks(fit_the_entry, reaching, cut - 20)
    assert "training of fold 2" not in honest

    def unpurged(decision_ts, label_end_ts, n_folds, embargo=0):
        return purged_folds(decision_ts, decision_ts, n_folds, 0)

    monkeypatch.setattr(entry, "purged_folds", unpurged)
    assert "training of fold 2" in leaks(fit_the_entry, reaching, cut - 20)


def test_stops_out_of_fold_know_nothing_of_later_blocks():
    rows = with_dull_columns(stop_rows(2, 0.8))
    config = StopConfig(embargo_us=EMBARGO_US)
    config = replace(config, budget=replace(config.budget, max_rounds=20))
    plan = fit_stop(rows, config, Tuner((7, "stop"), 2)).plan
    cut = len(rows.x) * 3 // 4
    one, other = (
        taught_stops(each, plan, config, Tuner((7, "entry"), 2))
        for each in (rows, poisoned(rows, cut))
    )
    np.testing.assert_array_equal(one[:cut], other[:cut])
