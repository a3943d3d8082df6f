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
    as_matrix,
    require_rows,
    usable_columns,
)
from mlplatform.models.blend import Blend, Plan, fit_blend, plan_blend
from mlplatform.models.boosting import SPACE
from mlplatform.models.errors import NotTrainable
from mlplatform.models.promise import promising
from mlplatform.models.space import Space
from mlplatform.models.splits import purged_folds, purged_holdout
from mlplatform.models.stop_judgement import (
    Judged,
    StopConfig,
    centred_outcome,
    judge,
    shape_of,
    shrunk,
)
from mlplatform.models.stop_rivals import Rival, fit_rivals
from mlplatform.models.stop_rows import (
    NEVER,
    StopRows,
    expanded,
    label_ends,
    thinned,
)
from mlplatform.models.stop_shape import ShapeConfig
from mlplatform.models.tuning import Tuner

# A tree that may not see the stop column has nothing to split on, so columns are not sampled.
STOP_SPACE = Space(
    ranges={name: what for name, what in SPACE.ranges.items() if name != "column_frac"},
    first={name: what for name, what in (SPACE.first or {}).items() if name != "column_frac"},
)


@dataclass(frozen=True)
class StopMetrics:
    """What the inner holdout said; outcomes are mean net R per candidate of the holdout.

    All but `constant_atr`, the comparator, is of the candidates that look worth trading (see
    `promise`). `gain_r` is the model's outcome less that of their best constant multiple before,
    pair by pair; `beats_constant` holds where it exceeds `min_gain_se` standard errors.
    `weight` is how far the model departs from the constant: 0 up to `min_gain_se`, rising to 1 at
    twice that. `method` is what is used: constant, outcome, quantile (of the winners' adverse
    excursion) or regimes; the gains are of all that were tried, of smoothing over what is used.
    """

    rows: int
    incomplete_rows: int
    promising_rows: int
    holdout_rows: int
    constant_atr: float
    promising_constant_atr: float
    outcome_constant_r: float | None
    outcome_model_r: float | None
    gain_r: float | None
    gain_se_r: float | None
    weight: float
    beats_constant: bool
    tuning_loss: float
    trials_run: int
    family_weights: dict[str, float]
    method: str = "outcome"
    gains_r: dict[str, float] = field(default_factory=dict)
    gains_se_r: dict[str, float] = field(default_factory=dict)
    smooth_weight: float = 0.0


