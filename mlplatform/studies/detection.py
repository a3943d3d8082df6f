"""What a detector may learn from: candidates of its setups whose labels ended before its period."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from mlplatform.decisions.detection import pictures
from mlplatform.decisions.plans import BASELINE_STOP_ATR
from mlplatform.labels.outcomes import at_traded_target
from mlplatform.models.errors import NotTrainable
from mlplatform.models.neural.judgement import DetectorRows

_EXCHANGE = "America/Chicago"


@dataclass(frozen=True, eq=False)
class Lesson:
    """A detector's rows, when they are from, and how many were left out for their labels' ends."""

    rows: DetectorRows
    train_from: datetime
    train_to: datetime
    purged_rows: int

    def __len__(self) -> int:
        return len(self.rows.y)


def detector_lesson(
    past: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
    setups: tuple[str, ...],
    scored_from: datetime,
    embargo: timedelta,
) -> Lesson:
    """The rows of `past` (bars, candidates, labels) before the period that is to be scored.

    A candidate worked out where it wins under the stop of the grid next to the static algorithm's.
    Purged by label end and
    embargoed, whatever `past` holds: a candidate of the scored period itself never gets in. Raises
    NotTrainable where nothing is left.
    """
    bars, candidates, labels = past
    away = (pl.col("stop_atr") - BASELINE_STOP_ATR).abs()
    outcome = at_traded_target(labels).filter(away == away.min()).drop_nulls("is_win")
    labelled = (
        candidates.filter(pl.col("setup").is_in(list(setups)))
        .sort("ts", "setup")
        .join(
            outcome.select("candidate_id", "label_end", "is_win"),
            on="candidate_id",
            how="inner",
            maintain_order="left",
        )
    )
    kept = labelled.filter(pl.col("label_end") <= scored_from - embargo)
    purged = labelled.height - kept.height
    windows, complete = pictures(bars, kept)
    kept, windows = kept.filter(pl.Series(complete, dtype=pl.Boolean)), windows[complete]
    if kept.is_empty():
        raise NotTrainable(f"no earlier candidate of {', '.join(setups)} has a window and a label")
    rows = DetectorRows(
        windows=windows,
        hour=kept["ts"].dt.convert_time_zone(_EXCHANGE).dt.hour().to_numpy().astype(np.int64),
        y=kept["is_win"].cast(pl.Float64).to_numpy(),
        decision_ts=kept["ts"].to_physical().to_numpy().astype(np.int64),
        label_end_ts=kept["label_end"].to_physical().to_numpy().astype(np.int64),
    )
    last = kept["label_end"].max()
    assert isinstance(last, datetime)
    return Lesson(rows, kept["ts"][0], last, purged)
