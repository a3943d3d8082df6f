"""The stop model: which stop distance a candidate should have, by expected net outcome.

Each training candidate gives one row per stop of the grid; the stop is one more input column. The
target is the candidate's net result under that stop *less its mean over the grid*: what all stops
share (was it a good trade at all?) does not help to choose one, and is most of the noise. On
planted effects the uncentred target lost to the best constant, the centred one found nearly all of
the gain.
"""

from dataclasses import dataclass, field

import numpy as np

from mlplatform.models.arrays import (
    Columns,
    FloatArray,
    IntArray,
    require_rows,
    usable_columns,
)
from mlplatform.models.blend import Blend, Plan, fit_blend, plan_blend
from mlplatform.models.boosting import FAMILIES, SPACE
from mlplatform.models.errors import NotTrainable
from mlplatform.models.families import Budget
from mlplatform.models.space import Space
from mlplatform.models.splits import purged_folds, purged_holdout
from mlplatform.models.stacking import StackConfig
from mlplatform.models.stop_rows import (
    NEVER,
    StopRows,
    expanded,
    label_ends,
    thinned,
    with_stop,
)
from mlplatform.models.tuning import Tuner

# A tree that may not see the stop column has nothing to split on, so columns are not sampled.
STOP_SPACE = Space(
    ranges={name: what for name, what in SPACE.ranges.items() if name != "column_frac"},
    first={name: what for name, what in (SPACE.first or {}).items() if name != "column_frac"},
)


@dataclass(frozen=True)
class StopConfig:
    """How the stop model is fitted; fractions are of candidates, times in microseconds.

    Trials and weights are judged on `tuning_rows` rows (candidates x stops) at most: where there
    are more, on every second stop, and on candidates spread evenly over time. What is fitted with
    the result reads them all.
    """

    min_rows: int = 60
    n_folds: int = 3
    tuning_rows: int = 12_000
    holdout_frac: float = 0.25
    min_holdout_rows: int = 20
    min_gain_se: float = 1.0
    cross_folds: int = 4
    prior_atr: float = 1.5
    embargo_us: int = 0
    families: tuple[str, ...] = tuple(FAMILIES)
    stack: StackConfig = field(default_factory=StackConfig)
    budget: Budget = field(default_factory=lambda: Budget(max_rounds=150))


@dataclass(frozen=True)
class StopMetrics:
    """What the inner holdout said; outcomes are mean net ATR per candidate of the holdout.

    `gain_atr` is the model's outcome less that of the best constant multiple of the rows before,
    pair by pair; `beats_constant` holds where it exceeds `min_gain_se` standard errors.
    `weight` is how far the model departs from the constant: 0 up to `min_gain_se`, rising to 1 at
    twice that.
    """

    rows: int
    incomplete_rows: int
    holdout_rows: int
    constant_atr: float
    outcome_constant_atr: float | None
    outcome_model_atr: float | None
    gain_atr: float | None
    gain_se_atr: float | None
    weight: float
    beats_constant: bool
    tuning_loss: float
    trials_run: int
    family_weights: dict[str, float]


@dataclass(frozen=True, eq=False)
class StopModel:
    """Fitted stop model: boosters over features and stop, shrunk to the best constant."""

    columns: Columns
    stop_grid_atr: tuple[float, ...]
    mean_net_atr: tuple[float, ...]
    blend: Blend
    plan: Plan
    metrics: StopMetrics

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) stop distance in ATR: the stop of the grid with the best outcome."""
        grid = np.array(self.stop_grid_atr)
        return np.asarray(grid[self.predict_outcome(x).argmax(axis=1)])

    def predict_outcome(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n, K) expected net ATR per stop.

        Differences between stops are the candidate's; their common level is the training mean.
        """
        mean = np.array(self.mean_net_atr)
        grid = np.array(self.stop_grid_atr)
        own = _centred_outcome(self.blend, self.columns.select(x), grid)
        return _shrunk(own, mean, self.metrics.weight)


def fit_stop(rows: StopRows, config: StopConfig, tuner: Tuner) -> StopModel:
    """Tune on purged folds, judge against the best constant on a purged holdout, refit on all rows.

    Raises NotTrainable where complete candidates or usable features are too few.
    """
    ends = label_ends(rows)
    complete = np.flatnonzero(ends != NEVER)
    require_rows(len(complete), config.min_rows, "candidates with complete labels")
    if not np.ptp(rows.net_atr[complete], axis=1).any():
        raise NotTrainable("every stop of the grid has the same outcome for every candidate")
    columns = usable_columns(rows.x[complete], rows.feature_names)
    plan = _plan(rows, ends, complete, config, tuner)
    judged = _judge(rows, ends, complete, plan, config, tuner)
    blend = fit_blend(expanded(rows, columns, complete), plan, config.budget, tuner)
    mean = rows.net_atr[complete].mean(axis=0)
    metrics = StopMetrics(
        rows=len(complete),
        incomplete_rows=len(ends) - len(complete),
        holdout_rows=judged.rows,
        constant_atr=float(rows.stop_grid_atr[mean.argmax()]),
        outcome_constant_atr=judged.constant_atr,
        outcome_model_atr=judged.model_atr,
        gain_atr=judged.gain_atr,
        gain_se_atr=judged.gain_se_atr,
        weight=judged.weight,
        beats_constant=judged.beats_constant,
        tuning_loss=plan.loss,
        trials_run=plan.trials_run,
        family_weights=plan.family_weights,
    )
    grid = tuple(float(stop) for stop in rows.stop_grid_atr)
    return StopModel(columns, grid, tuple(float(m) for m in mean), blend, plan, metrics)


