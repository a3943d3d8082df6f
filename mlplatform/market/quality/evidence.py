"""What a quality check looks at, and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.domain.series import Series

Severity = Literal["error", "warn"]
_CURVE_POINTS = 240
"""Points of a thumbnail: one a pixel column, a few kilobytes in the event log."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """One series in one period, and what is needed to judge it."""

    series: Series
    bars: pl.DataFrame
    """Table `bars`: this period's continuous front month, unadjusted."""
    earlier: pl.DataFrame
    """Table `bars`: the last sessions before the period (25 are enough); may be empty."""
    raw_rows: int
    quarantined: pl.DataFrame
    """Table `quarantined_bars`: every other row of the period."""
    others: Mapping[str, pl.DataFrame]
    """Bars of other series over the same span, by series name such as ES-5m; may be empty."""
    expected: pl.Series
    """Bar starts (UTC) that the session calendar expects, up to now where the period still runs."""

    def refused_for(self, *reasons: str) -> int:
        """How many rows of the period were quarantined for one of these reasons."""
        return int(self.quarantined["reason"].is_in(reasons).sum())


@dataclass(frozen=True, eq=False)
class Curve:
    """A line for a thumbnail: at most 240 values in order, chosen so that a defect is seen."""

    values: NDArray[np.float64]
    unit: str
    about: str

    @classmethod
    def of(cls, values: pl.Series, unit: str, about: str) -> "Curve":
        """The values, thinned where they are many: of each stretch the one farthest from the
        median stays, so that a single spike survives. Nulls and NaN are left out.
        """
        whole = values.cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
        if len(whole) > _CURVE_POINTS:
            distance = np.abs(whole - np.median(whole))
            edges = np.linspace(0, len(whole), _CURVE_POINTS + 1).astype(int)
            whole = whole[[int(a + np.argmax(distance[a:b])) for a, b in pairwise(edges)]]
        return cls(np.ascontiguousarray(whole, dtype=np.float64), unit, about)


@dataclass(frozen=True, eq=False)
class Finding:
    """What a check says of one period."""

    passed: bool
    severity: Severity
    description: str
    """One to three plain sentences: what, how much, and where first."""
    figures: Mapping[str, float | int | str] = field(default_factory=dict)
    curve: Curve | None = None


@dataclass(frozen=True)
class QualityCheck:
    """One judgement of bars. `judge` is pure: it reads nothing but its evidence."""

    name: str
    about: str
    is_blocking: bool
    """Whether a failure of severity "error" stops what depends on the bars."""
    judge: Callable[[Evidence], Finding]
