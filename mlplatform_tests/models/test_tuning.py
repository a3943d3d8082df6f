import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from mlplatform.domain.errors import InputError
from mlplatform.models.errors import NotTrainable, TrialPruned, TuningFailed
from mlplatform.models.seeds import derive_seed
from mlplatform.models.space import Choice, Real, Space, Whole
from mlplatform.models.tuning import TimeLimit, Tuner, Tuning, tune

SPACE = Space(
    {"x": Real(-3.0, 3.0), "rate": Real(0.01, 1.0, log=True), "k": Whole(1, 9)},
    first={"x": 0.5, "rate": 0.1, "k": 4},
)
PARTS = (7, "entry", "2025-06")


def _bowl(params) -> float:
    return (params["x"] - 1.0) ** 2 + abs(params["k"] - 3) * 0.1 + params["rate"]


def _journal(path: Path) -> JournalStorage:
    name = str(path / "journal.log")
    return JournalStorage(JournalFileBackend(name, lock_obj=JournalFileOpenLock(name)))


def _tune(objective, trials: int, storage=None) -> Tuning:
    return tune(objective, SPACE, trials, PARTS, storage, "s" if storage else None)


class _Counted:
    def __init__(self, fail_at: int | None = None) -> None:
        self.calls, self.fail_at = 0, fail_at

    def __call__(self, params) -> float:
        self.calls += 1
        if self.calls == self.fail_at:
            raise KeyboardInterrupt
        return _bowl(params)


def test_a_study_stopped_after_6_and_resumed_to_10_ends_like_one_of_10(tmp_path):
    _tune(_bowl, 6, _journal(tmp_path))
    assert _tune(_bowl, 10, _journal(tmp_path)) == _tune(_bowl, 10)


@pytest.mark.parametrize("at", [1, 4, 8])
def test_an_interrupted_trial_is_done_again_with_the_same_parameters(tmp_path, at):
    with pytest.raises(KeyboardInterrupt):
        _tune(_Counted(fail_at=at), 10, _journal(tmp_path))
    rest = _Counted()
    assert _tune(rest, 10, _journal(tmp_path)) == _tune(_bowl, 10)
    assert rest.calls == 10 - (at - 1)


def test_a_killed_process_leaves_a_study_that_resumes_to_the_same_trials(tmp_path):
    script = f"""
import os, sys
from pathlib import Path
sys.path[:0] = {[str(Path(__file__).parents[2])]!r}
from mlplatform.models.space import Real, Space, Whole
from mlplatform.models.tuning import tune
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
calls = []
def bowl(p):
    calls.append(p)
    if len(calls) == 5:
        os._exit(9)
    return (p["x"] - 1.0) ** 2 + abs(p["k"] - 3) * 0.1 + p["rate"]
name = {str(tmp_path / "journal.log")!r}
storage = JournalStorage(JournalFileBackend(name, lock_obj=JournalFileOpenLock(name)))
space = Space({{"x": Real(-3.0, 3.0), "rate": Real(0.01, 1.0, log=True), "k": Whole(1, 9)}},
              first={{"x": 0.5, "rate": 0.1, "k": 4}})
tune(bowl, space, 10, (7, "entry", "2025-06"), storage, "s")
"""
    killed = subprocess.run([sys.executable, "-c", script], env=dict(os.environ), check=False)
    assert killed.returncode == 9
    assert _tune(_bowl, 10, _journal(tmp_path)) == _tune(_bowl, 10)


def test_a_study_with_enough_trials_runs_none(tmp_path):
    _tune(_bowl, 5, _journal(tmp_path))
    again = _Counted()
    assert _tune(again, 5, _journal(tmp_path)) == _tune(_bowl, 5)
    assert again.calls == 0


def test_a_longer_stored_study_answers_from_the_trials_asked_for(tmp_path):
    _tune(_bowl, 10, _journal(tmp_path))
    assert _tune(_bowl, 5, _journal(tmp_path)) == _tune(_bowl, 5)


def test_the_first_trial_is_the_warm_start_and_the_best_is_the_lowest():
    found = _tune(_bowl, 12)
    assert found.history[0].params == SPACE.first
    assert found.best_value == min(r.value for r in found.history)
    assert found.best_value == _bowl(found.best_params)
    assert found.trials_run == len(found.history) == 12


def test_every_part_of_the_seed_changes_what_is_tried():
    plain = Space(SPACE.ranges)
    tried = {
        parts: tune(_bowl, plain, 3, parts).history[2].params["x"]
        for parts in [
            PARTS,
            (8, "entry", "2025-06"),
            (7, "stop", "2025-06"),
            (7, "entry", "2025-07"),
        ]
    }
    assert len(set(tried.values())) == 4
    assert derive_seed("ab", "c") != derive_seed("a", "bc")


def test_trials_of_one_study_differ_from_each_other():
    xs = [record.params["x"] for record in _tune(_bowl, 8).history]
    assert len(set(xs)) == 8


