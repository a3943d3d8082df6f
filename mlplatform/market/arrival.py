"""Rows in order of arrival: what one file contradicts itself, what a later file says anew."""

from bisect import bisect_left
from datetime import timedelta

import polars as pl

DELIVERED_AGAIN = "delivered again unchanged"
RESTATED = "restated by a later file"
_VALUES = ("open", "high", "low", "close", "volume", "bid_volume", "ask_volume")
_FILE = ("source", "contract")


def order_reason(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `reason` where their time contradicts their file's order; null where it does not.

    `rows` (source, contract, ts) come in order of arrival. Order is judged within one source and
    contract. Kept is the longest sequence of rows in ascending time: so a stray row condemns no
    other, wherever its date lies, and the fewest rows are refused. Of several such sequences the
    one that begins with the earlier rows.
    """
    within = rows.with_columns(step=pl.col("ts").diff().over(_FILE))
    disordered = within.filter(pl.col("step") <= timedelta()).select(_FILE).unique()
    if disordered.is_empty():
        return rows.with_columns(reason=pl.lit(None, pl.String))
    numbered = rows.with_row_index("place")
    broken = numbered.join(
        disordered, on=_FILE, how="semi", nulls_equal=True, maintain_order="left"
    )
    judged = pl.concat(
        part.select("place", "ts", ascends=_longest_ascent(part["ts"]))
        for part in broken.partition_by(_FILE, maintain_order=True)
    )
    files = numbered.join(
        judged.select("place", "ascends"), on="place", how="left", maintain_order="left"
    )
    # The time reached so far: of kept rows only.
    kept = pl.col("ascends").fill_null(value=True)
    reached = pl.when(kept).then("ts").cum_max().forward_fill().over(_FILE)
    return files.with_columns(
        reason=pl.when(kept)
        .then(pl.lit(None, pl.String))
        .when(pl.col("ts") == reached)
        .then(pl.lit("duplicate time"))
        .when(pl.col("ts") < reached)
        .then(pl.lit("earlier than a row before it"))
        .otherwise(pl.lit("later than the rows after it"))
    ).drop("place", "ascends")


def _longest_ascent(ts: pl.Series) -> pl.Series:
    """Whether each row belongs to the longest strictly ascending sequence; O(n log n)."""
    times = ts.dt.epoch("us").to_list()
    # From the end: how long an ascent can start at each row. `starts[k]` is the latest time at
    # which one of k + 1 rows starts; negated, it ascends.
    starts: list[int] = []
    lengths = [0] * len(times)
    for i in range(len(times) - 1, -1, -1):
        k = bisect_left(starts, -times[i])
        starts[k : k + 1] = [-times[i]]
        lengths[i] = k + 1
    wanted, last, ascends = len(starts), None, [False] * len(times)
    for i, time in enumerate(times):
        if lengths[i] == wanted and (last is None or time > last):
            ascends[i], last, wanted = True, time, wanted - 1
    return pl.Series(ascends, dtype=pl.Boolean)


def arrival_reason(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `reason` where another file holds the same bar; null for the one that counts.

    `rows` (table `raw_bars`, each source, contract and ts once at most) have `arrival`, a number
    that rises with the arrival of their source. Of the same contract and time the latest statement
    counts: a row that repeats the one before it word for word is "delivered again unchanged", one
    that a later row contradicts is "restated by a later file".
    """
    if rows["arrival"].n_unique() < 2:
        return rows.with_columns(reason=pl.lit(None, pl.String))
    bar = ("contract", "ts")
    as_before = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in bar)
    unchanged = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift(1)) for name in _VALUES
    )
    # Sorting and neighbours, no groups: there are as many bars as rows.
    ordered = (
        rows.with_row_index("place")
        .sort(*bar, "arrival", "place")
        .with_columns(same_bar=as_before & (pl.int_range(pl.len()) > 0))
        .with_columns(repeats=pl.col("same_bar") & unchanged)
        .with_columns(statement=(~pl.col("repeats")).cast(pl.Int64).cum_sum())
    )
    ends_bar = ~pl.col("same_bar").shift(-1, fill_value=False)
    last_statement = pl.when(ends_bar).then("statement").backward_fill()
    return (
        ordered.with_columns(
            reason=pl.when("repeats")
            .then(pl.lit(DELIVERED_AGAIN))
            .when(pl.col("statement") < last_statement)
            .then(pl.lit(RESTATED))
        )
        .sort("place")
        .drop("place", "same_bar", "repeats", "statement")
    )
