"""Seeded, resumable hyperparameter search over an objective that comes in as a function."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlplatform.models.errors import NotTrainable, TrialPruned, TuningFailed
from mlplatform.models.seeds import SeedPart, derive_seed

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

Value = float | int | str
Params = Mapping[str, Value]


@dataclass(frozen=True)
class Real:
    """A float between two bounds, drawn evenly in its logarithm where `log`."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Whole:
    """An integer between two bounds, both included."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few named options."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class Space:
    """What is searched; `first` are known-good parameters that trial 0 tries (a warm start)."""

    ranges: Mapping[str, Real | Whole | Choice]
    first: Params | None = None


@dataclass(frozen=True)
class Tuner:
    """How a role is tuned: the parts of its seed, its trials, and where its studies are kept.

    `seed_parts` are (seed, role, window). With a `storage` a `study_name` is needed; studies of
    the families are kept under it. A name stands for one objective on one set of rows: put what
    decides them (data and code fingerprints) into it. One worker per study.
    """

    seed_parts: tuple[SeedPart, ...]
    trials: int = 10
    storage: "BaseStorage | None" = field(default=None, compare=False)
    study_name: str | None = None

    def part(self, name: str, trials: int) -> "Tuner":
        """The share of it that one family or step uses."""
        study = None if self.study_name is None else f"{self.study_name}-{name}"
        return replace(self, seed_parts=(*self.seed_parts, name), trials=trials, study_name=study)

    def seed(self) -> int:
        """The seed of what is fitted rather than tried."""
        return derive_seed(*self.seed_parts)


@dataclass(frozen=True)
class TrialRecord:
    """One judged trial: its place in the study, what it tried, its value (None unless complete)."""

    number: int
    params: Params
    value: float | None
    state: str


@dataclass(frozen=True)
class Tuning:
    """What a study found; `trials_run` counts the trials chosen from, earlier processes' too."""

    best_params: Params
    best_value: float
    trials_run: int
    history: tuple[TrialRecord, ...]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's progress lines out of the logs, and put its verbosity back."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def tune(
    objective: Callable[[Params], float],
    space: Space,
    trials: int,
    seed_parts: tuple[SeedPart, ...],
    storage: "BaseStorage | None" = None,
    study_name: str | None = None,
    n_startup: int = 3,
) -> Tuning:
    """Minimise `objective` by TPE (Bergstra et al. 2011) until the study holds `trials` trials.

    The sampler is seeded anew for each trial from `seed_parts` and the trial's place among the
    judged ones, so a study that was interrupted and taken up again ends with the same trials as an
    undisturbed one. A trial that a crash left running is told as failed, is not counted, and its
    place, hence its seed and its parameters, goes to the next one. A stored study with enough
    trials runs none, and answers from its first `trials` only. An objective gives a trial up by
    TrialPruned, and fails one by NotTrainable or by a value that is not finite; any other exception
    is a defect and passes through.

    The first `n_startup` trials are random, but for the warm start; the number must not depend on
    `trials`, or a longer study would not begin like a shorter one.
    Raises TuningFailed where no trial completed.
    """
    import optuna

    if storage is not None and study_name is None:
        raise ValueError("a stored study needs a name")
    with _quiet():
        study = optuna.create_study(
            storage=storage, study_name=study_name, direction="minimize", load_if_exists=True
        )
        _abandon_running(study)
        while (place := len(_judged(study))) < trials:
            if place == 0 and space.first is not None and not _waiting(study):
                study.enqueue_trial(dict(space.first))
            seed = derive_seed(*seed_parts, place)
            study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=n_startup)
            _judge(study, study.ask(), objective, space)
        return _result(_judged(study)[:trials])


def _abandon_running(study: "Study") -> None:
    """Close what a crash left open; a trial that already has a verdict keeps its place."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def _waiting(study: "Study") -> bool:
    from optuna.trial import TrialState

    return bool(study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))


def _judged(study: "Study") -> "list[FrozenTrial]":
    """Trials that got a verdict: complete, pruned, or failed by the objective itself."""
    from optuna.trial import TrialState

    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        or (trial.state == TrialState.FAIL and "reason" in trial.user_attrs)
    ]


def _judge(
    study: "Study", trial: "Trial", objective: Callable[[Params], float], space: Space
) -> None:
    from optuna.trial import TrialState

    params = {name: _draw(trial, name, what) for name, what in space.ranges.items()}
    try:
        value = float(objective(params))
    except TrialPruned as pruned:
        trial.set_user_attr("reason", str(pruned))
        study.tell(trial, state=TrialState.PRUNED)
    except NotTrainable as refused:
        trial.set_user_attr("reason", refused.reason)
        study.tell(trial, state=TrialState.FAIL)
    else:
        if math.isfinite(value):
            study.tell(trial, value)
        else:
            trial.set_user_attr("reason", f"the objective is {value}")
            study.tell(trial, state=TrialState.FAIL)


def _draw(trial: "Trial", name: str, what: Real | Whole | Choice) -> Value:
    if isinstance(what, Real):
        return trial.suggest_float(name, what.low, what.high, log=what.log)
    if isinstance(what, Whole):
        return trial.suggest_int(name, what.low, what.high, log=what.log)
    return str(trial.suggest_categorical(name, what.options))


def _result(judged: "list[FrozenTrial]") -> Tuning:
    history = tuple(
        TrialRecord(place, dict(trial.params), trial.value, trial.state.name.lower())
        for place, trial in enumerate(judged)
    )
    complete = [(r.value, r) for r in history if r.value is not None and r.state == "complete"]
    if not complete:
        raise TuningFailed(f"none of {len(history)} trials completed")
    value, best = min(complete, key=lambda pair: (pair[0], pair[1].number))
    return Tuning(best.params, value, len(history), history)
