"""The probability from which a candidate is worth its risk."""

from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray


@dataclass(frozen=True)
class ThresholdConfig:
    """How a threshold is chosen.

    `margin_r` is the expected net R that a trade must promise: an allowance for probabilities and
    payoffs that a few hundred rows cannot tell exactly. `edge_se` is how many standard errors a
    value must lie above zero to be an edge. `quantiles` (of the probability) are tried where hardly
    a candidate promises the margin.
    """

    margin_r: float = 0.1
    min_trades: int = 10
    min_trades_frac: float = 0.05
    edge_se: float = 1.0
    quantiles: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


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
    probability: FloatArray, is_win: FloatArray, net_r: FloatArray, config: ThresholdConfig
) -> Threshold:
    """From calibrated probabilities, 0/1 wins and net R of the same rows, each (n,).

    It is where the expected value p x mean win - (1 - p) x mean loss reaches `margin_r`: two means
    of all rows decide, and not which of a few dozen trades happened to gain. Where fewer rows than
    the minimum lie above it, the least bad quantile stands in. `has_edge` is False then, and where
    what it takes did not gain `edge_se` standard errors: the caller must say so.
    """
    least = max(config.min_trades, int(np.ceil(config.min_trades_frac * len(net_r))))
    cut = required_probability(is_win, net_r, config.margin_r)
    if (probability >= cut).sum() < least:
        return _least_bad(probability, net_r, config, least)
    found = _value(cut, probability, net_r)
    gained = found.value_r > config.edge_se * found.value_se_r
    return _value(cut, probability, net_r, has_edge=gained)


def required_probability(is_win: FloatArray, net_r: FloatArray, margin_r: float) -> float:
    """The probability at which the expected net R is `margin_r`, in [0, 1].

    Mean results of winners and of the others are those of all rows. Where one class is missing, or
    winners gain no more than the others, it is 0 if all rows together gain the margin, else 1.
    """
    won = is_win > 0.0
    of_all = 0.0 if net_r.mean() >= margin_r else 1.0
    if won.all() or not won.any():
        return of_all
    win_r, other_r = float(net_r[won].mean()), float(net_r[~won].mean())
    if win_r <= other_r:
        return of_all
    return float(np.clip((margin_r - other_r) / (win_r - other_r), 0.0, 1.0))


def _least_bad(
    probability: FloatArray, net_r: FloatArray, config: ThresholdConfig, least: int
) -> Threshold:
    """The quantile with the best value less `edge_se` standard errors, averaged with its
    neighbours', so that no single trade decides. Thresholds that would take fewer trades than the
    minimum are left out; where all would, the lowest stays.
    """
    cuts = np.unique(np.quantile(probability, config.quantiles, method="lower"))
    tried = [_value(float(cut), probability, net_r) for cut in cuts]
    enough = [t for t in tried if t.trades >= least] or tried[:1]
    cautious = np.array([t.value_r - config.edge_se * t.value_se_r for t in enough])
    smooth = np.array(
        [cautious[max(0, i - 1) : i + 2].mean() for i in range(len(cautious))], dtype=np.float64
    )
    return enough[int(smooth.argmax())]


def _value(
    cut: float, probability: FloatArray, net_r: FloatArray, *, has_edge: bool = False
) -> Threshold:
    take = probability >= cut
    value = np.where(take, net_r, 0.0)
    error = float(value.std(ddof=1) / np.sqrt(len(value))) if len(value) > 1 else 0.0
    trades = int(take.sum())
    mean_r = float(net_r[take].mean()) if trades else 0.0
    return Threshold(cut, trades, mean_r, float(value.mean()), error, has_edge)
