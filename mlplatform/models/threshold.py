"""The probability from which a candidate is worth its risk."""

from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray


@dataclass(frozen=True)
class ThresholdConfig:
    """How a threshold is chosen; quantiles are of the calibrated probability.

    `edge_se` is how many standard errors an expected value must lie above zero to be an edge.
    """

    quantiles: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    min_trades: int = 10
    min_trades_frac: float = 0.05
    edge_se: float = 1.0


@dataclass(frozen=True)
class Threshold:
    """The chosen probability, and what trading from it upward made on the rows it was chosen on.

    `net_r_per_trade` is the mean net R of the taken, `value_r` the mean over all candidates
    (a refused one makes 0), `value_se_r` its standard error.
    """

    probability: float
    trades: int
    net_r_per_trade: float
    value_r: float
    value_se_r: float
    has_edge: bool


def choose_threshold(
    probability: FloatArray, net_r: FloatArray, config: ThresholdConfig
) -> Threshold:
    """The quantile of `probability` (n,) with the best expected net R (n,) per candidate.

    The value of a threshold is its mean less `edge_se` standard errors, averaged with its
    neighbours', so that no single trade decides. `has_edge` is False where even the best is not
    above zero: the threshold is then the least bad one, and the caller must say so. Thresholds
    that would take fewer trades than the minimum are left out; where all would, the lowest stays.
    """
    least = max(config.min_trades, int(np.ceil(config.min_trades_frac * len(net_r))))
    cuts = np.unique(np.quantile(probability, config.quantiles, method="lower"))
    tried = [_value(float(cut), probability, net_r) for cut in cuts]
    enough = [t for t in tried if t.trades >= least] or tried[:1]
    cautious = np.array([t.value_r - config.edge_se * t.value_se_r for t in enough])
    smooth = np.array(
        [cautious[max(0, i - 1) : i + 2].mean() for i in range(len(cautious))], dtype=np.float64
    )
    best = int(smooth.argmax())
    chosen = enough[best]
    return Threshold(
        chosen.probability,
        chosen.trades,
        chosen.net_r_per_trade,
        chosen.value_r,
        chosen.value_se_r,
        has_edge=bool(smooth[best] > 0.0 and cautious[best] > 0.0 and chosen.trades >= least),
    )


def _value(cut: float, probability: FloatArray, net_r: FloatArray) -> Threshold:
    take = probability >= cut
    value = np.where(take, net_r, 0.0)
    error = float(value.std(ddof=1) / np.sqrt(len(value))) if len(value) > 1 else 0.0
    trades = int(take.sum())
    return Threshold(cut, trades, float(net_r[take].mean()), float(value.mean()), error, False)
