"""The entry model: the probability that a candidate wins, and from where it is worth trading."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from mlplatform.models.arrays import (
    BoolArray,
    Columns,
    FloatArray,
    IntArray,
    Rows,
    evenly,
    require_classes,
    require_rows,
    usable_columns,
)
from mlplatform.models.blend import Blend, Plan, fit_blend, plan_blend
from mlplatform.models.boosting import FAMILIES
from mlplatform.models.calibration import Calibrator, calibrate
from mlplatform.models.comparators import FIVE_FEATURES, fit_logistic
from mlplatform.models.entry_scores import Rival, SliceScores, score_slice
from mlplatform.models.families import Budget
from mlplatform.models.splits import purged_folds, purged_holdout
from mlplatform.models.stacking import StackConfig
from mlplatform.models.threshold import Threshold, ThresholdConfig, choose_threshold
from mlplatform.models.tuning import Tuner

ClassWeight = Literal["none", "balanced"]


@dataclass(frozen=True)
class EntryConfig:
    """How the entry model is fitted; fractions are of candidates, times in microseconds.

    Families are tuned on log loss: what is asked for is a probability. With `class_weight`
    "balanced" winners and losers weigh the same in the fit, and calibration puts the level right.
    `comparator_features` are those of the logistic regression to beat. Trials and weights are
    judged on `tuning_rows` training candidates at most, spread evenly over time; what is fitted
    with the result reads them all.
    """

    min_rows: int = 60
    min_class_rows: int = 5
    n_folds: int = 3
    tuning_rows: int = 8_000
    calibration_frac: float = 0.25
    isotonic_min_rows: int = 200
    embargo_us: int = 0
    families: tuple[str, ...] = tuple(FAMILIES)
    stack: StackConfig = field(default_factory=StackConfig)
    budget: Budget = field(default_factory=Budget)
    threshold: ThresholdConfig = field(default_factory=ThresholdConfig)
    class_weight: ClassWeight = "none"
    comparator_features: tuple[str, ...] = FIVE_FEATURES


@dataclass(frozen=True, eq=False)
class EntryRows:
    """Training candidates, sorted by decision: x (n, F) and vectors (n,).

    `is_win` is 1 where the target came before the predicted stop, net of costs, else 0; `net_r` is
    the net result per initial risk. Both are NaN where the label is incomplete.
    """

    x: FloatArray
    feature_names: Sequence[str]
    decision_ts: IntArray
    label_end_ts: IntArray
    is_win: FloatArray
    net_r: FloatArray


@dataclass(frozen=True)
class EntryMetrics:
    """What was fitted on what, and how it did on the slice, which starts at `slice_from_us`.

    What trades is fitted on all `rows`; what is told of the slice is of a fit on `train_rows`.
    """

    rows: int
    incomplete_rows: int
    train_rows: int
    slice_rows: int
    slice_from_us: int
    scores: SliceScores
    threshold: Threshold
    tuning_loss: float
    trials_run: int
    family_weights: dict[str, float]

    @property
    def has_edge(self) -> bool:
        """Whether some threshold had an expected value above zero; if not, say so."""
        return self.threshold.has_edge


@dataclass(frozen=True, eq=False)
class EntryModel:
    """A blend of all complete rows, a calibrator, and the probability to trade from."""

    columns: Columns
    blend: Blend
    calibrator: Calibrator
    threshold: float
    plan: Plan
    metrics: EntryMetrics

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) calibrated probability of a win."""
        return self.calibrator.apply(self.blend.predict(self.columns.select(x)))

    def take(self, probability: FloatArray) -> BoolArray:
        """(n,) probabilities -> (n,) whether the model would trade."""
        return np.asarray(probability >= self.threshold)


@dataclass(frozen=True, eq=False)
class EntryFit:
    """A fitted model, and what the blend that did not see the slice says of the slice.

    `slice_score` is (n,), before calibration; NaN for rows outside the slice or incomplete.
    """

    model: EntryModel
    slice_score: FloatArray

    @property
    def slice_probability(self) -> FloatArray:
        """(n,) calibrated probabilities that no row of them was learned from; NaN likewise."""
        out = self.slice_score.copy()
        held = np.flatnonzero(~np.isnan(out))
        out[held] = self.model.calibrator.apply(out[held])
        return out


