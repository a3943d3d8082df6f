"""What one walk-forward window may learn from: candidates whose labels ended before it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from mlplatform.features.graph import Feature
from mlplatform.labels.outcomes import at_traded_target
from mlplatform.models.errors import NotTrainable
from mlplatform.setups.inputs import model_inputs_of, with_score

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_Number = TypeVar("_Number", np.float64, np.int64)
_NO_LABEL = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """n candidates in order of decision, F inputs, K stops; times in microseconds UTC.

    `r`, `is_win` and `mae_atr` are (n, K) under each stop of the grid, NaN where the
    label is incomplete. No label of a row ends after the tested period's start less the embargo.
    """

    x: FloatArray
    names: list[str]
    decision_ts: IntArray
    label_end_ts: IntArray
    r: FloatArray
    is_win: FloatArray
    atr_points: FloatArray
    stop_grid_atr: FloatArray
    train_from: datetime
    train_to: datetime
    purged_rows: int
    mae_atr: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.decision_ts)


def training_set(
    features: pl.DataFrame,
    candidates: pl.DataFrame,
    labels: pl.DataFrame,
    inputs: tuple[list[Feature], tuple[str, ...]],
    tested_from: datetime,
    embargo: timedelta,
    scores: pl.DataFrame | None = None,
) -> TrainingSet:
    """The rows before a tested period, purged by label end time and embargoed.

    `inputs` are the model's features and the setups' names; `scores` (table `detector_scores`) are
    one more input where given, each of a detector that knew nothing of its candidate's period.
    Raises NotTrainable where nothing is left.
    """
    labels = at_traded_target(labels)
    grid = labels["stop_atr"].unique().sort().to_numpy()
    last_end = labels.group_by("candidate_id").agg(last_end=pl.col("label_end").max())
    ordered = candidates.sort("ts", "setup").join(last_end, on="candidate_id", how="left")
    limit = tested_from - embargo
    # A candidate without a complete label ends nobody knows when: it is judged by its session.
    ends = pl.col("last_end").fill_null(pl.col("session_end"))
    kept = ordered.filter(ends <= limit)
    if kept.is_empty():
        raise NotTrainable("no candidate of the training periods has a label that ended in time")
    matrix = model_inputs_of(kept, features, *inputs)
    if scores is not None:
        matrix = with_score(matrix, kept, scores)
    wide = {
        name: _per_stop(kept, labels, name, grid)
        for name in ("r", "is_win", "end_us", "mae_points")
    }
    known_ends = kept["last_end"].drop_nulls()
    return TrainingSet(
        x=matrix.x,
        names=matrix.names,
        decision_ts=kept["ts"].to_physical().to_numpy().astype(np.int64),
        label_end_ts=_whole_us(wide["end_us"]),
        r=wide["r"],
        is_win=wide["is_win"],
        atr_points=kept["atr_points"].to_numpy(),
        stop_grid_atr=grid,
        train_from=kept["ts"][0],
        train_to=known_ends.max() if len(known_ends) else kept["ts"][-1],  # type: ignore[arg-type]
        purged_rows=ordered.height - kept.height,
        mae_atr=wide["mae_points"] / kept["atr_points"].to_numpy()[:, None],
    )


def _per_stop(kept: pl.DataFrame, labels: pl.DataFrame, name: str, grid: FloatArray) -> FloatArray:
    """A label column as (candidates, stops), NaN for null."""
    values = labels.with_columns(end_us=pl.col("label_end").to_physical()).select(
        "candidate_id", "stop_atr", pl.col(name).cast(pl.Float64).alias("value")
    )
    columns = [
        kept.select("candidate_id").join(
            values.filter(pl.col("stop_atr") == stop),
            on="candidate_id",
            how="left",
            maintain_order="left",
        )["value"]
        for stop in grid
    ]
    return np.column_stack([column.fill_null(float("nan")).to_numpy() for column in columns])


def _whole_us(end_us: FloatArray) -> IntArray:
    """Microseconds as whole numbers, `_NO_LABEL` for NaN: that one no float can hold."""
    unknown = np.isnan(end_us)
    whole = np.where(unknown, 0.0, end_us).astype(np.int64)
    whole[unknown] = _NO_LABEL
    return whole


def at_stops(
    values: npt.NDArray[_Number], grid: FloatArray, stops: FloatArray
) -> npt.NDArray[_Number]:
    """(n, K) values and (n,) chosen stops of the grid -> (n,) the value under the chosen stop.

    Raises ValueError for a stop that is not of the grid.
    """
    column = np.minimum(np.searchsorted(grid, stops), len(grid) - 1)
    if (grid[column] != stops).any():
        raise ValueError("a chosen stop is not one of the grid")
    return values[np.arange(len(stops)), column]
