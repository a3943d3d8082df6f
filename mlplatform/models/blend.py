"""Families tuned side by side on the same folds, and stacked."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from mlplatform.models.arrays import FloatArray, Rows
from mlplatform.models.boosting import SPACE
from mlplatform.models.errors import NotTrainable
from mlplatform.models.families import (
    Booster,
    Budget,
    Fit,
    Kind,
    family_of,
    prepared_fit,
    row_weights,
    space_of,
)
from mlplatform.models.scores import log_loss, squared_error
from mlplatform.models.space import Params, Space
from mlplatform.models.stacking import StackConfig, pooled, stack_weights
from mlplatform.models.tuning import TrialRecord, Tuner

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True)
class MemberPlan:
    """What tuning found for one family: parameters, rounds to grow, its loss over the folds."""

    family: str
    params: Params
    rounds: int
    loss: float
    trials: tuple[TrialRecord, ...]
    curve: tuple[float, ...] = ()
    """Loss on the newest fold's validation rows after each round; empty where no family keeps it.
    """


@dataclass(frozen=True)
class Plan:
    """How a blend is to be fitted, one entry a family; weights were learned on `stacked_rows`
    predictions out of fold, and are equal where those were too few.
    """

    kind: Kind
    members: tuple[MemberPlan, ...]
    weights: tuple[float, ...]
    stacked_rows: int

    @property
    def trials_run(self) -> int:
        """All judged trials of all families: the overfitting statistics count them."""
        return sum(len(member.trials) for member in self.members)

    @property
    def loss(self) -> float:
        """Mean of the families' validation losses: squared error, or log loss in nats."""
        return float(np.mean([member.loss for member in self.members]))

    @property
    def family_weights(self) -> dict[str, float]:
        """What each family counts, by its name."""
        named = zip(self.members, self.weights, strict=True)
        return {member.family: weight for member, weight in named}


@dataclass(frozen=True, eq=False)
class Blend:
    """Fitted members and what each counts; equal where no weights are given."""

    members: tuple[Booster, ...]
    kind: Kind = "regression"
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """ValueError unless the weights are one a member, none negative, with sum 1."""
        shares = self.shares
        if len(shares) != len(self.members) or min(shares) < 0.0 or abs(sum(shares) - 1.0) > 1e-9:
            raise ValueError(f"{shares} are no weights of {len(self.members)} members")

    @property
    def shares(self) -> tuple[float, ...]:
        """What each member counts, in the order of members."""
        return self.weights or (1.0 / len(self.members),) * len(self.members)

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) weighted mean of values; of probabilities by their log odds."""
        return pooled(self.kind, [member.predict(x) for member in self.members], self.shares)


@dataclass(frozen=True)
class _Grown:
    """What the folds' fits of some parameters came to: the rounds that each stopped at, and the
    loss by round on the newest one, empty where the family keeps none.
    """

    rounds: tuple[int, ...]
    curve: tuple[float, ...]


@dataclass(frozen=True)
class _FoldLoss:
    """Mean loss of one family over the folds; keeps how far each fold's fit grew."""

    family: str
    kind: Kind
    folds: Sequence[tuple[Rows, Rows]]
    budget: Budget
    seed: int
    grown: dict[frozenset[tuple[str, object]], _Grown] = field(default_factory=dict)
    """By the parameters, once all folds are done."""

    def folds_of(self, params: Params) -> Iterator[float]:
        """Mean loss so far after each fold."""
        total, count, rounds = 0.0, 0, []
        for (_, valid), fit in zip(self.folds, self.fits, strict=True):
            booster = fit(params)
            total += self._loss(valid, booster.predict(valid.x)) * len(valid.y)
            count += len(valid.y)
            rounds.append(booster.rounds)
            if len(rounds) == len(self.folds):
                curve = tuple(getattr(booster, "validation_losses", ()))
                self.grown[frozenset(params.items())] = _Grown(tuple(rounds), curve)
            yield total / count

    @cached_property
    def fits(self) -> list[Fit]:
        """One a fold; bins are made once for all trials, and not at all where none is run."""
        return [
            prepared_fit(self.family, self.kind, fold, self.seed, self.budget)
            for fold in self.folds
        ]

    def _loss(self, rows: Rows, prediction: FloatArray) -> float:
        """Squared error, or log loss; classes weigh what the fit is told that they weigh."""
        if self.kind == "regression":
            return squared_error(rows.y, prediction)
        weight = row_weights(self.kind, rows, self.budget)
        if weight is None:
            return log_loss(rows.y, prediction)
        classes = [rows.y == won for won in (0.0, 1.0) if (rows.y == won).any()]
        lost = sum(weight[m].sum() * log_loss(rows.y[m], prediction[m]) for m in classes)
        return float(lost / weight.sum())

    def grown_by(self, params: Params) -> _Grown:
        """How far the fits grew; fitted again where an earlier process ran the trial."""
        key = frozenset(params.items())
        if key not in self.grown:
            list(self.folds_of(params))
        return self.grown[key]


