"""The rows that features are looked at on: candidates, their model inputs, their outcomes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlplatform.domain.periods import Cadence
from mlplatform.labels.outcomes import at_traded_target
from mlplatform.market.periods import period_of_day
from mlplatform.setups.inputs import ModelInputs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CandidateSample:
    """n candidates in order of time, F inputs as the models see them (mirrored to the side).

    `r` and `is_win` are NaN where a candidate has no outcome under the stop; `day` and `period`
    number the trading days and periods that have candidates, from 0.
    """

    names: tuple[str, ...]
    x: Floats
    r: Floats
    is_win: Floats
    day: Ints
    period: Ints
    periods: tuple[str, ...]
    sides: tuple[int, ...]
    stop_atr: float

    def __len__(self) -> int:
        return len(self.r)

    @property
    def has_outcome(self) -> Bools:
        """(n,) whether the candidate's outcome is known."""
        return ~np.isnan(self.r)

    def of_columns(self, columns: Ints) -> "CandidateSample":
        """The same rows with these inputs only."""
        return self._with(
            tuple(self.names[i] for i in columns), np.asfortranarray(self.x[:, columns])
        )

    def with_outcome(self) -> "CandidateSample":
        """The rows whose outcome is known; days and periods keep their numbers."""
        rows = self.has_outcome
        return CandidateSample(
            self.names,
            np.asfortranarray(self.x[rows]),
            self.r[rows],
            self.is_win[rows],
            self.day[rows],
            self.period[rows],
            self.periods,
            self.sides,
            self.stop_atr,
        )

    def _with(self, names: tuple[str, ...], x: Floats) -> "CandidateSample":
        return CandidateSample(
            names,
            x,
            self.r,
            self.is_win,
            self.day,
            self.period,
            self.periods,
            self.sides,
            self.stop_atr,
        )


def sample_of(
    candidates: pl.DataFrame,
    labels: pl.DataFrame,
    inputs: ModelInputs,
    cadence: Cadence,
    stop_atr: float,
) -> CandidateSample:
    """From tables `candidates` (rows as in `inputs`) and `labels`, under one stop of the grid.

    Raises ValueError where there are labels, but none under that stop.
    """
    chosen = at_traded_target(labels).filter(pl.col("stop_atr") == stop_atr)
    if chosen.is_empty() and not labels.is_empty():
        raise ValueError(f"no label has a stop of {stop_atr} ATR")
    rows = candidates.with_row_index("place").join(
        chosen.select("candidate_id", "r", pl.col("is_win").cast(pl.Float64)),
        on="candidate_id",
        how="left",
    )
    rows = rows.with_columns(
        period=period_of_day(cadence, pl.col("session_date")),
        day=pl.col("session_date").rank("dense").cast(pl.Int64) - 1,
    ).sort("ts", "place")
    rows = rows.with_columns(number=pl.col("period").rank("dense").cast(pl.Int64) - 1)
    return CandidateSample(
        tuple(inputs.names),
        np.where(np.isfinite(inputs.x), inputs.x, np.nan)[rows["place"].to_numpy()],
        rows["r"].fill_null(float("nan")).to_numpy(),
        rows["is_win"].fill_null(float("nan")).to_numpy(),
        rows["day"].to_numpy(),
        rows["number"].to_numpy(),
        tuple(rows["period"].unique().sort().to_list()),
        tuple(rows["side"].unique().sort().to_list()),
        stop_atr,
    )
