"""Higher timeframes from base bars, aligned to the session, known only when complete."""

import polars as pl


def resample(bars: pl.DataFrame, minutes: int) -> pl.DataFrame:
    """Bars of `minutes`, aligned to the session's start, never across a contract change.

    Columns: `segment`, `known_at` (scheduled end of the higher bar, or the session's end where
    that comes first), open, high, low, close, volume (null where no bar has one). `bars` needs
    `segment`, `minute_of_session`, `session_end` and is sorted by `ts`.
    """
    bucket = pl.col("minute_of_session") // minutes
    # Sessions start on the minute; the first bar at hand may not.
    start = pl.col("ts").first().dt.truncate("1m") - pl.duration(
        minutes=pl.col("minute_of_session").first() % minutes
    )
    has_volume = pl.col("volume").is_not_null().any()
    end = pl.min_horizontal(start + pl.duration(minutes=minutes), pl.col("session_end").first())
    return (
        bars.with_columns(bucket=bucket)
        .group_by("segment", "session_date", "bucket", maintain_order=True)
        .agg(
            known_at=end,
            open=pl.col("open").first(),
            high=pl.col("high").max(),
            low=pl.col("low").min(),
            close=pl.col("close").last(),
            volume=pl.when(has_volume).then(pl.col("volume").sum()),
        )
        .drop("session_date", "bucket")
    )
