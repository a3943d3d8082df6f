"""The detector's eyes: from bars and candidates to windows, and from windows to scores."""

import numpy as np
import numpy.typing as npt
import polars as pl

from mlplatform.domain.tables import DETECTOR_SCORES
from mlplatform.models.neural.detector import Detector
from mlplatform.models.neural.windows import BarColumns, bar_windows


def pictures(
    bars: pl.DataFrame, candidates: pl.DataFrame
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The last bars of each candidate as a window (n, 20, 5), and (n,) whether it has one.

    `bars` (table `bars`) must hold the candidates' trading days; each window ends with the signal
    bar and is in units of its ATR. Raises ValueError where a signal bar is missing.
    """
    ordered = bars.sort("ts")
    places = ordered.select("ts").with_row_index("place")
    last = candidates.select("ts").join(places, on="ts", how="left", maintain_order="left")["place"]
    if last.null_count():
        raise ValueError("a candidate has no signal bar: bars and candidates do not match")
    row = last.to_numpy().astype(np.int64)
    atr = np.full(ordered.height, np.nan)
    atr[row] = candidates["atr_points"].to_numpy()
    columns = BarColumns(
        open=_numbers(ordered, "open"),
        high=_numbers(ordered, "high"),
        low=_numbers(ordered, "low"),
        close=_numbers(ordered, "close"),
        volume=_numbers(ordered, "volume"),
        atr=atr,
        contract=ordered["contract"].to_numpy(),
        session_date=ordered["session_date"].to_numpy(),
    )
    return bar_windows(columns, row, candidates["side"].to_numpy().astype(np.int64))


def scores_of(
    detector: Detector | None, bars: pl.DataFrame, candidates: pl.DataFrame
) -> pl.DataFrame:
    """Table `detector_scores`: one row a candidate, in their order.

    Null without a detector, for another setup, and where there is no whole window.
    """
    score = np.full(candidates.height, np.nan)
    if detector is not None:
        mine = np.flatnonzero(candidates["setup"].is_in(list(detector.setups)).to_numpy())
        windows, complete = pictures(bars, candidates[mine])
        score[mine[complete]] = detector.predict(windows[complete])
    return DETECTOR_SCORES.frame(
        candidates.select("candidate_id").with_columns(score=pl.Series(score).fill_nan(None))
    )


def _numbers(bars: pl.DataFrame, name: str) -> npt.NDArray[np.float64]:
    return bars[name].fill_null(float("nan")).to_numpy().astype(np.float64)