def test_a_pruned_and_a_failed_trial_keep_their_place_and_are_not_chosen(tmp_path):
    def picky(params) -> float:
        if params["x"] > 0.6:
            raise TrialPruned("seen enough")
        if params["x"] < -1.0:
            raise NotTrainable("one class")
        return _bowl(params)

    whole = _tune(picky, 12)
    assert {r.state for r in whole.history} == {"complete", "pruned", "fail"}
    assert [r.number for r in whole.history] == list(range(12))
    assert -1.0 <= whole.best_params["x"] <= 0.6
    _tune(picky, 7, _journal(tmp_path))
    assert _tune(picky, 12, _journal(tmp_path)) == whole


@pytest.mark.parametrize("error", [TrialPruned("early"), NotTrainable("no losers")])
def test_a_study_without_a_complete_trial_says_so_by_type(error):
    def never(params) -> float:
        raise error

    with pytest.raises(TuningFailed, match="none of 3 trials"):
        _tune(never, 3)


def test_a_value_that_is_not_finite_is_a_failed_trial():
    with pytest.raises(TuningFailed):
        _tune(lambda params: float("nan"), 2)


def test_a_defect_in_the_objective_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        _tune(lambda params: 1 / 0, 2)


def test_choices_are_drawn_from_their_options():
    found = tune(lambda p: float(len(p["c"])), Space({"c": Choice(("a", "bbb"))}), 6, PARTS)
    assert found.best_params == {"c": "a"}


def test_optuna_says_nothing(caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        _tune(_bowl, 2)
    out, err = capfd.readouterr()
    assert "Trial" not in out + err + caplog.text


def test_a_stored_study_needs_a_name(tmp_path):
    with pytest.raises(ValueError, match="name"):
        tune(_bowl, SPACE, 2, PARTS, _journal(tmp_path))


def test_parts_of_a_tuner_have_seeds_and_studies_of_their_own():
    whole = Tuner(PARTS, 10, study_name="w")
    part = whole.part("xgboost", 5)
    assert (part.study_name, part.trials) == ("w-xgboost", 5)
    assert part.seed() != whole.seed()
    assert whole.part("x", 1).seed() == derive_seed(*PARTS, "x")


def _by_fold(params):
    """Three folds of the bowl; the mean so far is told after each."""
    for share in (0.9, 1.0, 1.1):
        yield _bowl(params) * share


def test_a_trial_behind_the_median_after_a_fold_is_pruned_and_counted():
    asked = []

    def counted(params):
        for value in _by_fold(params):
            asked.append(value)
            yield value

    found = _tune(counted, 20)
    pruned = [r for r in found.history if r.state == "pruned"]
    assert len(pruned) >= 4
    assert found.trials_run == 20
    assert all(len(r.steps) < 3 and r.value is None for r in pruned)
    assert sum(len(r.steps) for r in found.history) == len(asked) < 60
    for at, record in enumerate(found.history):
        before = [r.steps[0] for r in found.history[:at] if r.state == "complete"]
        behind = len(before) >= 5 and record.steps[0] > np.median(before)
        assert (record.state == "pruned" and len(record.steps) == 1) == behind
    assert found.best_value == min(r.value for r in found.history if r.state == "complete")
    assert found.best_value == found.history[0].steps[-1] or found.best_value < 1.0


@pytest.mark.parametrize("at", [3, 11])
def test_a_pruned_study_resumes_to_the_same_trials(tmp_path, at):
    _tune(_by_fold, at, _journal(tmp_path))
    assert _tune(_by_fold, 16, _journal(tmp_path)) == _tune(_by_fold, 16)


def test_a_trial_that_was_interrupted_between_folds_is_done_again(tmp_path):
    calls = []

    def cut(params):
        for value in _by_fold(params):
            calls.append(value)
            if len(calls) == 8:
                raise KeyboardInterrupt
            yield value

    with pytest.raises(KeyboardInterrupt):
        _tune(cut, 10, _journal(tmp_path))
    assert _tune(_by_fold, 10, _journal(tmp_path)) == _tune(_by_fold, 10)


def test_a_limit_in_seconds_starts_no_trial_past_it_but_the_first():
    now = [0.0]

    def slow(params):
        now[0] += 2.0
        return _bowl(params)

    def clock():
        return now[0]

    tuner = Tuner(PARTS, 10, limit=TimeLimit(5.0, clock))
    assert tuner.tune(slow, SPACE).trials_run == 3
    assert replace(tuner, limit=TimeLimit(0.0, clock)).tune(slow, SPACE).trials_run == 1
    assert tuner.part("x", 5).limit.seconds == 2.5


def test_known_good_parameters_are_tried_first_and_must_lie_in_the_space():
    tuner = Tuner(PARTS, 2, known_good={"x": {"rate": 0.3}}).part("x", 2)
    assert tuner.tune(_bowl, SPACE).history[0].params == {"x": 0.5, "rate": 0.3, "k": 4}
    for wrong in ({"rate": 2.0}, {"speed": 1.0}, {"k": "four"}):
        with pytest.raises(InputError, match="known-good"):
            replace(tuner, known_good={"x": wrong}).tune(_bowl, SPACE)
