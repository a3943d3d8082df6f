"""CME Globex sessions: trading days, their start and end, regular hours, early closes, holidays."""

from datetime import date, time, timedelta
from functools import lru_cache

import polars as pl

from mlplatform.domain.schema import UTC_US
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import SESSIONS
from mlplatform.market.overrides import DAILY_PAUSES, HALTS, OVERRIDES, REGULAR_HOURS

CHICAGO = "America/Chicago"
_FULL_SESSION_SECONDS = 23 * 3600
_FRIDAY = 5
_CALENDAR: dict[str, pl.DataType | type[pl.DataType]] = {
    "session_date": pl.Date,
    "session_start": UTC_US,
    "session_end": UTC_US,
}
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
    pandas_market_calendars, "CME Globex Equity", corrected by the declared table of
    `market.overrides` (days, and the later end of regular sessions before 2015-09-21).
    """
    years = [_sessions_of(year) for year in range(first.year, last.year + 1)]
    return pl.concat(years).filter(pl.col("session_date").is_between(first, last))


@lru_cache(maxsize=200)
def _sessions_of(year: int) -> pl.DataFrame:
    """One year's sessions: the library takes a tenth of a second for any question."""
    import pandas_market_calendars as calendars  # slow to import, needed by few processes

    schedule = calendars.get_calendar("CME Globex Equity").schedule(
        date(year, 1, 1), date(year, 12, 31)
    )
    if schedule.empty:
        return pl.DataFrame(schema=_CALENDAR)
    days = pl.DataFrame(
        {
            "session_date": [stamp.date() for stamp in schedule.index],
            "session_start": schedule["market_open"].dt.tz_convert("UTC").dt.to_pydatetime(),
            "session_end": schedule["market_close"].dt.tz_convert("UTC").dt.to_pydatetime(),
        },
        schema=_CALENDAR,
    )
    day = pl.col("session_date")
    regular = pl.col("session_end") == _chicago(day, time(16))
    end = pl.when(regular).then(_regular_end(day)).otherwise("session_end")
    for override in OVERRIDES:
        known = None if override.end is None else _chicago(day, override.end)
        end = pl.when(day == override.day).then(known).otherwise(end)
    return days.with_columns(session_end=end).drop_nulls("session_end")


def _chicago(day: pl.Expr, clock: time) -> pl.Expr:
    """A Chicago wall-clock time of that day, in UTC."""
    return day.dt.combine(clock).dt.replace_time_zone(CHICAGO).dt.convert_time_zone("UTC")


def _regular_end(day: pl.Expr) -> pl.Expr:
    end = pl.lit(None, UTC_US)
    for hours in REGULAR_HOURS:
        its_end = pl.when(day.dt.weekday() == _FRIDAY).then(_chicago(day, hours.friday_end))
        end = (
            pl.when(day >= hours.first_day)
            .then(its_end.otherwise(_chicago(day, hours.end)))
            .otherwise(end)
        )
    return end


def session_halts(first: date, last: date) -> pl.DataFrame:
    """The times inside the sessions `first` to `last` in which nobody could trade, in order.

    Columns: `session_date`, `halt_start` and `halt_end` (UTC). The daily pause at 15:15 Chicago
    that there was up to 2021-06-25, circuit breakers, outages: the table of `market.overrides`.
    """
    days = session_calendar(first, last)
    day = pl.col("session_date")
    names = ("session_date", "halt_start", "halt_end")
    parts = [
        days.with_columns(halt_start=_chicago(day, pause.start), halt_end=_chicago(day, pause.end))
        .filter(day <= pause.last_day, pl.col("session_end") > pl.col("halt_end"))
        .select(names)
        for pause in DAILY_PAUSES
    ]
    rare = pl.DataFrame(
        [(halt.day, halt.start, halt.end) for halt in HALTS if first <= halt.day <= last],
        schema=parts[0].schema,
        orient="row",
    )
    return pl.concat([*parts, rare]).sort("halt_start")


def expected_bars(first: date, last: date, timeframe: Timeframe) -> pl.Series:
    """The bar starts that the calendar expects in the sessions `first` to `last`, both included.

    A series `ts` (UTC, ascending): every `timeframe` from the session's start up to its end, less
    the bars that lie wholly inside a halt. One day's starts depend on that day alone, so spans may
    be taken piece by piece. Empty where there is no session.
    """
    step = timeframe.delta
    starts = (
        session_calendar(first, last)
        .select(ts=pl.datetime_ranges("session_start", "session_end", step, closed="left"))
        .explode("ts", empty_as_null=False)
    )
    halts = session_halts(first, last).select("halt_start", "halt_end")
    inside = starts.set_sorted("ts").join_asof(halts, left_on="ts", right_on="halt_start")
    halted = (pl.col("ts") + step <= pl.col("halt_end")).fill_null(value=False)
    return inside.filter(~halted)["ts"]


def with_sessions(rows: pl.DataFrame) -> pl.DataFrame:
    """`label_sessions` of rows in any order, with any nulls; their order stays."""
    times = rows["ts"]
    if not times.null_count() and times.is_sorted():
        return label_sessions(rows)
    known = label_sessions(rows.select("ts").unique().drop_nulls().sort("ts"))
    return rows.join(known, on="ts", how="left", maintain_order="left")


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