def fit_entry(rows: EntryRows, config: EntryConfig, tuner: Tuner) -> EntryFit:
    """Tune on the older rows; calibrate and choose the threshold on the newest ones, which neither
    trained nor tuned; then fit once more on all, for the newest rows are the most like what comes.

    The slice is purged from the rows before it. Its scores, the calibrator and the threshold are of
    the blend that did not see it. Raises NotTrainable where candidates, winners, losers or usable
    features are too few on either side.
    """
    known = np.flatnonzero(~(np.isnan(rows.is_win) | np.isnan(rows.net_r)))
    require_rows(len(known), config.min_rows, "candidates with complete labels")
    train, held = _split(rows, known, config)
    for index, where in ((train, "training"), (held, "calibration")):
        require_classes(rows.is_win[index], config.min_class_rows, f"{where} candidates")
    columns = usable_columns(rows.x[train], rows.feature_names)
    data = Rows(columns.select(rows.x[train]), rows.is_win[train])
    budget = _budget(data, config)
    pairs = _tuning_pairs(rows, train, config)
    plan = plan_blend(pairs, "binary", config.families, budget, tuner, stack=config.stack)
    blend = fit_blend(data, plan, budget, tuner)
    score = blend.predict(columns.select(rows.x[held]))
    won = rows.is_win[held]
    times = rows.decision_ts[held], rows.label_end_ts[held]
    span = (*times, config.isotonic_min_rows, config.embargo_us)
    calibration = calibrate(score, won, *span)
    plain = fit_logistic(rows.x[train], data.y, columns, config.comparator_features)
    said = plain.predict(rows.x[held])
    rival = Rival(said, calibrate(said, won, *span), plain.names)
    seed = tuner.part("bootstrap", 1).seed()
    scores = score_slice(score, won, times[0], calibration, rival, seed)
    probability = calibration.calibrator.apply(score)
    chosen = choose_threshold(probability, won, rows.net_r[held], config.threshold)
    whole = Rows(columns.select(rows.x[known]), rows.is_win[known])
    refitted = fit_blend(whole, plan, budget, tuner)
    metrics = EntryMetrics(
        rows=len(known),
        incomplete_rows=len(rows.is_win) - len(known),
        train_rows=len(train),
        slice_rows=len(held),
        slice_from_us=int(rows.decision_ts[held[0]]),
        scores=scores,
        threshold=chosen,
        tuning_loss=plan.loss,
        trials_run=plan.trials_run,
        family_weights=plan.family_weights,
    )
    model = EntryModel(columns, refitted, calibration.calibrator, chosen.probability, plan, metrics)
    slice_score = np.full(len(rows.is_win), np.nan)
    slice_score[held] = score
    return EntryFit(model, slice_score)


def _split(rows: EntryRows, known: IntArray, config: EntryConfig) -> tuple[IntArray, IntArray]:
    """Row numbers to train on, and those of the calibration slice."""
    times = rows.decision_ts[known], rows.label_end_ts[known]
    split = purged_holdout(*times, config.calibration_frac, config.embargo_us)
    return known[split.train], known[split.valid]


def _tuning_pairs(rows: EntryRows, train: IntArray, config: EntryConfig) -> list[tuple[Rows, Rows]]:
    """Training and validation rows of each fold, with the columns that are usable in the fold."""
    tried = train[evenly(np.arange(len(train)), config.tuning_rows)]
    times = rows.decision_ts[tried], rows.label_end_ts[tried]
    pairs = []
    for fold in purged_folds(*times, config.n_folds, config.embargo_us):
        columns = usable_columns(rows.x[tried[fold.train]], rows.feature_names)
        inner, outer = (
            Rows(columns.select(rows.x[tried[part]]), rows.is_win[tried[part]])
            for part in (fold.train, fold.valid)
        )
        pairs.append((inner, outer))
    return pairs


def _budget(data: Rows, config: EntryConfig) -> Budget:
    if config.class_weight == "none":
        return config.budget
    wins = float(data.y.sum())
    return replace(config.budget, win_weight=(len(data.y) - wins) / wins)
