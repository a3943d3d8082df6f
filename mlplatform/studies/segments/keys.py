"""What each trade is grouped by: window, regime, session, setup, side, time, exit."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.domain.periods import Cadence
from mlplatform.market.periods import period_of_day, trading_day
from mlplatform.market.sessions import CHICAGO
from mlplatform.metrics.returns import Floats
from mlplatform.studies.result import StudyResult

Ints = NDArray[np.int64]

UNKNOWN = "unknown"
"""The regime of a session that has too little before it, or of a study without regimes."""
RTH_FROM_MINUTE, RTH_TO_MINUTE = 8 * 60 + 30, 15 * 60
"""Regular trading hours, minutes of the day in Chicago."""

DIMENSIONS = (
    "window",
    "trend",
    "volatility",
    "session",
    "setup",
    "side",
    "hour",
    "weekday",
    "month",
    "exit_reason",
)
"""What trades are grouped by, in the order of the report."""

_ORDERS = {
    "trend": ["up", "flat", "down", UNKNOWN],
    "volatility": ["calm", "usual", "wild", UNKNOWN],
    "session": ["rth", "eth"],
    "side": ["long", "short"],
    "weekday": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
}


@dataclass(frozen=True)
class KeyedTrades:
    """Trades in order of entry, with the key of every dimension; `r` is NaN without a stop."""

    net_usd: Floats
    r: Floats
    day: Ints
    """Number of the trading day, from 0: trades of one day are not independent."""
    keys: pl.DataFrame
    """Column by dimension, text."""


def keyed_trades(study: StudyResult, policy: str) -> KeyedTrades:
    """Trades of one policy with their keys.

    The window is that of the trading day of the decision; trend, volatility, weekday and month are
    those of the trading day of the entry, the hour is Chicago's, of the bar of the entry.
    """
    trades = study.policies[policy].trades.sort("entry_ts", "candidate_id", maintain_order=True)
    minute = pl.col("local").dt.hour().cast(pl.Int32) * 60 + pl.col("local").dt.minute()
    keyed = (
        trades.select(
            "net_usd",
            "r",
            "setup",
            "exit_reason",
            trading_day(pl.col("decision_ts")).alias("decision_day"),
            trading_day(pl.col("entry_ts")).alias("session_date"),
            pl.col("entry_ts").dt.convert_time_zone(CHICAGO).alias("local"),
            pl.when(pl.col("side") > 0)
            .then(pl.lit("long"))
            .otherwise(pl.lit("short"))
            .alias("side"),
        )
        .with_columns(
            _window(study).alias("window"),
            pl.when(minute.is_between(RTH_FROM_MINUTE, RTH_TO_MINUTE, closed="left"))
            .then(pl.lit("rth"))
            .otherwise(pl.lit("eth"))
            .alias("session"),
            pl.col("local").dt.strftime("%H:00").alias("hour"),
            pl.col("session_date").dt.strftime("%A").alias("weekday"),
            pl.col("session_date").dt.strftime("%Y-%m").alias("month"),
        )
        .join(_regimes(study), on="session_date", how="left", maintain_order="left")
        .with_columns(pl.col("trend", "volatility").fill_null(UNKNOWN))
    )
    days = keyed["session_date"].rank("dense").cast(pl.Int64).to_numpy() - 1
    return KeyedTrades(
        net_usd=keyed["net_usd"].to_numpy().astype(np.float64),
        r=keyed["r"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        day=days.astype(np.int64),
        keys=keyed.select(DIMENSIONS),
    )


def ordered(dimension: str, found: set[str]) -> list[str]:
    """The keys of a dimension in the order in which they are shown."""
    order = _ORDERS.get(dimension, [])
    return [key for key in order if key in found] + sorted(found.difference(order))


def _window(study: StudyResult) -> pl.Expr:
    if not study.windows:
        return pl.lit(UNKNOWN)
    return period_of_day(Cadence(study.cadence), pl.col("decision_day"))


def _regimes(study: StudyResult) -> pl.DataFrame:
    empty = {"session_date": pl.Date, "trend": pl.String, "volatility": pl.String}
    found = study.regimes if study.regimes is not None else pl.DataFrame(schema=empty)
    return found.select(pl.col(name).cast(kind) for name, kind in empty.items())
