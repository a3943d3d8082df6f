"""What may be done with a stop distance beside predicting it: regimes, smoothing, bounds.

All is off in `ShapeConfig` unless asked for. Held against planted worlds: a multiple per regime
gains where outcomes depend on the regime, and is not used where a holdout does not show it.
"""

from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class ShapeConfig:
    """`smooth_weight` is the share of the stop before (0: none), forgotten after `smooth_us`.

    Bounds are in ticks, None where there is none.
    """

    smooth_weight: float = 0.0
    smooth_us: int = 1_800_000_000
    min_ticks: float | None = None
    max_ticks: float | None = None

    def __post_init__(self) -> None:
        """ValueError for a weight outside [0, 1), or bounds in the wrong order."""
        if not 0.0 <= self.smooth_weight < 1.0:
            raise ValueError("the weight of the stop before must lie between 0 and below 1")
        low, high = self.min_ticks or 0.0, self.max_ticks
        if low < 0.0 or (high is not None and high < max(low, 1e-9)):
            raise ValueError("the bounds of a stop must be positive and in order")


def smoothed_stops(
    stop_atr: FloatArray,
    decision_ts: IntArray,
    config: ShapeConfig,
    before: tuple[float, int] | None = None,
) -> FloatArray:
    """(n,) stops in order of decision -> (n,), each drawn to the smoothed one before it.

    `before` is the last smoothed stop and its decision time, so that one at a time gives the same
    bits as many. A stop uses itself and earlier ones only; after a gap of more than `smooth_us` it
    starts afresh. Raises ValueError where decisions are not in order.
    """
    out = np.array(stop_atr, dtype=np.float64)
    if config.smooth_weight == 0.0:
        return out
    last = before
    for row, ts in enumerate(decision_ts.tolist()):
        if last is not None:
            if ts < last[1]:
                raise ValueError("candidates must be in order of decision")
            if ts - last[1] <= config.smooth_us:
                share = config.smooth_weight
                out[row] = share * last[0] + (1.0 - share) * out[row]
        last = (float(out[row]), ts)
    return out


def bounded_stops(
    stop_atr: FloatArray, atr_points: FloatArray, tick_points: float, config: ShapeConfig
) -> FloatArray:
    """(n,) stops and ATR -> (n,) stops in ATR between the bounds in ticks.

    Raises ValueError for a tick or an ATR that is not positive.
    """
    atr = np.asarray(atr_points, dtype=np.float64)
    if not tick_points > 0.0 or not (atr > 0.0).all():
        raise ValueError("tick and ATR must be positive")
    low = (config.min_ticks or 0.0) * tick_points / atr
    high = np.inf if config.max_ticks is None else config.max_ticks * tick_points / atr
    return np.asarray(np.clip(stop_atr, low, high))


@dataclass(frozen=True)
class RegimeMultiples:
    """The best constant multiple of each regime; regimes are cut at quantiles of one feature.

    `gain_r` is the mean net outcome over the holdout above that of one constant for all.
    """

    cuts: tuple[float, ...]
    multiples_atr: tuple[float, ...]
    constant_atr: float
    gain_r: float
    gain_se_r: float
    used: bool

    def stops(self, value: FloatArray) -> FloatArray:
        """(n,) regime feature -> (n,) stop in ATR; the constant where unused or unknown."""
        if not self.used:
            return np.full(len(value), self.constant_atr)
        place = np.searchsorted(self.cuts, np.nan_to_num(value), side="right")
        known = np.array(self.multiples_atr)[place]
        return np.where(np.isnan(value), self.constant_atr, known)


def fit_regimes(
    value: tuple[FloatArray, FloatArray],
    net_r: tuple[FloatArray, FloatArray],
    grid: FloatArray,
    regimes: int = 3,
    shrink_rows: float = 100.0,
    min_gain_se: float = 2.0,
) -> RegimeMultiples:
    """Multiples per regime from (training, holdout) values (n,) and outcomes (n, K).

    Cuts and means are of the training rows; a regime's outcomes are drawn to the whole's as if
    `shrink_rows` rows had it. They are used where the holdout gains `min_gain_se` standard errors.
    """
    train, held = value
    cuts = np.unique(np.nanquantile(train, np.linspace(0.0, 1.0, regimes + 1)[1:-1]))
    whole = net_r[0].mean(axis=0)
    constant = float(grid[whole.argmax()])
    place = np.searchsorted(cuts, train, side="right")
    multiples = []
    for one in range(len(cuts) + 1):
        inside = (place == one) & ~np.isnan(train)
        mean = (net_r[0][inside].sum(axis=0) + shrink_rows * whole) / (inside.sum() + shrink_rows)
        multiples.append(float(grid[mean.argmax()]))
    tried = RegimeMultiples(tuple(cuts.tolist()), tuple(multiples), constant, 0.0, 0.0, True)
    rows = np.arange(len(held))
    chosen = np.searchsorted(grid, tried.stops(held))
    gain = net_r[1][rows, chosen] - net_r[1][:, int(whole.argmax())]
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else 0.0
    mean_gain = float(gain.mean()) if len(gain) else 0.0
    used = error > 0.0 and mean_gain > min_gain_se * error
    return RegimeMultiples(tried.cuts, tried.multiples_atr, constant, mean_gain, error, used)