def _plan(
    rows: StopRows, ends: IntArray, index: IntArray, config: StopConfig, tuner: Tuner
) -> Plan:
    """Tune on folds of the rows before the holdout that judges the model later."""
    split = purged_holdout(
        rows.decision_ts[index], ends[index], config.holdout_frac, config.embargo_us
    )
    rows, early = thinned(rows, index[split.train], config.tuning_rows)
    pairs = []
    for fold in purged_folds(
        rows.decision_ts[early], ends[early], config.n_folds, config.embargo_us
    ):
        train, valid = early[fold.train], early[fold.valid]
        columns = usable_columns(rows.x[train], rows.feature_names)
        pairs.append((expanded(rows, columns, train), expanded(rows, columns, valid)))
    return plan_blend(
        pairs, "regression", config.families, config.budget, tuner, STOP_SPACE, config.stack
    )


def cross_fitted_stops(rows: StopRows, plan: Plan, config: StopConfig, tuner: Tuner) -> FloatArray:
    """(n,) stop in ATR for each training candidate, by a model fitted on its past only.

    The candidates are cut into `cross_folds` + 1 blocks in time; a block's stops come from a model,
    judged and shrunk like the final one, of the purged blocks before it. The first block, which has
    no past, gets the stop of the grid nearest to `prior_atr`, as does a block whose past is too
    short. Parameters come from `plan` (of the fitted model): they have seen the whole training
    range, rows of no fold were fitted on themselves. Incomplete candidates get a stop, train none.
    """
    ends = label_ends(rows)
    grid = rows.stop_grid_atr
    out = np.full(len(ends), float(grid[np.abs(grid - config.prior_atr).argmin()]))
    folds = purged_folds(rows.decision_ts, ends, config.cross_folds, config.embargo_us)
    for fold in folds:
        if len(fold.train) < config.min_rows:
            continue
        mean = rows.net_atr[fold.train].mean(axis=0)
        judged = _judge(rows, ends, fold.train, plan, config, tuner)
        own = np.zeros((len(fold.valid), len(grid)))
        if judged.weight > 0.0:
            columns = usable_columns(rows.x[fold.train], rows.feature_names)
            blend = fit_blend(expanded(rows, columns, fold.train), plan, config.budget, tuner)
            own = _centred_outcome(blend, columns.select(rows.x[fold.valid]), grid)
        out[fold.valid] = grid[_shrunk(own, mean, judged.weight).argmax(axis=1)]
    return out


@dataclass(frozen=True)
class _Judged:
    """Model against constant on held-out rows."""

    rows: int
    constant_atr: float | None
    model_atr: float | None
    gain_atr: float | None
    gain_se_atr: float | None
    weight: float
    beats_constant: bool


def _judge(
    rows: StopRows,
    ends: IntArray,
    index: IntArray,
    plan: Plan,
    config: StopConfig,
    tuner: Tuner,
) -> _Judged:
    """Fit on the older of these rows, and compare choices on the newer ones."""
    split = purged_holdout(
        rows.decision_ts[index], ends[index], config.holdout_frac, config.embargo_us
    )
    train, valid = index[split.train], index[split.valid]
    if min(len(train), len(valid)) < config.min_holdout_rows:
        return _Judged(len(valid), None, None, None, None, 0.0, False)
    columns = usable_columns(rows.x[train], rows.feature_names)
    blend = fit_blend(expanded(rows, columns, train), plan, config.budget, tuner)
    mean = rows.net_atr[train].mean(axis=0)
    own = _centred_outcome(blend, columns.select(rows.x[valid]), rows.stop_grid_atr)
    chosen = _shrunk(own, mean, 1.0).argmax(axis=1)
    constant = rows.net_atr[valid, mean.argmax()]
    model = rows.net_atr[valid, chosen]
    gain = model - constant
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    ratio = float(gain.mean()) / error if error > 0.0 else 0.0
    weight = float(np.clip(ratio / config.min_gain_se - 1.0, 0.0, 1.0))
    return _Judged(
        len(valid),
        float(constant.mean()),
        float(model.mean()),
        float(gain.mean()),
        error,
        weight,
        weight > 0.0,
    )


def _centred_outcome(blend: Blend, x: FloatArray, grid: FloatArray) -> FloatArray:
    return blend.predict(with_stop(x, grid)).reshape(len(x), len(grid))


def _shrunk(own: FloatArray, mean: FloatArray, weight: float) -> FloatArray:
    """The candidate's own differences and the constant's, mixed, around the common level."""
    level = mean.mean()
    return np.asarray(level + weight * own + (1.0 - weight) * (mean - level))
