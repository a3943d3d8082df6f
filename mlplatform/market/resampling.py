"""Higher timeframes from base bars, aligned to the session, known only when complete."""

import polars as pl

from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Timeframe
from mlplatform.market.segments import contract_segment

_GROUP = ("segment", "session_date", "bucket")
_SIDES = ("bid_volume", "ask_volume")


def resample(bars: pl.DataFrame, minutes: int) -> pl.DataFrame:
    """Bars of `minutes`, aligned to the session's start, never across a contract change.

    Columns: `segment`, `known_at` (scheduled end of the higher bar, or the session's end where
    that comes first), open, high, low, close, volume (null where no bar has one). `bars` needs
    `segment`, `minute_of_session`, `session_end` and is sorted by `ts`. A last bar whose `known_at`
    lies ahead still grows: who joins on `known_at` never sees it.
    """
    return (
        bars.with_columns(bucket=pl.col("minute_of_session") // minutes)
        .group_by(_GROUP, maintain_order=True)
        .agg(
            known_at=pl.min_horizontal(
                _start(minutes) + pl.duration(minutes=minutes), pl.col("session_end").first()
            ),
            open=pl.col("open").first(),
            high=pl.col("high").max(),
            low=pl.col("low").min(),
            close=pl.col("close").last(),
            volume=_total("volume"),
        )
        .drop("session_date", "bucket")
    )


def resample_bars(bars: pl.DataFrame, minutes: int, base: Timeframe) -> pl.DataFrame:
    """`resample` with all that bars have: a table of its own for people and exports.

    `bars` (table `bars`, one contract at a time, sorted by ts) are of the timeframe `base`, of
    which `minutes` must be a multiple; it need not divide the session, whose last bar is short
    then. Columns: ts (start), known_at, contract, open, high, low, close, volume, bid_volume,
    ask_volume (each null where no bar has one), session_date, session_end, session (of the first
    bar), minute_of_session (of the start), bars (how many base bars it holds).

    Raises InputError where `minutes` is no multiple of the base bars.
    """
    if minutes < 1 or minutes * 60 % base.seconds:
        raise InputError(
            f"Bars of {minutes} minutes cannot be made of {base.name} bars: use a multiple."
        )
    labelled = bars.with_columns(contract_segment(), bucket=pl.col("minute_of_session") // minutes)
    first = ("contract", "session_end", "session")
    more = (
        labelled.group_by(_GROUP, maintain_order=True)
        .agg(
            _start(minutes).alias("ts"),
            pl.col(first).first(),
            *(_total(name).alias(name) for name in _SIDES),
            bars=pl.len(),
        )
        .with_columns(minute_of_session=(pl.col("bucket") * minutes).cast(pl.Int32))
    )
    prices = resample(labelled, minutes).drop("segment")
    values = ("open", "high", "low", "close", "volume", *_SIDES)
    session = ("session_date", "session_end", "session", "minute_of_session", "bars")
    return pl.concat([more, prices], how="horizontal").select(
        "ts", "known_at", "contract", *values, *session
    )


def _start(minutes: int) -> pl.Expr:
    """Start of the higher bar. Sessions start on the minute; the first bar at hand may not."""
    return pl.col("ts").first().dt.truncate("1m") - pl.duration(
        minutes=pl.col("minute_of_session").first() % minutes
    )


def _total(name: str) -> pl.Expr:
    known = pl.col(name).is_not_null().any()
    return pl.when(known).then(pl.col(name).sum())
