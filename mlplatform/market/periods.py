"""Which period a row belongs to: that of its CME trading day."""

from datetime import date

import polars as pl

from mlplatform.domain.periods import Cadence, PeriodAxis
from mlplatform.market.sessions import CHICAGO, with_sessions


def period_of_day(cadence: Cadence, day: pl.Expr) -> pl.Expr:
    """The period key of a trading-day column."""
    if cadence is Cadence.MONTH:
        return day.dt.strftime("%Y-%m")
    return day.dt.truncate("1w").dt.strftime("%Y-%m-%d")


def trading_day(ts: pl.Expr) -> pl.Expr:
    """The CME trading day of bar starts inside sessions: it begins at 17:00 Chicago."""
    return ts.dt.convert_time_zone(CHICAGO).dt.offset_by("7h").dt.date()


def split_periods(
    raw: pl.DataFrame, axis: PeriodAxis, before: date | None = None
) -> dict[str, pl.DataFrame]:
    """Raw bars (table `raw_bars`) by period key, in source order; no row is lost.

    A row without time or outside of any session goes where the row before it goes (the first ones
    where the row after them goes): it will be quarantined, but must be counted somewhere. Empty
    where no row at all lies in a session. `before` is the trading day of the row before the first,
    where the rows are a part of more.
    """
    if raw.is_empty():
        return {}
    days = with_sessions(raw.select("ts"))["session_date"]
    day = pl.col("session_date").forward_fill().fill_null(pl.lit(before, pl.Date)).backward_fill()
    # A period is named once a day, not once a row.
    daily = days.to_frame().select(day).with_columns(pl.col("session_date").rle_id().alias("at"))
    names = daily.unique("at", keep="first", maintain_order=True).select(
        "at", period=period_of_day(axis.cadence, pl.col("session_date"))
    )
    keyed = raw.with_columns(
        daily.join(names, on="at", how="left", maintain_order="left")["period"]
    )
    parts = keyed.partition_by("period", as_dict=True, include_key=False)
    return {str(key[0]): frame for key, frame in sorted(parts.items()) if key[0] is not None}
