"""Which way to a stop is better than one constant for all, on a purged holdout."""

from dataclasses import dataclass, field, replace

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray, usable_columns
from mlplatform.models.blend import Blend, Plan, fit_blend
from mlplatform.models.boosting import FAMILIES
from mlplatform.models.families import Budget
from mlplatform.models.promise import PromiseConfig
from mlplatform.models.splits import purged_holdout
from mlplatform.models.stacking import StackConfig
from mlplatform.models.stop_rivals import RivalConfig, fit_rivals
from mlplatform.models.stop_rows import StopRows, expanded, with_stop
from mlplatform.models.stop_shape import ShapeConfig, smoothed_stops
from mlplatform.models.tuning import Tuner


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
    prior_atr: float = 1.5
    embargo_us: int = 0
    families: tuple[str, ...] = tuple(FAMILIES)
    stack: StackConfig = field(default_factory=StackConfig)
    budget: Budget = field(default_factory=lambda: Budget(max_rounds=150))
    promise: PromiseConfig = field(default_factory=PromiseConfig)
    rivals: RivalConfig = field(default_factory=RivalConfig)
    shape: ShapeConfig = field(default_factory=ShapeConfig)
    """What is tried; smoothing is used where the holdout gains by it, bounds always hold."""


@dataclass(frozen=True)
class Judged:
    """Ways to a stop against the best constant on held-out rows; gains are mean net R.

    `method` is what is used: constant, outcome, quantile or regimes. `gains` are (gain, standard
    error) of each way that was tried, over the constant; of smoothing, over the way used.
    """

    rows: int
    constant_r: float | None = None
    model_r: float | None = None
    weight: float = 0.0
    method: str = "constant"
    gains: dict[str, tuple[float, float]] = field(default_factory=dict)
    smooth_weight: float = 0.0


def judge(
    rows: StopRows,
    ends: IntArray,
    index: IntArray,
    plan: Plan,
    config: StopConfig,
    tuner: Tuner,
) -> Judged:
    """Fit on the older of these rows, and compare choices on the newer ones."""
    split = purged_holdout(
        rows.decision_ts[index], ends[index], config.holdout_frac, config.embargo_us
    )
    train, valid = index[split.train], index[split.valid]
    if min(len(train), len(valid)) < config.min_holdout_rows:
        return Judged(len(valid))
    grid, net = rows.stop_grid_atr, rows.net_r[valid]
    columns = usable_columns(rows.x[train], rows.feature_names)
    blend = fit_blend(expanded(rows, columns, train), plan, config.budget, tuner)
    mean = rows.net_r[train].mean(axis=0)
    own = centred_outcome(blend, columns.select(rows.x[valid]), grid)
    choices = {"outcome": grid[shrunk(own, mean, 1.0).argmax(axis=1)]}
    rivals = fit_rivals(rows, train, config.rivals, tuner.part("rivals", 1).seed())
    choices |= {name: rival.stops(rows.x[valid]) for name, rival in rivals.items()}
    constant = net[:, mean.argmax()]
    gains = {n: gain_of(_outcome(net, grid, stops) - constant) for n, stops in choices.items()}
    weight = weight_of(gains["outcome"], config.min_gain_se)
    method = method_of(gains, weight, config.rivals.min_gain_se)
    used = grid[shrunk(own, mean, weight).argmax(axis=1)]
    used = choices[method] if method in rivals else used
    tried = smoothed_stops(used, rows.decision_ts[valid], config.shape)
    gains["smoothing"] = gain_of(_outcome(net, grid, tried) - _outcome(net, grid, used))
    gain, error = gains["smoothing"]
    is_smooth = error > 0.0 and gain > config.rivals.min_gain_se * error
    return Judged(
        rows=len(valid),
        constant_r=float(constant.mean()),
        model_r=float(constant.mean()) + gains["outcome"][0],
        weight=weight,
        method=method,
        gains=gains,
        smooth_weight=config.shape.smooth_weight if is_smooth else 0.0,
    )


def gain_of(gain: FloatArray) -> tuple[float, float]:
    """Mean and standard error of (n,) paired differences."""
    return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(len(gain)))


def weight_of(gain: tuple[float, float], min_gain_se: float) -> float:
    """0 up to `min_gain_se` standard errors, rising to 1 at twice that."""
    ratio = gain[0] / gain[1] if gain[1] > 0.0 else 0.0
    return float(np.clip(ratio / min_gain_se - 1.0, 0.0, 1.0))


def method_of(gains: dict[str, tuple[float, float]], weight: float, min_gain_se: float) -> str:
    """The way with the greatest gain of those that gain enough; the constant where none does."""
    enough = {
        name: gain
        for name, (gain, error) in gains.items()
        if (weight > 0.0 if name == "outcome" else error > 0.0 and gain > min_gain_se * error)
    }
    return max(enough, key=lambda name: enough[name]) if enough else "constant"


def shape_of(judged: Judged, config: StopConfig) -> ShapeConfig:
    """The shaping that is used: bounds as told, smoothing where it won."""
    return replace(config.shape, smooth_weight=judged.smooth_weight)


def _outcome(net: FloatArray, grid: FloatArray, stops: FloatArray) -> FloatArray:
    """(n,) net results under the stops of the grid that lie nearest."""
    nearest = np.abs(stops[:, None] - grid[None, :]).argmin(axis=1)
    return np.asarray(net[np.arange(len(net)), nearest])


def centred_outcome(blend: Blend, x: FloatArray, grid: FloatArray) -> FloatArray:
    """(n, K) what the blend expects of each stop, around no level."""
    return blend.predict(with_stop(x, grid)).reshape(len(x), len(grid))


def shrunk(own: FloatArray, mean: FloatArray, weight: float) -> FloatArray:
    """The candidate's own differences and the constant's, mixed, around the common level."""
    level = mean.mean()
    return np.asarray(level + weight * own + (1.0 - weight) * (mean - level))
