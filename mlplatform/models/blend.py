"""Families tuned side by side on the same folds, and averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, Rows
from mlplatform.models.boosting import FAMILIES, SPACE, Booster, Budget, Kind
from mlplatform.models.errors import NotTrainable
from mlplatform.models.scores import log_loss, squared_error
from mlplatform.models.tuning import Params, Space, TrialRecord, Tuner, tune


@dataclass(frozen=True)
class MemberPlan:
    """What tuning found for one family: parameters, rounds to grow, its loss over the folds."""

    family: str
    params: Params
    rounds: int
    loss: float
    trials: tuple[TrialRecord, ...]


@dataclass(frozen=True)
class Plan:
    """How a blend is to be fitted, one entry a family."""

    kind: Kind
    members: tuple[MemberPlan, ...]

    @property
    def trials_run(self) -> int:
        """All judged trials of all families: the overfitting statistics count them."""
        return sum(len(member.trials) for member in self.members)

    @property
    def loss(self) -> float:
        """Mean of the families' validation losses: squared error, or log loss in nats."""
        return float(np.mean([member.loss for member in self.members]))


@dataclass(frozen=True, eq=False)
class Blend:
    """Fitted boosters whose predictions are averaged with equal weights."""

    members: tuple[Booster, ...]

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) mean prediction."""
        total = self.members[0].predict(x)
        for member in self.members[1:]:
            total = total + member.predict(x)
        return total / len(self.members)


@dataclass(frozen=True)
class _FoldLoss:
    """Mean loss of one family over the folds; keeps the rounds that each fold stopped at."""

    family: str
    kind: Kind
    folds: Sequence[tuple[Rows, Rows]]
    budget: Budget
    seed: int
    rounds: dict[tuple[tuple[str, object], ...], list[int]]

    def __call__(self, params: Params) -> float:
        score = log_loss if self.kind == "binary" else squared_error
        total, count, rounds = 0.0, 0, []
        for train, valid in self.folds:
            booster = FAMILIES[self.family].fit(
                self.kind, train, valid, params, self.seed, self.budget
            )
            total += score(valid.y, booster.predict(valid.x)) * len(valid.y)
            count += len(valid.y)
            rounds.append(booster.rounds)
        self.rounds[tuple(sorted(params.items()))] = rounds
        return total / count

    def rounds_of(self, params: Params) -> int:
        """Median of the best rounds; fitted again where an earlier process ran the trial."""
        key = tuple(sorted(params.items()))
        if key not in self.rounds:
            self(params)
        return max(1, round(float(np.median(self.rounds[key]))))


def plan_blend(
    folds: Sequence[tuple[Rows, Rows]],
    kind: Kind,
    families: Sequence[str],
    budget: Budget,
    tuner: Tuner,
    space: Space = SPACE,
) -> Plan:
    """Tune each family on (train, valid) pairs; the tuner's trials are shared out among them.

    Early stopping watches the validation rows of the fold. Raises NotTrainable where no fold has
    two target values to learn from, TuningFailed where a family has no complete trial.
    """
    usable = [pair for pair in folds if len(pair[1].y) and len(np.unique(pair[0].y)) > 1]
    if not usable:
        raise NotTrainable("no fold has rows of both outcomes to train on after purging")
    members = []
    for place, family in enumerate(families):
        trials = max(1, (tuner.trials + len(families) - 1 - place) // len(families))
        part = tuner.part(family, trials)
        objective = _FoldLoss(family, kind, usable, budget, part.seed(), {})
        found = tune(objective, space, part.trials, part.seed_parts, part.storage, part.study_name)
        rounds = objective.rounds_of(found.best_params)
        members.append(
            MemberPlan(family, found.best_params, rounds, found.best_value, found.history)
        )
    return Plan(kind, tuple(members))


def fit_blend(rows: Rows, plan: Plan, budget: Budget, tuner: Tuner) -> Blend:
    """Fit every family on these rows with its planned parameters and rounds."""
    members: list[Booster] = []
    for member in plan.members:
        grow = Budget(member.rounds, budget.patience, budget.threads, budget.max_bins)
        seed = tuner.part(member.family, 1).seed()
        fit = FAMILIES[member.family].fit
        members.append(fit(plan.kind, rows, None, member.params, seed, grow))
    return Blend(tuple(members))
