"""Tables of what happened: bars, what was refused, rolls."""

from dataclasses import replace

import polars as pl

from mlplatform.domain.schema import UTC_US, Column, Table

SESSIONS = pl.Enum(["rth", "eth"])
"""Regular and electronic trading hours."""
_OHLCV = (
    Column("ts", UTC_US, "start of the bar"),
    Column("open", pl.Float64, "first price, points"),
    Column("high", pl.Float64, "highest price, points"),
    Column("low", pl.Float64, "lowest price, points"),
    Column("close", pl.Float64, "last price, points"),
    Column("volume", pl.Float64, "contracts traded; null where the source has none", nullable=True),
    Column("contract", pl.String, "contract month such as MESM5; empty where unknown"),
)
_SIDES = (
    Column("bid_volume", pl.Float64, "contracts sold at the bid, where known", True, optional=True),
    Column(
        "ask_volume", pl.Float64, "contracts bought at the ask, where known", True, optional=True
    ),
)
_SESSION = (
    Column("session_date", pl.Date, "CME trading day"),
    Column("session_end", UTC_US, "scheduled end of that trading day's session"),
    Column("session", SESSIONS, "rth inside 08:30-15:00 Chicago, else eth"),
    Column("minute_of_session", pl.Int32, "minutes since the session's start"),
)

_ORIGIN = (
    Column("source", pl.String, "file it came from, start of its SHA-256", True, optional=True),
    Column("row", pl.Int64, "row number in that file, from 0"),
)
_RAW = tuple(replace(column, nullable=column.name != "contract") for column in _OHLCV)

ORIGIN = tuple(column.name for column in _ORIGIN)
"""Columns that say where a row came from, not what happened: outside of content hashes."""
RAW_BARS = Table("raw_bars", (*_RAW, *_SIDES, *_ORIGIN))
BARS = Table("bars", (*_OHLCV, *_SIDES, *_SESSION, *_ORIGIN))
QUARANTINED_BARS = Table(
    "quarantined_bars", (*RAW_BARS.columns, Column("reason", pl.String, "why the row was refused"))
)
ROLLS = Table(
    "rolls",
    (
        Column("session_date", pl.Date, "first trading day on which the contract is the front"),
        Column("contract", pl.String, "the front contract from then on"),
        Column("previous", pl.String, "the front contract before; null: no roll", True),
        Column("gap_points", pl.Float64, "price of the contract less the previous one's", True),
        Column("gap_ratio", pl.Float64, "price of the contract by the previous one's", True),
        Column(
            "measured",
            pl.String,
            "same bar: both traded; across the break: an estimate with the market's own move",
            True,
        ),
        Column("contract_volume", pl.Float64, "its volume in the session that decided", True),
        Column("previous_volume", pl.Float64, "the previous one's in that session", True),
        Column("reason", pl.String, "opening, volume, calendar or only contract left"),
    ),
)
