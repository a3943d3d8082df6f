"""Seeded, resumable hyperparameter search over an objective that comes in as a function."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

from mlplatform.models.crew import Crew, Share, TimeLimit
from mlplatform.models.errors import TuningFailed
from mlplatform.models.seeds import SeedPart, derive_seed
from mlplatform.models.space import Params, Space, started_at
from mlplatform.models.trials import (
    Objective,
    abandon_running,
    judge,
    judged,
    pruner,
    sampler,
    waiting,
)

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class Tuner:
    """How a role is tuned: the parts of its seed, its trials, and where its studies are kept.

    `seed_parts` are (seed, role, window). With a `storage` a `study_name` is needed; studies of
    the families are kept under it. A name stands for one objective on one set of rows: put what
    decides them (data and code fingerprints) into it.

    `known_good` are parameters per part (family, or "size") that its trial 0 tries. `limit` ends
    tuning early; what it found is then not reproducible. One worker per study, unless a `crew`
    shares the work: then the bytes are not reproducible either.
    """

    seed_parts: tuple[SeedPart, ...]
    trials: int = 10
    storage: "BaseStorage | None" = field(default=None, compare=False)
    study_name: str | None = None
    known_good: Mapping[str, Params] = field(default_factory=dict)
    limit: "TimeLimit | None" = field(default=None, compare=False)
    crew: Crew | None = field(default=None, compare=False)

    def part(self, name: str, trials: int) -> "Tuner":
        """The share of it that one family or step uses."""
        study = None if self.study_name is None else f"{self.study_name}-{name}"
        limit = self.limit and replace(
            self.limit, seconds=self.limit.seconds * min(1.0, trials / self.trials)
        )
        parts = (*self.seed_parts, name)
        return replace(self, seed_parts=parts, trials=trials, study_name=study, limit=limit)

    def tune(self, objective: Objective, space: Space) -> "Tuning":
        """Tune by this part; see `tune`. InputError where known-good parameters leave the space."""
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
            crew=self.crew,
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


class _Quiet:
    """Keeps Optuna's progress lines out of the logs while any search runs, on whatever thread."""

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """The first to come turns the verbosity down, the last to go puts it back."""
        import optuna

        with self._lock:
            if self._inside == 0:
                self._before = optuna.logging.get_verbosity()
                optuna.logging.set_verbosity(optuna.logging.WARNING)
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    optuna.logging.set_verbosity(self._before)


_quiet = _Quiet()


def tune(
    objective: Objective,
    space: Space,
    trials: int,
    seed_parts: tuple[SeedPart, ...],
    storage: "BaseStorage | None" = None,
    study_name: str | None = None,
    limit: TimeLimit | None = None,
    crew: Crew | None = None,
) -> Tuning:
    """Minimise `objective` by TPE (Bergstra et al. 2011) until the study holds `trials` trials.

    The sampler is seeded anew for each trial from `seed_parts` and the trial's place among the
    judged ones, so a study that was interrupted and taken up again ends with the same trials as an
    undisturbed one. A trial that a crash left running is told as failed, is not counted, and its
    place, hence its seed and its parameters, goes to the next one. A stored study with enough
    trials runs none, and answers from its first `trials` only. An objective gives a trial up by
    TrialPruned, and is pruned where its value after a fold is worse than the median of the
    complete trials' there (from the sixth trial on); it fails one by NotTrainable or by a value
    that is not finite; any other exception is a defect and passes through.

    The first few trials are random, but for the warm start; their number must not depend on
    `trials`, or a longer study would not begin like a shorter one.
    A `limit` starts no trial past its seconds, but for the first. A `crew` shares a stored study
    first; what its workers did not get done is done here, and a trial's seed then comes from its
    number in the study. Raises TuningFailed where no trial completed.
    """
    import optuna

    started = limit.clock() if limit else 0.0
    if storage is not None and study_name is None:
        raise ValueError("a stored study needs a name")
    with _quiet():
        study = optuna.create_study(
            storage=storage,
            study_name=study_name,
            direction="minimize",
            load_if_exists=True,
            pruner=pruner(),
        )
        _take_up(study, space)
        is_shared = False
        while (place := len(judged(study))) < trials:
            if place and limit and limit.clock() - started >= limit.seconds:
                break
            # The first is run here: a database may give a waiting trial to two workers.
            if place and crew is not None and storage is not None and not is_shared:
                assert study_name is not None
                work = (objective, space, trials, seed_parts, storage, study_name)
                crew(Share(*work, limit, started))
                abandon_running(study)
                is_shared = True
                continue
            at = len(study.get_trials(deepcopy=False)) if is_shared else place
            study.sampler = sampler(seed_parts, at, is_shared)
            judge(study, study.ask(), objective, space)
        return _result(judged(study)[:trials])


def _take_up(study: "Study", space: Space) -> None:
    """Close what a crash left open; the warm start is the first of a new study."""
    abandon_running(study)
    if space.first is not None and not judged(study) and not waiting(study):
        study.enqueue_trial(dict(space.first))


def _result(found: "list[FrozenTrial]") -> Tuning:
    history = tuple(
        TrialRecord(
            place,
            dict(trial.params),
            trial.value if trial.state.name == "COMPLETE" else None,
            trial.state.name.lower(),
            tuple(value for _, value in sorted(trial.intermediate_values.items())),
        )
        for place, trial in enumerate(found)
    )
    complete = [(r.value, r) for r in history if r.value is not None and r.state == "complete"]
    if not complete:
        raise TuningFailed(f"none of {len(history)} trials completed")
    value, best = min(complete, key=lambda pair: (pair[0], pair[1].number))
    return Tuning(best.params, value, len(history), history)
