"""Features as a network can read them: gaps filled and flagged, one scale, no outliers."""

from dataclasses import dataclass

import numpy as np

from mlplatform.models.arrays import FloatArray, IntArray
from mlplatform.models.neural.text import Json, pack, unpack

_CLIP = 6.0
"""Standard deviations; a wilder value says no more than this to a network."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """Medians and scales (F,) of the training rows, and the columns that had gaps there.

    `inverse_scale` is 0 for a column that was constant or all null: what training could not learn
    from, predicting must not listen to.
    """

    median: FloatArray
    mean: FloatArray
    inverse_scale: FloatArray
    flagged: IntArray

    @property
    def width(self) -> int:
        """Inputs of the network: the features, and a missing flag for each flagged one."""
        return len(self.median) + len(self.flagged)

    def apply(self, x: FloatArray) -> FloatArray:
        """(n, F) features, NaN where missing -> (n, width) finite, of scale about 1.

        Raises ValueError where x has another number of features.
        """
        if x.ndim != 2 or x.shape[1] != len(self.median):
            raise ValueError(f"features must be (n, {len(self.median)}), not {x.shape}")
        gaps = np.isnan(x)
        scaled = (np.where(gaps, self.median, x) - self.mean) * self.inverse_scale
        np.clip(scaled, -_CLIP, _CLIP, out=scaled)
        if not len(self.flagged):
            return scaled
        return np.hstack([scaled, gaps[:, self.flagged].astype(np.float64)])

    def to_json(self) -> Json:
        """As JSON can hold it."""
        return {
            "median": pack(self.median),
            "mean": pack(self.mean),
            "inverse_scale": pack(self.inverse_scale),
            "flagged": self.flagged.tolist(),
        }

    @classmethod
    def from_json(cls, content: Json) -> "Preparation":
        """What `to_json` wrote."""
        return cls(
            unpack(content["median"]),
            unpack(content["mean"]),
            unpack(content["inverse_scale"]),
            np.array(content["flagged"], dtype=np.int64),
        )


def fit_preparation(x: FloatArray) -> Preparation:
    """Medians, means and scales of these rows (n, F), and of no others."""
    gaps = np.isnan(x)
    known = ~gaps.all(axis=0)
    median = np.zeros(x.shape[1])
    median[known] = np.nanmedian(x[:, known], axis=0)
    filled = np.where(gaps, median, x)
    mean, spread = filled.mean(axis=0), filled.std(axis=0)
    # Rounding leaves a spread of some 1e-16 of its size in a constant column.
    varies = spread > 1e-12 * np.maximum(1.0, np.abs(mean))
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=varies)
    flagged = np.flatnonzero(gaps.any(axis=0) & known).astype(np.int64)
    return Preparation(median, mean, inverse, flagged)
