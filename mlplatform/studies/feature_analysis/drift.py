"""Whether the newest period's features are still those that the models learned from."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import ks_2samp

from mlplatform.studies.feature_analysis.bins import bin_edges, bin_numbers
from mlplatform.studies.feature_analysis.sample import Bools, CandidateSample, Floats, Ints

SHIFTED, DRIFTED = 0.1, 0.25
"""The usual limits of the PSI (Lewis 1994; Siddiqi 2006, "Credit Risk Scorecards"): below 0.1 no
change, to 0.25 some, above it a great one. They are rules of thumb for thousands of independent
rows, therefore a feature must also exceed what shuffled days give."""
PSI_BINS = 10
MINIMUM_DAYS = 5
NOISE_LEVEL = 0.99
_CHUNK = 50


@dataclass(frozen=True)
class Compared:
    """Which periods were held against each other; `reason` says why none could be."""

    train_periods: tuple[str, ...]
    live_period: str | None
    train_days: int
    live_days: int
    reason: str | None


@dataclass(frozen=True, eq=False)
class Drift:
    """Each (F,), NaN where not known."""

    psi: Floats
    psi_by_chance: Floats
    """What the PSI stays below with 99 % where the same days are dealt at random."""
    ks: Floats
    """Greatest distance of the two distribution functions (Kolmogorov-Smirnov)."""
    ks_p_value: Floats
    """For independent rows, which candidates of a day are not: too small rather than too great."""
    verdict: tuple[str, ...]
    """stable, shifted, drifted, within noise (a limit is passed, not more than by chance), or
    unknown."""
    compared: Compared


def psi(expected: Ints | Floats, actual: Ints | Floats) -> Floats:
    """Population stability index of counts by bin, along the last axis.

    sum of (a - e) ln(a / e) over the shares e and a. An empty bin counts as half a row, for its
    logarithm does not exist. Bins that are empty on both sides do not count.
    """
    e, a = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    used = (e > 0) | (a > 0)
    share_e = np.maximum(e, 0.5) / np.maximum(e.sum(axis=-1, keepdims=True), 1.0)
    share_a = np.maximum(a, 0.5) / np.maximum(a.sum(axis=-1, keepdims=True), 1.0)
    terms = (share_a - share_e) * np.log(share_a / share_e)
    total: Floats = np.where(used, terms, 0.0).sum(axis=-1)
    return total


def drift_of(
    sample: CandidateSample, train_periods: int, seed: int, permutations: int = 500
) -> Drift:
    """The newest period with candidates ("live") against the `train_periods` before it, on all
    candidates, outcome or not. Bins of the PSI are deciles of the train rows; null is one more.
    """
    newest = len(sample.periods) - 1
    first = max(0, newest - train_periods)
    train, live = (sample.period >= first) & (sample.period < newest), sample.period == newest
    train_days, live_days = (len(np.unique(sample.day[rows])) for rows in (train, live))
    reason = _missing(newest, train_days, live_days)
    told = Compared(
        sample.periods[first : max(newest, 0)],
        sample.periods[-1] if sample.periods else None,
        train_days,
        live_days,
        reason,
    )
    width = len(sample.names)
    unknown = np.full(width, np.nan)
    if reason is not None or width == 0:
        return Drift(*(unknown,) * 4, ("unknown",) * width, told)
    days, counts = _counts(sample, train, live)
    value = psi(*_dealt(counts, (days == newest)[None, :].astype(np.float64)))[0]
    chance = _by_chance(counts, live_days, seed, permutations)
    ks, p = _kolmogorov_smirnov(sample.x[train], sample.x[live])
    verdict = tuple(_verdict(float(v), float(c)) for v, c in zip(value, chance, strict=True))
    return Drift(value, chance, ks, p, verdict, told)


def _missing(newest: int, train_days: int, live_days: int) -> str | None:
    if newest < 1:
        return "there is no earlier period to compare the newest with"
    if min(train_days, live_days) < MINIMUM_DAYS:
        return (
            f"{live_days} days in the newest period and {train_days} before it: "
            f"{MINIMUM_DAYS} are needed in both"
        )
    return None


def _counts(sample: CandidateSample, train: Bools, live: Bools) -> tuple[Ints, Floats]:
    """The period of each day, and (days, F, bins and null) counts of its rows."""
    rows = train | live
    present, day = np.unique(sample.day[rows], return_inverse=True)
    period = np.zeros(len(present), np.int64)
    period[day] = sample.period[rows]
    width, bins = len(sample.names), PSI_BINS + 1
    counts = np.zeros((len(present), width, bins))
    for place in range(width):
        values = sample.x[:, place]
        learned = values[train]
        edges = bin_edges(learned[~np.isnan(learned)], PSI_BINS)
        number = bin_numbers(values[rows], edges)
        number = np.where(number < 0, PSI_BINS, number)
        cells = np.bincount(day * bins + number, minlength=len(present) * bins)
        counts[:, place] = cells.reshape(len(present), bins)
    return period, counts


def _dealt(counts: Floats, is_live: Floats) -> tuple[Floats, Floats]:
    """Train and live counts (deals, F, bins), where `is_live` (deals, days) are live."""
    flat = counts.reshape(len(counts), -1)
    live = (is_live @ flat).reshape(len(is_live), *counts.shape[1:])
    return counts.sum(axis=0) - live, live


def _by_chance(counts: Floats, live_days: int, seed: int, permutations: int) -> Floats:
    """The PSI's NOISE_LEVEL quantile where which days are live is drawn at random."""
    rng = np.random.default_rng(seed)
    order = rng.random((permutations, len(counts))).argsort(axis=1)
    is_live = (order < live_days).astype(np.float64)
    parts = [
        psi(*_dealt(counts, is_live[start : start + _CHUNK]))
        for start in range(0, permutations, _CHUNK)
    ]
    quantile: Floats = np.quantile(np.concatenate(parts), NOISE_LEVEL, axis=0)
    return quantile


def _kolmogorov_smirnov(train: Floats, live: Floats) -> tuple[Floats, Floats]:
    statistic, p = np.full((2, train.shape[1]), np.nan)
    for place in range(train.shape[1]):
        before, now = (part[~np.isnan(part[:, place]), place] for part in (train, live))
        if before.size and now.size:
            tested = ks_2samp(before, now, method="asymp")
            statistic[place], p[place] = tested.statistic, tested.pvalue
    return statistic, p


def _verdict(value: float, by_chance: float) -> str:
    if value < SHIFTED:
        return "stable"
    if value <= by_chance:
        return "within noise"
    return "drifted" if value >= DRIFTED else "shifted"
