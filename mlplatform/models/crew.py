"""Several workers on one stored study: every trial is run by one of them, and none twice.

This room starts no process: who carries a `Share` out, and in how many processes, comes in as a
`Crew`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlplatform.models.seeds import SeedPart
from mlplatform.models.space import Space
from mlplatform.models.trials import Objective, judge, pruner, sampler

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import Trial


@dataclass(frozen=True)
class TimeLimit:
    """Seconds that trials may start in, and the clock (seconds) that they are measured on.

    The clock comes in: this room reads none.
    """

    seconds: float
    clock: Callable[[], float]


@dataclass(frozen=True, eq=False)
class Share:
    """What one worker does: trials of a study that exists, until all are given out.

    It goes to other processes by pickle, so objective and storage must be such that it can.
    """

    objective: Objective
    space: Space
    trials: int
    seed_parts: tuple[SeedPart, ...]
    storage: "BaseStorage"
    study_name: str
    limit: TimeLimit | None = None
    started: float = 0.0
    """When tuning began, on the limit's clock."""

    def __call__(self) -> None:
        """Take trials as long as there are any; a defect of the objective passes through."""
        import optuna
        from optuna.trial import TrialState

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.load_study(study_name=self.study_name, storage=self.storage, pruner=pruner())
        while True:
            if self.limit and self.limit.clock() - self.started >= self.limit.seconds:
                return
            trial = study.ask()
            if _given_out_before(study, trial) >= self.trials:
                # Not judged: it does not count, and its number is nobody's.
                study.tell(trial.number, state=TrialState.FAIL)
                return
            study.sampler = sampler(self.seed_parts, trial.number, shared=True)
            judge(study, trial, self.objective, self.space)


Crew = Callable[[Share], None]
"""Has several workers carry the share out, and returns when all are done or lost."""


def _given_out_before(study: "Study", trial: "Trial") -> int:
    """Trials of lower number that were judged or are being run: numbers are given out in order,
    so that of two workers that ask for the last one at once, one gets it.
    """
    from optuna.trial import TrialState

    earlier = [item for item in study.get_trials(deepcopy=False) if item.number < trial.number]
    return sum(item.state != TrialState.FAIL or "reason" in item.user_attrs for item in earlier)
