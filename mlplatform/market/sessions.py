"""CME Globex sessions: trading days, their start and end, regular hours, early closes, holidays."""

from datetime import date, timedelta
from functools import lru_cache

import polars as pl

from mlplatform.domain.schema import UTC_US
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import SESSIONS

CHICAGO = "America/Chicago"
_FULL_SESSION_SECONDS = 23 * 3600
RTH_FIRST_MINUTE = 8 * 60 + 30
RTH_LAST_MINUTE = 15 * 60
"""Regular trading hours in Chicago, minutes of the day: [08:30, 15:00)."""
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2100, 1, 1)
"""Beyond them a time is an error of its source; no calendar reaches so far."""


def bars_a_session(timeframe: Timeframe) -> int:
    """Bars of a full session, 17:00 to 16:00 Chicago; at least 1."""
    return max(1, _FULL_SESSION_SECONDS // timeframe.seconds)


@lru_cache(maxsize=8)
def session_calendar(first: date, last: date) -> pl.DataFrame:
    """The sessions of the trading days `first` to `last`, both included.

    Columns: `session_date` (CME trading day), `session_start` and `session_end` (UTC). Source:
    pandas_market_calendars, "CME Globex Equity", whose early closes were held against real bars.
    """
    import pandas_market_calendars as calendars  # slow to import, needed by few processes

    schedule = calendars.get_calendar("CME Globex Equity").schedule(first, last)
    return pl.DataFrame(
        {
            "session_date": [stamp.date() for stamp in schedule.index],
            "session_start": schedule["market_open"].dt.tz_convert("UTC").dt.to_pydatetime(),
            "session_end": schedule["market_close"].dt.tz_convert("UTC").dt.to_pydatetime(),
        },
        schema={"session_date": pl.Date, "session_start": UTC_US, "session_end": UTC_US},
    )


def label_sessions(bars: pl.DataFrame) -> pl.DataFrame:
    """Bars with `session_date`, `session_end`, `session`, `minute_of_session`.

    `bars` has `ts` (UTC, sorted, no nulls). Outside of any session the four columns are null.
    """
    if bars.is_empty():
        days = pl.DataFrame(schema={"session_date": pl.Date, "session_start": UTC_US})
        calendar = days.with_columns(session_end=pl.col("session_start"))
    else:
        dates = bars["ts"].dt.date().clip(_FIRST_DAY, _LAST_DAY)
        first, last = dates.min(), dates.max()
        assert isinstance(first, date)
        assert isinstance(last, date)
        calendar = session_calendar(first - timedelta(days=5), last + timedelta(days=5))
    local = pl.col("ts").dt.convert_time_zone(CHICAGO)
    minute = local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute().cast(pl.Int32)
    joined = bars.join_asof(calendar, left_on="ts", right_on="session_start", strategy="backward")
    inside = pl.col("ts") < pl.col("session_end")
    return joined.with_columns(
        session_date=pl.when(inside).then("session_date"),
        session_end=pl.when(inside).then("session_end"),
        session=pl.when(inside).then(
            pl.when((minute >= RTH_FIRST_MINUTE) & (minute < RTH_LAST_MINUTE))
            .then(pl.lit("rth"))
            .otherwise(pl.lit("eth"))
            .cast(SESSIONS)
        ),
        minute_of_session=pl.when(inside).then(
            (pl.col("ts") - pl.col("session_start")).dt.total_minutes().cast(pl.Int32)
        ),
    ).drop("session_start")
