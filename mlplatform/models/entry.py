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
from mlplatform.models.calibration import Calibration, Calibrator, calibrate
from mlplatform.models.comparators import FIVE_FEATURES, fit_logistic
from mlplatform.models.families import Budget
from mlplatform.models.intervals import (
    Intervals,
    ReliabilityBin,
    bootstrap_intervals,
    reliability_curve,
)
from mlplatform.models.scores import auc, log_loss, squared_error
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
class SliceScores:
    """Quality on the calibration slice, which neither trained nor tuned.

    Brier scores and log losses (nats) are of probabilities whose calibrator did not see the row,
    and of a base rate that did not see it either; None where purging left nothing to compare. The
    logistic regression was fitted on the training rows and calibrated on the slice by the same
    rule. "Beats" is by log loss. Intervals are of the model's scores; days are drawn.
    """

    base_rate: float
    auc: float
    brier: float | None
    brier_base_rate: float | None
    log_loss: float | None
    log_loss_base_rate: float | None
    calibration: str
    auc_logistic: float
    brier_logistic: float | None = None
    log_loss_logistic: float | None = None
    logistic_features: tuple[str, ...] = ()
    beats_base_rate: bool = False
    beats_logistic: bool = False
    intervals: Intervals | None = None
    reliability: tuple[ReliabilityBin, ...] = ()


@dataclass(frozen=True)
class EntryMetrics:
    """What was fitted on what, and how it did on the slice; the slice starts at `slice_from_us`."""

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
    """Fitted entry model: a blend of boosters, a calibrator, and the probability to trade from."""

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


def fit_entry(rows: EntryRows, config: EntryConfig, tuner: Tuner) -> EntryModel:
    """Tune and fit on the older rows, calibrate and choose the threshold on the newest ones.

    The slice is purged from the rows before it and is never fitted on. Raises NotTrainable where
    candidates, winners, losers or usable features are too few on either side.
    """
    known = np.flatnonzero(~(np.isnan(rows.is_win) | np.isnan(rows.net_r)))
    require_rows(len(known), config.min_rows, "candidates with complete labels")
    decision, ends = rows.decision_ts[known], rows.label_end_ts[known]
    split = purged_holdout(decision, ends, config.calibration_frac, config.embargo_us)
    train, held = known[split.train], known[split.valid]
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
    plain_score = plain.predict(rows.x[held])
    rival = calibrate(plain_score, won, *span)
    seed = tuner.part("bootstrap", 1).seed()
    scores = _slice_scores(score, won, calibration)
    scores = _beside_logistic(scores, won, plain_score, calibration, rival)
    scores = _with_spread(scores, score, won, calibration, times[0], seed)
    scores = replace(scores, logistic_features=plain.names)
    probability = calibration.calibrator.apply(score)
    chosen = choose_threshold(probability, rows.net_r[held], config.threshold)
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
    return EntryModel(columns, blend, calibration.calibrator, chosen.probability, plan, metrics)


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


def _slice_scores(score: FloatArray, won: FloatArray, calibration: Calibration) -> SliceScores:
    known = ~np.isnan(calibration.cross_probability)
    method = calibration.calibrator.method
    rank = auc(won, score)
    if not known.any():
        return SliceScores(float(won.mean()), rank, None, None, None, None, method, 0.5)
    y, p, base = (
        won[known],
        calibration.cross_probability[known],
        calibration.cross_base_rate[known],
    )
    return SliceScores(
        base_rate=float(won.mean()),
        auc=rank,
        brier=squared_error(y, p),
        brier_base_rate=squared_error(y, base),
        log_loss=log_loss(y, p),
        log_loss_base_rate=log_loss(y, base),
        calibration=method,
        auc_logistic=0.5,
        beats_base_rate=log_loss(y, p) < log_loss(y, base),
        reliability=reliability_curve(y, p),
    )


def _beside_logistic(
    scores: SliceScores,
    won: FloatArray,
    plain_score: FloatArray,
    calibration: Calibration,
    rival: Calibration,
) -> SliceScores:
    """The scores with those of the logistic regression on the same rows."""
    scores = replace(scores, auc_logistic=auc(won, plain_score))
    known = ~np.isnan(calibration.cross_probability)
    if scores.log_loss is None:
        return scores
    y, p = won[known], rival.cross_probability[known]
    lost = log_loss(y, p)
    return replace(
        scores,
        brier_logistic=squared_error(y, p),
        log_loss_logistic=lost,
        beats_logistic=scores.log_loss < lost,
    )


def _with_spread(
    scores: SliceScores,
    score: FloatArray,
    won: FloatArray,
    calibration: Calibration,
    decision_ts: IntArray,
    seed: int,
) -> SliceScores:
    """The scores with their bootstrap intervals, on the rows that have a probability."""
    p = calibration.cross_probability
    known = ~np.isnan(p)
    if not known.any():
        return scores
    found = bootstrap_intervals(won[known], score[known], p[known], decision_ts[known], seed)
    return replace(scores, intervals=found)
