"""Which features say the same: clusters of rank correlation."""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from mlplatform.studies.feature_analysis.sample import Floats, Ints

CUT = 0.3
"""Clusters are joined while their mean 1 - |Spearman| is at most this: |Spearman| 0.7 and more."""
MINIMUM_ROWS = 30


@dataclass(frozen=True, eq=False)
class Redundancy:
    """`correlation` is (F, F), NaN where two features share too few rows; the others (F,)."""

    correlation: Floats
    cluster: Ints
    """Numbered from 1, the largest first."""
    medoid: Ints
    """Of its cluster: the feature that is nearest to all members on average."""
    distance: Floats
    """Mean distance to the others of its cluster; 0 where it is alone."""
    order: Ints
    """Leaves of the tree: alike features stand side by side."""


def redundancy_of(x: Floats) -> Redundancy:
    """Of inputs (n, F): average linkage on 1 - |Spearman|, cut at CUT, whatever the outcome."""
    correlation = spearman(x)
    width = len(correlation)
    distance = 1.0 - np.abs(np.nan_to_num(correlation))
    np.fill_diagonal(distance, 0.0)
    if width < 2:
        alone = np.arange(width)
        return Redundancy(correlation, alone + 1, alone, np.zeros(width), alone)
    tree = linkage(squareform(distance, checks=False), method="average")
    label = fcluster(tree, CUT, criterion="distance")
    cluster = _largest_first(label)
    together = (cluster[:, None] == cluster) & ~np.eye(width, dtype=bool)
    size = together.sum(axis=1)
    mean = np.where(together, distance, 0.0).sum(axis=1) / np.maximum(size, 1)
    medoid = np.empty(width, np.int64)
    for number in np.unique(cluster):
        members = np.flatnonzero(cluster == number)
        medoid[members] = members[np.argmin(np.round(mean[members], 12))]
    return Redundancy(correlation, cluster, medoid, mean, leaves_list(tree).astype(np.int64))


def spearman(x: Floats) -> Floats:
    """(F, F) correlations of ranks over the rows that both know; NaN below MINIMUM_ROWS of them.

    Ranks are taken over all known rows of a feature, so that nulls of another do not shift them.
    """
    known = ~np.isnan(x)
    ranks = np.zeros_like(x)
    for place in range(x.shape[1]):
        rows = known[:, place]
        ranks[rows, place] = rankdata(x[rows, place]) / max(int(rows.sum()), 1) - 0.5
    seen = known.astype(np.float64)
    n = seen.T @ seen
    m = np.maximum(n, 1.0)
    total, square = ranks.T @ seen, (ranks * ranks).T @ seen
    covariance = ranks.T @ ranks - total * total.T / m
    variance = square - total * total / m
    scale = np.sqrt(np.maximum(variance * variance.T, 0.0))
    enough = (n >= MINIMUM_ROWS) & (scale > 1e-9 * m)
    result: Floats = np.where(enough, covariance / np.where(enough, scale, 1.0), np.nan)
    return np.clip(result, -1.0, 1.0)


def _largest_first(label: Ints) -> Ints:
    """Cluster numbers from 1 by size, then by first member."""
    numbers, first, size = np.unique(label, return_index=True, return_counts=True)
    by_size = sorted(range(len(numbers)), key=lambda i: (-size[i], first[i]))
    new = {int(numbers[old]): place + 1 for place, old in enumerate(by_size)}
    return np.array([new[int(item)] for item in label], dtype=np.int64)