def plan_blend(
    folds: Sequence[tuple[Rows, Rows]],
    kind: Kind,
    families: Sequence[str],
    budget: Budget,
    tuner: Tuner,
    space: Space = SPACE,
    stack: StackConfig | None = None,
) -> Plan:
    """Tune each family on (train, valid) pairs; the tuner's trials are shared out among them.

    Then stack them: each is fitted on every fold's training rows once more, for the planned rounds
    and without sight of the validation rows, and weights are learned on what it says of these.

    Early stopping watches the validation rows of the fold. Raises NotTrainable where no fold has
    two target values to learn from, TuningFailed where a family has no complete trial.
    """
    usable = [pair for pair in folds if len(pair[1].y) and len(np.unique(pair[0].y)) > 1]
    if not usable:
        raise NotTrainable("no fold has rows of both outcomes to train on after purging")
    shares = trials_of(families, tuner.trials)

    def tuned(place: int) -> MemberPlan:
        family = families[place]
        part = tuner.part(family, shares[place])
        objective = _FoldLoss(family, kind, usable, budget, part.seed())
        found = part.tune(objective.folds_of, space_of(family, space))
        grown = objective.grown_by(found.best_params)
        return MemberPlan(
            family,
            found.best_params,
            max(1, round(float(np.median(grown.rounds)))),
            found.best_value,
            found.history,
            grown.curve,
        )

    members = side_by_side(tuned, range(len(families)), budget.threads)
    y, parts = _out_of_fold(usable, kind, members, budget, tuner)
    heavy = row_weights(kind, Rows(np.empty((len(y), 0)), y), budget)
    weights = stack_weights(kind, y, parts, stack or StackConfig(), heavy)
    return Plan(kind, tuple(members), weights, len(y))


def trials_of(families: Sequence[str], trials: int) -> list[int]:
    """The trials shared out evenly, at least one each; a family's own `MOST_TRIALS` caps its share,
    and what it leaves goes to the others.
    """
    most = [getattr(family_of(name), "MOST_TRIALS", trials) for name in families]
    shares = [0] * len(families)
    for _ in range(max(trials, len(families))):
        open_places = [i for i, share in enumerate(shares) if share < most[i]]
        if open_places:
            shares[min(open_places, key=lambda i: shares[i])] += 1
    return shares


def side_by_side(work: Callable[[_In], _Out], items: Sequence[_In], threads: int) -> list[_Out]:
    """The work of all items, on so many threads at most, in the items' order.

    Where some fail, the first in that order passes its exception on.
    """
    if threads < 2 or len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def _out_of_fold(
    folds: Sequence[tuple[Rows, Rows]],
    kind: Kind,
    members: Sequence[MemberPlan],
    budget: Budget,
    tuner: Tuner,
) -> tuple[FloatArray, list[FloatArray]]:
    """Targets of all validation rows, and what each planned family says of them unseen."""

    def said(member: MemberPlan) -> FloatArray:
        fits = (_fit_member(train, kind, member, budget, tuner) for train, _ in folds)
        return np.concatenate([b.predict(v.x) for b, (_, v) in zip(fits, folds, strict=True)])

    parts = side_by_side(said, members, budget.threads)
    return np.concatenate([valid.y for _, valid in folds]), parts


def _fit_member(
    rows: Rows, kind: Kind, member: MemberPlan, budget: Budget, tuner: Tuner
) -> Booster:
    """One family with its planned parameters and rounds."""
    grow = replace(budget, max_rounds=member.rounds)
    seed = tuner.part(member.family, 1).seed()
    booster: Booster = family_of(member.family).fit(kind, rows, None, member.params, seed, grow)
    return booster


def fit_blend(rows: Rows, plan: Plan, budget: Budget, tuner: Tuner) -> Blend:
    """Fit every family on these rows with its planned parameters and rounds."""

    def fitted(member: MemberPlan) -> Booster:
        return _fit_member(rows, plan.kind, member, budget, tuner)

    members = side_by_side(fitted, plan.members, budget.threads)
    return Blend(tuple(members), plan.kind, plan.weights)
