"""Where in the session we are, and how far its levels are: open, opening range, day before."""

import polars as pl

from mlplatform.features.catalog.expressions import expression, per_atr
from mlplatform.features.graph import Columns, Feature
from mlplatform.market.sessions import CHICAGO, RTH_FIRST_MINUTE

_CHICAGO_MINUTE = pl.col("ts").dt.convert_time_zone(CHICAGO).dt.hour().cast(pl.Int32) * 60 + pl.col(
    "ts"
).dt.convert_time_zone(CHICAGO).dt.minute().cast(pl.Int32)


def minutes_since_rth_open() -> Feature:
    """Minutes of the bar's start since 08:30 Chicago; negative overnight."""
    return Feature(
        "minutes_since_rth_open",
        ("ts", "session_date"),
        0,
        expression(
            _CHICAGO_MINUTE
            - RTH_FIRST_MINUTE
            - 1440
            * (pl.col("ts").dt.convert_time_zone(CHICAGO).dt.date() < pl.col("session_date")).cast(
                pl.Int32
            )
        ),
        "minutes since the regular open",
        unit="minutes",
    )


def minutes_to_session_end() -> Feature:
    """Minutes from the bar's start to the session's scheduled end."""
    return Feature(
        "minutes_to_session_end",
        ("ts", "session_end"),
        0,
        expression((pl.col("session_end") - pl.col("ts")).dt.total_minutes()),
        "minutes to the session's end",
        unit="minutes",
    )


def day_of_week() -> Feature:
    """Trading day of the week: 1 Monday to 5 Friday."""
    return Feature(
        "day_of_week", ("session_date",), 0, expression(pl.col("session_date").dt.weekday()), "1-5"
    )


def opening_range(minutes: int) -> tuple[Feature, Feature]:
    """High and low of the first `minutes` of regular hours, points; null before they are over."""
    minute_of_rth = _CHICAGO_MINUTE - RTH_FIRST_MINUTE
    inside = (pl.col("session") == "rth") & (minute_of_rth < minutes)
    over = (pl.col("session") == "rth") & (minute_of_rth >= minutes)
    level = {
        "high": pl.when(inside).then("high").max(),
        "low": pl.when(inside).then("low").min(),
    }
    # Known only after it is over, so the whole-session maximum of those bars looks at no later bar.
    high, low = (
        Feature(
            f"opening_range_{side}",
            ("ts", "session_date", "session", side),
            0,
            expression(pl.when(over).then(level[side].over("session_date"))),
            f"{side} of the first {minutes} regular minutes",
            unit="points",
            params={"minutes": minutes},
        )
        for side in ("high", "low")
    )
    return high, low


def level_gap(level: str) -> Feature:
    """Close above a level, ATR."""
    return Feature(
        f"{level}_gap_atr",
        ("close", level, "atr14"),
        0,
        per_atr(pl.col("close") - pl.col(level)),
        f"close above {level}",
        unit="atr",
        is_signed=True,
    )


def previous_day(what: str, bars_a_session: int) -> Feature:
    """High, low or close of the trading day before, points; null on a contract's first day."""
    of_day = {"high": pl.all().max(), "low": pl.all().min(), "close": pl.all().last()}[what]

    def compute(columns: Columns) -> pl.Series:
        frame = pl.DataFrame(dict(columns))
        days = frame.group_by("session_date", maintain_order=True).agg(of_day)
        before = days.with_columns(pl.col(what).shift(1).alias("before")).drop(what)
        return frame.join(before, on="session_date", how="left", maintain_order="left")["before"]

    return Feature(
        f"previous_{what}",
        ("session_date", what),
        bars_a_session,
        compute,
        f"{what} of the trading day before",
        unit="points",
    )


def session_open_gap() -> Feature:
    """Close above the session's first price, ATR."""
    return Feature(
        "session_open_gap_atr",
        ("open", "close", "session_date", "atr14"),
        0,
        per_atr(pl.col("close") - pl.col("open").first().over("session_date")),
        "close above the session's first price",
        unit="atr",
        is_signed=True,
    )