@dataclass(frozen=True, eq=False)
class StopModel:
    """Fitted stop model: boosters over features and stop, shrunk to the best constant."""

    columns: Columns
    stop_grid_atr: tuple[float, ...]
    mean_net_r: tuple[float, ...]
    blend: Blend
    plan: Plan
    metrics: StopMetrics
    rival: Rival | None = None
    shape: ShapeConfig = field(default_factory=ShapeConfig)

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n,) stop distance in ATR, before shaping: the stop of the grid with the best
        outcome, or that of the rival which did better.
        """
        if self.rival is not None:
            return self.rival.stops(as_matrix(x, len(self.columns.names)))
        grid = np.array(self.stop_grid_atr)
        return np.asarray(grid[self.predict_outcome(x).argmax(axis=1)])

    def predict_outcome(self, x: FloatArray) -> FloatArray:
        """(n, F) -> (n, K) expected net R per stop.

        Differences between stops are the candidate's; their common level is the training mean.
        """
        mean = np.array(self.mean_net_r)
        grid = np.array(self.stop_grid_atr)
        weight = self.metrics.weight
        if weight == 0.0:
            x = as_matrix(x, len(self.columns.names))
            return shrunk(np.zeros((len(x), len(grid))), mean, weight)
        own = centred_outcome(self.blend, self.columns.select(x), grid)
        return shrunk(own, mean, weight)


def fit_stop(rows: StopRows, config: StopConfig, tuner: Tuner) -> StopModel:
    """Tune on purged folds, judge against the best constant on a purged holdout, refit on all rows.

    Raises NotTrainable where complete candidates or usable features are too few.
    """
    ends = label_ends(rows)
    complete = np.flatnonzero(ends != NEVER)
    require_rows(len(complete), config.min_rows, "candidates with complete labels")
    if not np.ptp(rows.net_r[complete], axis=1).any():
        raise NotTrainable("every stop of the grid has the same outcome for every candidate")
    index = _promising(rows, ends, complete, config, tuner)
    columns = usable_columns(rows.x[index], rows.feature_names)
    plan = _plan(rows, ends, index, config, tuner)
    judged = judge(rows, ends, index, plan, config, tuner)
    blend = fit_blend(expanded(rows, columns, index), plan, config.budget, tuner)
    mean = rows.net_r[index].mean(axis=0)
    plain = rows.net_r[complete].mean(axis=0)
    metrics = StopMetrics(
        rows=len(complete),
        incomplete_rows=len(ends) - len(complete),
        holdout_rows=judged.rows,
        constant_atr=float(rows.stop_grid_atr[plain.argmax()]),
        promising_rows=len(index),
        promising_constant_atr=float(rows.stop_grid_atr[mean.argmax()]),
        outcome_constant_r=judged.constant_r,
        outcome_model_r=judged.model_r,
        gain_r=judged.gains["outcome"][0] if judged.gains else None,
        gain_se_r=judged.gains["outcome"][1] if judged.gains else None,
        weight=judged.weight,
        beats_constant=judged.method != "constant",
        tuning_loss=plan.loss,
        trials_run=plan.trials_run,
        family_weights=plan.family_weights,
        method=judged.method,
        gains_r={name: gain for name, (gain, _) in judged.gains.items()},
        gains_se_r={name: error for name, (_, error) in judged.gains.items()},
        smooth_weight=judged.smooth_weight,
    )
    grid = tuple(float(stop) for stop in rows.stop_grid_atr)
    means = tuple(float(m) for m in mean)
    rival = _rival(rows, index, judged, config, tuner)
    shape = shape_of(judged, config)
    return StopModel(columns, grid, means, blend, plan, metrics, rival, shape)


def _promising(
    rows: StopRows, ends: IntArray, index: IntArray, config: StopConfig, tuner: Tuner
) -> IntArray:
    seed = tuner.part("promise", 1).seed()
    return promising(rows, ends, index, config.prior_atr, config.promise, config.embargo_us, seed)


def _rival(
    rows: StopRows, index: IntArray, judged: Judged, config: StopConfig, tuner: Tuner
) -> Rival | None:
    """The rival that won, fitted on these rows; None where none did."""
    if judged.method not in ("quantile", "regimes"):
        return None
    seed = tuner.part("rivals", 1).seed()
    return fit_rivals(rows, index, config.rivals, seed).get(judged.method)


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


def taught_stops(rows: StopRows, plan: Plan, config: StopConfig, tuner: Tuner) -> FloatArray:
    """(n,) stop in ATR for each training candidate: under what the later roles are fitted.

    The newest `holdout_frac` of the candidates get theirs from a model, judged and shrunk like the
    final one, of the purged rows before them: what is calibrated on them has stops as trading has.
    The older ones all get the best constant of the older ones, one number of the grid. Stops that
    change from block to block, as models of each block's past would give, move the probability of a
    win more than any feature does: they cost half of what could be captured in planted worlds.

    Where the older rows are too few, all get the stop of the grid nearest to `prior_atr`.
    Parameters come from `plan` (of the fitted model): they have seen the whole training range.
    """
    ends, grid = label_ends(rows), rows.stop_grid_atr
    complete = np.flatnonzero(ends != NEVER)
    times = rows.decision_ts[complete], ends[complete]
    split = purged_holdout(*times, config.holdout_frac, config.embargo_us)
    older = complete[split.train]
    if len(older) < config.min_rows:
        return np.full(len(ends), float(grid[np.abs(grid - config.prior_atr).argmin()]))
    index = _promising(rows, ends, older, config, tuner)
    mean = rows.net_r[index].mean(axis=0)
    out = np.full(len(ends), float(grid[mean.argmax()]))
    newest = np.arange(int(complete[split.valid[0]]), len(ends))
    judged = judge(rows, ends, index, plan, config, tuner)
    rival = _rival(rows, index, judged, config, tuner)
    if rival is not None:
        out[newest] = rival.stops(rows.x[newest])
        return out
    own = np.zeros((len(newest), len(grid)))
    if judged.weight > 0.0:
        columns = usable_columns(rows.x[index], rows.feature_names)
        blend = fit_blend(expanded(rows, columns, index), plan, config.budget, tuner)
        own = centred_outcome(blend, columns.select(rows.x[newest]), grid)
    out[newest] = grid[shrunk(own, mean, judged.weight).argmax(axis=1)]
    return out
