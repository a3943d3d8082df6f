"""What the probabilities and stops were worth on candidates that no model had seen.

Candidates of one day share its weather, so whole days are drawn (see `models.intervals`).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mlplatform.models.arrays import FloatArray, IntArray
from mlplatform.models.intervals import Interval, bootstrap_intervals
from mlplatform.models.scores import auc, log_loss, squared_error

ALL = "all"
_DRAWS = 1_000
_LEAST_DAYS = 5
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Quality:
    """One window's quality, or that of all together; None where `reasons` says why.

    Intervals are the central 90 % over resampled days. A gain is positive where the model is
    better: of a Brier score what the base rate's exceeds the model's by, of a stop its net R a
    taken candidate above the constant's.
    """

    period: str
    candidates: int
    """Judged by a model."""
    completed: int
    """Of them, those that were entered and closed: only these have an outcome."""
    taken: int
    win_frac: float | None
    auc: float | None
    auc_interval: Interval | None
    brier: float | None
    brier_base_rate: float | None
    """Of the share of wins that was known before the window."""
    brier_gain_interval: Interval | None
    log_loss: float | None
    log_loss_base_rate: float | None
    stop_net_r: float | None
    """Mean net R of the completed candidates that were taken, each alone, under the predicted stop:
    what stops are for. The others are nobody's trades."""
    constant_net_r: float | None
    stop_gain_interval: Interval | None
    reasons: tuple[str, ...] = ()

    @property
    def brier_gain(self) -> float | None:
        """Base rate's Brier score less the model's."""
        if self.brier is None or self.brier_base_rate is None:
            return None
        return self.brier_base_rate - self.brier

    @property
    def stop_gain_r(self) -> float | None:
        """Net R a taken candidate under the predicted stop less that under the constant."""
        if self.stop_net_r is None or self.constant_net_r is None:
            return None
        return self.stop_net_r - self.constant_net_r


@dataclass(frozen=True)
class OutOfSample:
    """All windows with models together, and each by itself, in order."""

    overall: Quality
    windows: tuple[Quality, ...]


def quality_out_of_sample(judged: pl.DataFrame, seed: int) -> OutOfSample:
    """The quality of `judged_candidates`; the same table and seed give the same figures."""
    parts = judged.partition_by("period", as_dict=True)
    windows = tuple(_quality(str(key[0]), parts[key], seed) for key in sorted(parts))
    return OutOfSample(_quality(ALL, judged, seed), windows)


def _quality(period: str, rows: pl.DataFrame, seed: int) -> Quality:
    done = rows.drop_nulls("is_win")
    won = done["is_win"].cast(pl.Float64).to_numpy()
    said, base = done["probability"].to_numpy(), done["base_rate"].to_numpy()
    ts = done["ts"].to_physical().to_numpy().astype(np.int64)
    reasons, has_both = [], 0.0 < won.sum() < len(won)
    if not len(won):
        reasons.append("no judged candidate was entered and closed")
    elif not has_both:
        reasons.append("an AUC needs winners and losers")
    spread = bootstrap_intervals(won, said, said, ts, seed, _DRAWS) if has_both else None
    if len(won) and len(np.unique(ts // _DAY_US)) < _LEAST_DAYS:
        reasons.append(f"an interval needs {_LEAST_DAYS} days")
    both = done.filter("take").drop_nulls("constant_net_r")
    own, plain = both["net_r"].to_numpy(), both["constant_net_r"].to_numpy()
    both_ts = both["ts"].to_physical().to_numpy().astype(np.int64)
    return Quality(
        period=period,
        candidates=rows.height,
        completed=len(won),
        taken=int(rows["take"].sum()),
        win_frac=float(won.mean()) if len(won) else None,
        auc=auc(won, said) if has_both else None,
        auc_interval=spread.auc if spread else None,
        brier=squared_error(won, said) if len(won) else None,
        brier_base_rate=squared_error(won, base) if len(won) else None,
        brier_gain_interval=mean_interval_by_day((won - base) ** 2 - (won - said) ** 2, ts, seed),
        log_loss=log_loss(won, said) if len(won) else None,
        log_loss_base_rate=log_loss(won, base) if len(won) else None,
        stop_net_r=float(own.mean()) if len(own) else None,
        constant_net_r=float(plain.mean()) if len(own) else None,
        stop_gain_interval=mean_interval_by_day(own - plain, both_ts, seed),
        reasons=tuple(reasons),
    )


def mean_interval_by_day(values: FloatArray, ts: IntArray, seed: int) -> Interval | None:
    """The central 90 % of the mean of values (n,) over resampled UTC days; None below five days."""
    days, day = np.unique(ts // _DAY_US, return_inverse=True)
    if len(days) < _LEAST_DAYS:
        return None
    total, count = np.bincount(day, values), np.bincount(day)
    shares = np.full(len(days), 1.0 / len(days))
    drawn = np.random.default_rng(seed).multinomial(len(days), shares, size=_DRAWS)
    # Own sums: a matrix product's bits would depend on the threads of the algebra library.
    means = (drawn * total).sum(axis=1) / (drawn * count).sum(axis=1)
    low, high = np.quantile(means, (0.05, 0.95))
    return Interval(float(low), float(high))
