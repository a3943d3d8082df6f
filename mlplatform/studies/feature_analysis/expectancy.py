"""Mean R and win rate by quantile of each feature, with intervals that count days, not rows."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtrit

from mlplatform.studies.feature_analysis.bins import (
    bin_edges,
    bin_numbers,
    rank_correlation_within,
)
from mlplatform.studies.feature_analysis.sample import CandidateSample, Floats, Ints

BINS = 5
MINIMUM_DAYS = 10
"""Below so many days in a bin no interval is given."""


@dataclass(frozen=True, eq=False)
class Quantiles:
    """Each (F, BINS): NaN, or 0 rows, where a feature has fewer bins; `monotonicity` is (F,).

    A bin holds values from `lowest` to `highest`. `*_low` and `*_high` bound the mean with 95 %.
    """

    lowest: Floats
    highest: Floats
    rows: Ints
    days: Ints
    mean_r: Floats
    mean_r_low: Floats
    mean_r_high: Floats
    win_rate: Floats
    win_rate_low: Floats
    win_rate_high: Floats
    monotonicity: Floats
    """Spearman of bin number and mean R: +1 rises in every step, -1 falls in every step."""
    day_rows: Floats
    """(D, F, BINS) rows, and beneath the sums of their R: what every mean is made of."""
    day_r: Floats


def quantiles_of(sample: CandidateSample, seed: int, resamples: int = 1_000) -> Quantiles:
    """Of rows with an outcome. Null values are in no bin.

    Bootstrap of whole days (rows of a day share the day's market, so that a hundred candidates of
    ten days are ten observations): percentile interval with expanded quantiles for few days
    (Hesterberg 2015, "What teachers should know about the bootstrap", section 3.3), the days with
    rows in the bin counting. Days are taken as independent of each other. Seeded.
    """
    width, days = len(sample.names), int(sample.day.max(initial=-1)) + 1
    lowest, highest = np.full((2, width, BINS), np.nan)
    sums = np.zeros((3, days, width, BINS))
    for place in range(width):
        values = sample.x[:, place]
        edges = bin_edges(values[~np.isnan(values)], BINS)
        number = bin_numbers(values, edges)
        known = number >= 0
        for k in range(len(edges) + 1):
            inside = values[number == k]
            if inside.size:
                lowest[place, k], highest[place, k] = inside.min(), inside.max()
        cell = sample.day[known] * BINS + number[known]
        for which, weights in enumerate((None, sample.r[known], sample.is_win[known])):
            counted = np.bincount(cell, weights, days * BINS)
            sums[which, :, place] = counted.reshape(days, BINS)
    bounds = _bounds(sums, seed, resamples)
    rows, total_r, total_wins = sums.sum(axis=1)
    mean_r, win_rate = _ratio(total_r, rows), _ratio(total_wins, rows)
    steps = np.broadcast_to(np.arange(BINS, dtype=np.float64), mean_r.shape)
    return Quantiles(
        lowest,
        highest,
        rows.astype(np.int64),
        (sums[0] > 0).sum(axis=0),
        mean_r,
        *bounds[0],
        win_rate,
        *bounds[1],
        rank_correlation_within(steps, mean_r),
        sums[0],
        sums[1],
    )


def _bounds(sums: Floats, seed: int, resamples: int) -> list[tuple[Floats, Floats]]:
    """(low, high) of mean R and of the win rate, each (F, BINS)."""
    _, days, width, bins = sums.shape
    nothing = np.full((width, bins), np.nan)
    if days < MINIMUM_DAYS:
        return [(nothing, nothing), (nothing, nothing)]
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(days, np.full(days, 1.0 / days), size=resamples).astype(np.float64)
    rows, *totals = (drawn @ part.reshape(days, -1) for part in sums)
    counted = (sums[0] > 0).sum(axis=0).ravel()
    tail = expanded_tail(np.maximum(counted, 2), 0.025)
    found = []
    for total in totals:
        means = np.sort(_ratio(total, rows), axis=0)  # NaN, of resamples without rows, sorts last
        low, high = _at(means, tail), _at(means, 1.0 - tail)
        few = counted < MINIMUM_DAYS
        low, high = np.where(few, np.nan, low), np.where(few, np.nan, high)
        found.append((low.reshape(width, bins), high.reshape(width, bins)))
    return found


def expanded_tail(days: Ints, tail: float) -> Floats:
    """The smaller tail whose normal quantile is Student's at `tail`, widened by n / (n - 1)."""
    n = days.astype(np.float64)
    wide: Floats = ndtr(np.sqrt(n / (n - 1.0)) * stdtrit(n - 1.0, tail))
    return wide


def _at(ordered: Floats, level: Floats) -> Floats:
    """Each column's quantile at its own level."""
    place = level * (len(ordered) - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, len(ordered) - 1)
    column = np.arange(ordered.shape[1])
    low, high = ordered[below, column], ordered[above, column]
    result: Floats = low + (high - low) * (place - below)
    return result


def _ratio(total: Floats, rows: Floats) -> Floats:
    return np.where(rows > 0, total / np.where(rows > 0, rows, 1.0), np.nan)
