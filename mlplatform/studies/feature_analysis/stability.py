"""Whether what a feature says lasts: each period held against all the others."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, rankdata

from mlplatform.studies.feature_analysis.bins import rank_correlation_within
from mlplatform.studies.feature_analysis.expectancy import Quantiles
from mlplatform.studies.feature_analysis.sample import CandidateSample, Floats, Ints

MINIMUM_ROWS = 30
"""A period with fewer outcomes of a feature says nothing about it."""
MINIMUM_BIN_ROWS = 5


@dataclass(frozen=True, eq=False)
class Stability:
    """By feature: (F,), and (P, F) for the periods. NaN where fewer than two periods speak."""

    period_correlation: Floats
    """(P, F) correlation of the feature's rank with R within the period, NaN below MINIMUM_ROWS."""
    periods: Ints
    """Periods that speak."""
    sign_share: Floats
    """Share of them whose correlation has the sign of all the others together; by chance 0.5."""
    sign_share_by_chance: Floats
    """What a feature that says nothing stays below with 95 %."""
    rank_consistency: Floats
    """Mean Spearman of a period's bin means with those of all the others; by chance 0."""


def stability_of(sample: CandidateSample, quantiles: Quantiles) -> Stability:
    """Of rows with an outcome. A period is left out of what it is compared with, so that a feature
    that says nothing has 0.5 and 0, not more.
    """
    covariance, correlation = _by_period(sample)
    speaks = ~np.isnan(correlation)
    parts = np.where(speaks, covariance, 0.0)
    others = parts.sum(axis=0) - parts
    agrees = (np.sign(parts) == np.sign(others)) & speaks & (others != 0)
    count = speaks.sum(axis=0)
    enough = count >= 2
    share = np.where(enough, agrees.sum(axis=0) / np.maximum(count, 1), np.nan)
    limit = np.where(
        enough, binom.ppf(0.95, np.maximum(count, 1), 0.5) / np.maximum(count, 1), np.nan
    )
    consistency = _rank_consistency(sample, quantiles, speaks)
    return Stability(correlation, count, share, limit, consistency)


def _by_period(sample: CandidateSample) -> tuple[Floats, Floats]:
    """(P, F) sums of products of centred rank and R, and correlations."""
    shape = (len(sample.periods), len(sample.names))
    covariance, correlation = np.full((2, *shape), np.nan)
    size = shape[0]
    for place in range(shape[1]):
        values = sample.x[:, place]
        known = ~np.isnan(values)
        if not known.any():
            continue
        a, b, period = rankdata(values[known]), sample.r[known], sample.period[known]
        n = np.bincount(period, minlength=size)
        m = np.maximum(n, 1)
        a = a - (np.bincount(period, a, size) / m)[period]
        b = b - (np.bincount(period, b, size) / m)[period]
        product = np.bincount(period, a * b, size)
        scale = np.sqrt(np.bincount(period, a * a, size) * np.bincount(period, b * b, size))
        speaks = (n >= MINIMUM_ROWS) & (scale > 0)
        covariance[:, place] = np.where(speaks, product, np.nan)
        correlation[:, place] = np.where(speaks, product / np.where(speaks, scale, 1.0), np.nan)
    return covariance, correlation


def _rank_consistency(sample: CandidateSample, quantiles: Quantiles, speaks: Floats) -> Floats:
    """(F,) how alike the bins are ordered in each period and in all the others."""
    days = len(quantiles.day_rows)
    period_of = np.zeros(days, np.int64)
    period_of[sample.day] = sample.period
    member = (period_of == np.arange(len(sample.periods))[:, None]).astype(np.float64)
    rows = np.einsum("pd,dfk->pfk", member, quantiles.day_rows, optimize=True)
    total = np.einsum("pd,dfk->pfk", member, quantiles.day_r, optimize=True)
    own = _means(total, rows)
    rest = _means(total.sum(axis=0) - total, rows.sum(axis=0) - rows)
    alike = rank_correlation_within(own, rest)
    usable = speaks & ~np.isnan(alike)
    count = usable.sum(axis=0)
    mean = np.where(usable, alike, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count >= 2, mean, np.nan)


def _means(total: Floats, rows: Floats) -> Floats:
    enough = rows >= MINIMUM_BIN_ROWS
    return np.where(enough, total / np.where(enough, rows, 1.0), np.nan)
