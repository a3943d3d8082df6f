"""Whether a detector knows anything: held against the base rate and against the clock."""

from dataclasses import dataclass, field

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray, require_classes, require_rows
from mlplatform.models.neural.detector import Detector, DetectorConfig
from mlplatform.models.scores import auc, log_losses
from mlplatform.models.seeds import derive_seed
from mlplatform.models.splits import purged_holdout

_DAY_US = 86_400_000_000
_HOURS = 24
_PRIOR_ROWS = 20.0
"""Rows of the base rate that each hour starts with, so that a rare hour says little."""
_LEAST_P = 1e-6
"""What is said never counts as surer than this: one row may not decide."""


@dataclass(frozen=True, eq=False)
class DetectorRows:
    """Candidates of one setup in order of decision: windows (n, bars, channels), vectors (n,).

    `hour` is 0 to 23, of the exchange's day; `y` is 1 where the setup worked out, else 0.
    """

    windows: FloatArray
    hour: IntArray
    y: FloatArray
    decision_ts: IntArray
    label_end_ts: IntArray


@dataclass(frozen=True)
class JudgementConfig:
    """Shares held out for the verdict and for early stopping, and how sure it must be."""

    test_frac: float = 0.3
    stop_frac: float = 0.2
    embargo_us: int = 0
    min_rows: int = 200
    min_class_rows: int = 20
    resamples: int = 1000
    confidence: float = 0.95
    detector: DetectorConfig = field(default_factory=DetectorConfig)


@dataclass(frozen=True)
class Verdict:
    """Log losses (nats) and AUC on rows that neither trained nor stopped the training.

    The lower bounds are of the mean gain in log loss over a comparator, by bootstrap of whole days.
    """

    variant: str
    train_rows: int
    test_rows: int
    test_days: int
    log_loss: float
    log_loss_base_rate: float
    log_loss_hour: float
    auc: float
    auc_hour: float
    gain_over_base_rate_low: float
    gain_over_hour_low: float
    confidence: float

    @property
    def has_skill(self) -> bool:
        """Whether it beats both comparators by more than chance; if not, it is left out."""
        return self.gain_over_base_rate_low > 0.0 and self.gain_over_hour_low > 0.0

    def sentence(self) -> str:
        """The verdict in words."""
        against = (
            f"log loss {self.log_loss:.4f} against {self.log_loss_base_rate:.4f} of the base rate "
            f"and {self.log_loss_hour:.4f} of the hour of day, on {self.test_rows} candidates of "
            f"{self.test_days} days"
        )
        if self.has_skill:
            return f"skill: {against}"
        return f"no skill: {against}; the {self.variant} detector is left out"


def judge_detector(
    rows: DetectorRows, config: JudgementConfig, seed: int
) -> tuple[Detector, Verdict]:
    """Fit on the older rows, and judge on the newest ones, purged by label end time.

    The detector that comes back is the one that was judged. Raises NotTrainable where rows,
    winners or losers are too few on either side.
    """
    require_rows(len(rows.y), config.min_rows, "candidates with a window and a label")
    outer = purged_holdout(rows.decision_ts, rows.label_end_ts, config.test_frac, config.embargo_us)
    old, new = outer.train, outer.valid
    inner = purged_holdout(
        rows.decision_ts[old], rows.label_end_ts[old], config.stop_frac, config.embargo_us
    )
    fit, stop = old[inner.train], old[inner.valid]
    for index, where in ((fit, "training"), (stop, "stopping"), (new, "tested")):
        require_classes(rows.y[index], config.min_class_rows, f"{where} candidates")
    valid = rows.windows[stop], rows.y[stop]
    detector = Detector.fit(rows.windows[fit], rows.y[fit], valid, config.detector, seed)
    return detector, _verdict(rows, (old, new), detector, config, seed)


def hour_rates(hour: IntArray, y: FloatArray) -> FloatArray:
    """(24,) share of winners by hour, drawn towards the base rate where an hour is rare."""
    count = np.bincount(hour, minlength=_HOURS)
    wins = np.bincount(hour, weights=y, minlength=_HOURS)
    return np.asarray((wins + _PRIOR_ROWS * y.mean()) / (count + _PRIOR_ROWS))


def gain_low(gain: FloatArray, day: IntArray, config: JudgementConfig, seed: int) -> float:
    """Lower bound of the mean gain (n,): percentile bootstrap over whole days.

    Rows of one day share their market; drawing them one by one would make the bound too sure
    (B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13).
    """
    _, place = np.unique(day, return_inverse=True)
    total, count = np.bincount(place, weights=gain), np.bincount(place)
    rng = np.random.default_rng(derive_seed(seed, "bootstrap"))
    drawn = rng.integers(0, len(total), (config.resamples, len(total)))
    means = total[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    return float(np.quantile(means, 1.0 - config.confidence))


def _verdict(
    rows: DetectorRows,
    split: tuple[IntArray, IntArray],
    detector: Detector,
    config: JudgementConfig,
    seed: int,
) -> Verdict:
    old, new = split
    y, day = rows.y[new], rows.decision_ts[new] // _DAY_US
    score = detector.predict(rows.windows[new])
    clock = hour_rates(rows.hour[old], rows.y[old])[rows.hour[new]]
    said = (score, np.full(len(y), rows.y[old].mean()), clock)
    own, base, hour = (log_losses(y, each, _LEAST_P) for each in said)
    return Verdict(
        variant=detector.variant,
        train_rows=len(old),
        test_rows=len(new),
        test_days=len(np.unique(day)),
        log_loss=float(own.mean()),
        log_loss_base_rate=float(base.mean()),
        log_loss_hour=float(hour.mean()),
        auc=auc(y, score),
        auc_hour=auc(y, clock),
        gain_over_base_rate_low=gain_low(base - own, day, config, seed),
        gain_over_hour_low=gain_low(hour - own, day, config, seed),
        confidence=config.confidence,
    )
