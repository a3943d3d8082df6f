"""A quantity against its usual value at that time of day: the daily rhythm cancels."""

import polars as pl

from mlplatform.features.arithmetic import Compute
from mlplatform.features.catalog.expressions import DAY
from mlplatform.features.graph import Columns

USUAL_SESSIONS = 5
"""Sessions of the seven calendar days before a trading day."""
_FEWEST_SESSIONS = 2
_MINUTES_A_SESSION = 1380


def for_time(recent: pl.Expr, bars_a_session: int) -> Compute:
    """Log of `recent` per its mean at that minute in the sessions of the week before.

    `recent` is evaluated within the session. Needs `ts`, `session_date` and `minute_of_session`.
    The week before is seven calendar days, so no gap in the bars reaches further back. Null where
    less than two sessions know that minute, or either number is not above zero.
    """
    usual = pl.col("recent").rolling_mean_by(
        "session_date", window_size="7d", closed="left", min_samples=_FEWEST_SESSIONS
    )
    within_minutes = bars_a_session > _MINUTES_A_SESSION
    place = [pl.col("minute_of_session"), *([pl.col("ts").dt.second()] if within_minutes else [])]

    def compute(columns: Columns) -> pl.Series:
        bars = pl.DataFrame(dict(columns)).with_columns(recent=recent.over(DAY))
        usually = usual.over(*place)
        both = (pl.col("recent") > 0) & (usually > 0)
        return bars.select(pl.when(both).then((pl.col("recent") / usually).log())).to_series()

    return compute
