"""Trades into bars, batch by batch: a bar whose trades lie in two batches is one bar."""

from collections.abc import Iterator

import polars as pl

from mlplatform.domain.series import Timeframe

_KEYS = ["contract", "ts"]
_SUMS = ("volume", "bid_volume", "ask_volume")


def aggregate_ticks(ticks: Iterator[pl.DataFrame], timeframe: Timeframe) -> Iterator[pl.DataFrame]:
    """Bars of trades in file order: `ts` UTC start, prices, volumes, `row` of the first trade.

    `ticks` has `ts`, `price`, `size`, `side` (+1 bought, -1 sold, null unknown), `contract`, `row`.
    Bid and ask volume are null in a bar that has a trade of unknown side. Trades without time or
    price make bars of their own, null where they are, so that none is lost unseen. Trades that go
    back in time open their bar a second time: validation refuses it as a duplicate.
    """
    held: pl.DataFrame | None = None
    for batch in ticks:
        if batch.is_empty():
            continue
        bars = _merge(held, _bars(batch, timeframe))
        open_ts = bars["ts"].drop_nulls().max()
        still_open = pl.col("ts").is_not_null() & (pl.col("ts") == open_ts)
        held = bars.filter(still_open)
        yield bars.filter(~still_open)
    if held is not None and not held.is_empty():
        yield held


def _bars(ticks: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    known = pl.col("price").is_not_null() & pl.col("ts").is_not_null()
    whole = ticks.filter(known).with_columns(ts=pl.col("ts").dt.truncate(timeframe.name))
    size, side = pl.col("size"), pl.col("side")
    unknown = side.is_null().any()
    bars = whole.group_by(_KEYS, maintain_order=True).agg(
        open=pl.col("price").first(),
        high=pl.col("price").max(),
        low=pl.col("price").min(),
        close=pl.col("price").last(),
        volume=size.sum(),
        bid_volume=pl.when(~unknown).then(size.filter(side < 0).sum()),
        ask_volume=pl.when(~unknown).then(size.filter(side > 0).sum()),
        row=pl.col("row").first(),
    )
    broken = ticks.filter(~known).select(
        "contract",
        "ts",
        *(pl.col("price").alias(name) for name in ("open", "high", "low", "close")),
        pl.col("size").alias("volume"),
        *(pl.lit(None, pl.Float64).alias(name) for name in _SUMS[1:]),
        "row",
    )
    return pl.concat([bars, broken]).sort("row", maintain_order=True)


def _merge(held: pl.DataFrame | None, bars: pl.DataFrame) -> pl.DataFrame:
    """Bars still open from the batch before, continued by those of this one."""
    if held is None or held.is_empty():
        return bars
    first = bars.filter(pl.col("ts").is_not_null() & pl.col("open").is_not_null())
    both = first.join(held, on=_KEYS, how="semi")
    rest = bars.join(both.select("row"), on="row", how="anti")
    merged = (
        pl.concat([held, both])
        .group_by(_KEYS, maintain_order=True)
        .agg(
            open=pl.col("open").first(),
            high=pl.col("high").max(),
            low=pl.col("low").min(),
            close=pl.col("close").last(),
            volume=pl.col("volume").sum(),
            **{
                name: pl.when(pl.col(name).is_null().any().not_()).then(pl.col(name).sum())
                for name in _SUMS[1:]
            },
            row=pl.col("row").first(),
        )
    )
    return pl.concat([merged, rest]).sort("row", maintain_order=True)
