"""Quantile bins of a feature, also where it has few values or much mass on one."""

import numpy as np

from mlplatform.studies.feature_analysis.sample import Floats, Ints

NO_BIN = -1
"""The bin of a null."""


def bin_edges(values: Floats, bins: int) -> Floats:
    """Inner edges of at most `bins` bins of about equal counts; bin k holds (edge k-1, edge k].

    Edges are values that occur. Equal ones are one, and none is the greatest value, so that no bin
    is empty: a flag has two bins. Empty for one distinct value or none. `values` without NaN.
    """
    if values.size == 0:
        return np.empty(0)
    levels = np.arange(1, bins) / bins
    edges: Floats = np.unique(np.quantile(values, levels, method="inverted_cdf"))
    highest = values.max()
    edges = edges[edges < highest]
    if edges.size:
        return edges
    # Nearly all of them are the greatest: the rest is the other bin.
    lower = values[values < highest]
    return np.array([lower.max()]) if lower.size else edges


def bin_numbers(values: Floats, edges: Floats) -> Ints:
    """The bin of each value, from 0; NO_BIN for NaN."""
    found = np.searchsorted(edges, values, side="left")
    return np.where(np.isnan(values), NO_BIN, found).astype(np.int64)


def ranks_within(rows: Floats) -> Floats:
    """Average ranks along the last axis, which is short; NaN stays NaN and is not counted."""
    below = (rows[..., None, :] < rows[..., :, None]).sum(axis=-1)
    equal = (rows[..., None, :] == rows[..., :, None]).sum(axis=-1)
    return np.where(np.isnan(rows), np.nan, below + (equal + 1) / 2)


def rank_correlation_within(a: Floats, b: Floats) -> Floats:
    """Spearman along the last axis, which is short, over places known in both.

    NaN below three of them, or where one side does not vary.
    """
    known = ~np.isnan(a) & ~np.isnan(b)
    ra = ranks_within(np.where(known, a, np.nan))
    rb = ranks_within(np.where(known, b, np.nan))
    middle = (known.sum(axis=-1, keepdims=True) + 1) / 2
    ra, rb = np.where(known, ra - middle, 0.0), np.where(known, rb - middle, 0.0)
    scale = np.sqrt((ra * ra).sum(axis=-1) * (rb * rb).sum(axis=-1))
    enough = (known.sum(axis=-1) >= 3) & (scale > 0)
    return np.where(enough, (ra * rb).sum(axis=-1) / np.where(enough, scale, 1.0), np.nan)
