"""The variants among which a user would choose: setups and thresholds of the entry model."""

import numpy as np
import polars as pl

from mlplatform.market.periods import trading_day
from mlplatform.metrics.returns import Floats

THRESHOLDS = 10
"""Of the score, at its 0 %, 10 %, ... 90 % quantile over all judged candidates."""
MINIMUM_TRADES = 30
"""A variant that trades less often is no choice."""


def variant_days(candidates: pl.DataFrame | None, sessions: pl.Series) -> Floats:
    """R by trading day of each variant, shape (days, variants): all setups together and each setup
    alone, each from every threshold of the score upwards; every trade alone.

    `candidates` holds `ts`, `setup`, `probability` and `net_r`; `sessions` the trading days.
    """
    empty = np.zeros((len(sessions), 0))
    if candidates is None:
        return empty
    judged = candidates.filter(pl.col("probability").is_not_null(), pl.col("net_r").is_not_null())
    place = pl.DataFrame({"day": sessions}).with_row_index("at")
    judged = judged.with_columns(day=trading_day(pl.col("ts"))).join(place, on="day", how="inner")
    judged = judged.sort("at", "setup", "probability", maintain_order=True)
    if judged.is_empty():
        return empty
    setup = judged["setup"].rank("dense").to_numpy().astype(np.int64) - 1
    score = judged["probability"].to_numpy()
    shares = np.arange(THRESHOLDS) / THRESHOLDS
    thresholds = np.unique(np.quantile(score, shares, method="higher"))
    level = np.searchsorted(thresholds, score, side="right") - 1
    shape = (len(sessions), int(setup.max()) + 1, thresholds.size)
    cell = np.ravel_multi_index((judged["at"].to_numpy().astype(np.int64), setup, level), shape)
    size = int(np.prod(shape))
    earned = np.bincount(cell, judged["net_r"].to_numpy(), size).astype(np.float64)
    count = np.bincount(cell, minlength=size).astype(np.float64)
    r, trades = _from_level_up(earned.reshape(shape)), _from_level_up(count.reshape(shape))
    enough = trades.sum(axis=0) >= MINIMUM_TRADES
    return np.asarray(r[:, enough], dtype=np.float64)


def _from_level_up(cells: Floats) -> Floats:
    """From cells by setup and level to variants: all setups in front, thresholds upwards."""
    upwards = np.cumsum(cells[:, :, ::-1], axis=2)[:, :, ::-1]
    if upwards.shape[1] == 1:
        return np.asarray(upwards, dtype=np.float64)
    return np.concatenate((upwards.sum(axis=1, keepdims=True), upwards), axis=1)
