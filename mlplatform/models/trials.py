"""Single trials of a study: asked for, drawn, judged."""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mlplatform.models.errors import NotTrainable, TrialPruned
from mlplatform.models.seeds import SeedPart, derive_seed
from mlplatform.models.space import Choice, Params, Real, Space, Value, Whole

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

Objective = Callable[["Params"], float | Iterator[float]]
"""What is minimised. One that yields its value so far after each fold can be pruned between them;
the last of these is its value."""

_RANDOM_TRIALS = 3
_PRUNE_AFTER_TRIALS = 5


def pruner() -> "BasePruner":
    """Gives up what is behind the median after a fold, from the sixth trial on."""
    import optuna

    return optuna.pruners.MedianPruner(n_startup_trials=_PRUNE_AFTER_TRIALS)


def sampler(seed_parts: tuple[SeedPart, ...], at: int, shared: bool) -> "BaseSampler":
    """The sampler of one trial, seeded by its place; `shared`: others run beside it."""
    import optuna

    return optuna.samplers.TPESampler(
        seed=derive_seed(*seed_parts, at), n_startup_trials=_RANDOM_TRIALS, constant_liar=shared
    )


def abandon_running(study: "Study") -> None:
    """Close what a crash left open; a trial that already has a verdict keeps its place."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def waiting(study: "Study") -> bool:
    """Whether a trial is enqueued."""
    from optuna.trial import TrialState

    return bool(study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))


def judged(study: "Study") -> "list[FrozenTrial]":
    """Trials that got a verdict: complete, pruned, or failed by the objective itself."""
    from optuna.trial import TrialState

    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        or (trial.state == TrialState.FAIL and "reason" in trial.user_attrs)
    ]


def judge(study: "Study", trial: "Trial", objective: Objective, space: Space) -> None:
    """Run one trial and tell the study what came of it; a defect passes through."""
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
