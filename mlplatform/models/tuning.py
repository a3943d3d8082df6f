"""Seeded, resumable hyperparameter search over an objective that comes in as a function."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlplatform.models.errors import NotTrainable, TrialPruned, TuningFailed
from mlplatform.models.seeds import SeedPart, derive_seed
from mlplatform.models.space import Choice, Params, Real, Space, Value, Whole, started_at

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

Objective = Callable[["Params"], float | Iterator[float]]
"""What is minimised. One that yields its value so far after each fold can be pruned between them;
the last of these is its value."""

_PRUNE_AFTER_TRIALS = 5
_RANDOM_TRIALS = 3


@dataclass(frozen=True)
class TimeLimit:
    """Seconds that trials may start in, and the clock (seconds) that they are measured on.

    The clock comes in: this room reads none.
    """

    seconds: float
    clock: Callable[[], float]


@dataclass(frozen=True)
class Tuner:
    """How a role is tuned: the parts of its seed, its trials, and where its studies are kept.

    `seed_parts` are (seed, role, window). With a `storage` a `study_name` is needed; studies of
    the families are kept under it. A name stands for one objective on one set of rows: put what
    decides them (data and code fingerprints) into it.

    `known_good` are parameters per part (family, or "size") that its trial 0 tries. `limit` ends
    tuning early; what it found is then not reproducible. One worker per study, unless `shared`:
    then several processes may run trials of it, and the bytes are not reproducible either.
    """

    seed_parts: tuple[SeedPart, ...]
    trials: int = 10
    storage: "BaseStorage | None" = field(default=None, compare=False)
    study_name: str | None = None
    known_good: Mapping[str, Params] = field(default_factory=dict)
    limit: "TimeLimit | None" = field(default=None, compare=False)
    shared: bool = False

    def part(self, name: str, trials: int) -> "Tuner":
        """The share of it that one family or step uses."""
        study = None if self.study_name is None else f"{self.study_name}-{name}"
        limit = self.limit and replace(
            self.limit, seconds=self.limit.seconds * min(1.0, trials / self.trials)
        )
        parts = (*self.seed_parts, name)
        return replace(self, seed_parts=parts, trials=trials, study_name=study, limit=limit)

    def tune(self, objective: Objective, space: Space) -> "Tuning":
        """Tune by this part; see `tune`. ValueError where known-good parameters leave the space."""
        good = self.known_good.get(str(self.seed_parts[-1]), {})
        space = started_at(space, good)
        return tune(
            objective,
            space,
            self.trials,
            self.seed_parts,
            self.storage,
            self.study_name,
            limit=self.limit,
            shared=self.shared,
        )

    def seed(self) -> int:
        """The seed of what is fitted rather than tried."""
        return derive_seed(*self.seed_parts)


@dataclass(frozen=True)
class TrialRecord:
    """One judged trial: its place in the study, what it tried, its value (None unless complete).

    `steps` are the values so far after each fold that it ran, where the objective tells them.
    """

    number: int
    params: Params
    value: float | None
    state: str
    steps: tuple[float, ...] = ()


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
    objective: Objective,
    space: Space,
    trials: int,
    seed_parts: tuple[SeedPart, ...],
    storage: "BaseStorage | None" = None,
    study_name: str | None = None,
    limit: TimeLimit | None = None,
    shared: bool = False,
) -> Tuning:
    """Minimise `objective` by TPE (Bergstra et al. 2011) until the study holds `trials` trials.

    The sampler is seeded anew for each trial from `seed_parts` and the trial's place among the
    judged ones, so a study that was interrupted and taken up again ends with the same trials as an
    undisturbed one. A trial that a crash left running is told as failed, is not counted, and its
    place, hence its seed and its parameters, goes to the next one. A stored study with enough
    trials runs none, and answers from its first `trials` only. An objective gives a trial up by
    TrialPruned, and is pruned where its value after a fold is worse than the median of the
    complete trials' there (from the sixth trial on); it fails one by NotTrainable or by a value
    that is not finite; any other exception
    is a defect and passes through.

    The first few trials are random, but for the warm start; their number must not depend on
    `trials`, or a longer study would not begin like a shorter one.
    A `limit` starts no trial past its seconds, but for the first. With `shared` trials that run
    elsewhere are left alone, and a trial's seed comes from its number in the study.
    Raises TuningFailed where no trial completed.
    """
    import optuna

    started = limit.clock() if limit else 0.0

    if storage is not None and study_name is None:
        raise ValueError("a stored study needs a name")
    with _quiet():
        pruner = optuna.pruners.MedianPruner(n_startup_trials=_PRUNE_AFTER_TRIALS)
        study = optuna.create_study(
            storage=storage,
            study_name=study_name,
            direction="minimize",
            load_if_exists=True,
            pruner=pruner,
        )
        if not shared:
            _abandon_running(study)
        while (place := len(_judged(study))) < trials:
            if place and limit and limit.clock() - started >= limit.seconds:
                break
            if place == 0 and space.first is not None and not _waiting(study):
                study.enqueue_trial(dict(space.first))
            at = len(study.get_trials(deepcopy=False)) if shared else place
            study.sampler = optuna.samplers.TPESampler(
                seed=derive_seed(*seed_parts, at),
                n_startup_trials=_RANDOM_TRIALS,
                constant_liar=shared,
            )
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


def _judge(study: "Study", trial: "Trial", objective: Objective, space: Space) -> None:
    from optuna.trial import TrialState

    params = {name: _draw(trial, name, what) for name, what in space.ranges.items()}
    try:
        value = _value(trial, objective(params))
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


def _value(trial: "Trial", told: float | Iterator[float]) -> float:
    """The value, or the last of those told fold by fold; TrialPruned where it falls behind."""
    if not isinstance(told, Iterator):
        return float(told)
    value = math.nan
    for step, so_far in enumerate(told):
        value = float(so_far)
        if not math.isfinite(value):
            return value
        trial.report(value, step)
        if trial.should_prune():
            raise TrialPruned(f"behind the median after fold {step + 1}")
    return value


def _draw(trial: "Trial", name: str, what: Real | Whole | Choice) -> Value:
    if isinstance(what, Real):
        return trial.suggest_float(name, what.low, what.high, log=what.log)
    if isinstance(what, Whole):
        return trial.suggest_int(name, what.low, what.high, log=what.log)
    return str(trial.suggest_categorical(name, what.options))


def _result(judged: "list[FrozenTrial]") -> Tuning:
    history = tuple(
        TrialRecord(
            place,
            dict(trial.params),
            trial.value if trial.state.name == "COMPLETE" else None,
            trial.state.name.lower(),
            tuple(value for _, value in sorted(trial.intermediate_values.items())),
        )
        for place, trial in enumerate(judged)
    )
    complete = [(r.value, r) for r in history if r.value is not None and r.state == "complete"]
    if not complete:
        raise TuningFailed(f"none of {len(history)} trials completed")
    value, best = min(complete, key=lambda pair: (pair[0], pair[1].number))
    return Tuning(best.params, value, len(history), history)
