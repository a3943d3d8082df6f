"""Group `market`: raw bars as the source has them, valid bars, refused rows."""

import dagster as dg
import polars as pl

from mlplatform.adapters.bars.book import BarBook
from mlplatform.domain import tables
from mlplatform.domain.series import Series, Timeframe
from mlplatform.market.validation import validate
from mlplatform.orchestration.axis import Partition
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.plots import thumbnail
from mlplatform.orchestration.stamp import Stamp


def raw_bars(workshop: Workshop) -> dg.AssetsDefinition:
    """Bars untouched."""
    card = workshop.card("market", {"parquet"}, tables.RAW_BARS, ("adapters.bars.files",))

    @dg.asset(**card, description="The source's rows of one period, in its order, nothing changed.")
    def raw_bars(
        context: dg.AssetExecutionContext,
        book: dg.ResourceParam[BarBook],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        partition = Partition.parse(context.partition_key)
        chapter = book.chapter(partition.series)
        if partition.period not in chapter.periods:
            known = f"{min(chapter.periods)} to {max(chapter.periods)}"
            raise dg.Failure(f"The source has no bars in {partition.period}: it holds {known}.")
        frame = chapter.frame(partition.period)
        return stamp.result(context, frame, {"source": chapter.kind}, unhashed=tables.ORIGIN)

    return raw_bars


def bars(workshop: Workshop) -> dg.AssetsDefinition:
    """Valid bars."""
    card = workshop.card("market", {"polars", "parquet"}, tables.BARS, ("market.validation",))

    @dg.asset(**card, description="Valid bars, labelled with their CME session.")
    def bars(
        context: dg.AssetExecutionContext, raw_bars: pl.DataFrame, stamp: dg.ResourceParam[Stamp]
    ) -> dg.MaterializeResult:
        valid = validate(raw_bars, timeframe_of(context)).bars
        closes = valid["close"].to_numpy()
        return stamp.result(
            context,
            valid,
            {
                "quarantined_rows": raw_bars.height - valid.height,
                "trading_days": valid["session_date"].n_unique(),
                "contracts": ", ".join(valid["contract"].unique(maintain_order=True)) or "unknown",
                "close": thumbnail(closes, "close, points"),
            },
            unhashed=tables.ORIGIN,
        )

    return bars


def quarantined_bars(workshop: Workshop) -> dg.AssetsDefinition:
    """Refused rows."""
    card = workshop.card(
        "market", {"polars", "parquet"}, tables.QUARANTINED_BARS, ("market.validation",)
    )

    @dg.asset(**card, description="Rows refused at the door, each with its reason; none is lost.")
    def quarantined_bars(
        context: dg.AssetExecutionContext, raw_bars: pl.DataFrame, stamp: dg.ResourceParam[Stamp]
    ) -> dg.MaterializeResult:
        refused = validate(raw_bars, timeframe_of(context)).quarantined
        reasons = refused.group_by("reason").len().sort("len", descending=True)
        return stamp.result(
            context,
            refused,
            {f"rows: {reason}": rows for reason, rows in reasons.iter_rows()},
            unhashed=tables.ORIGIN,
        )

    return quarantined_bars


def timeframe_of(context: dg.AssetExecutionContext) -> Timeframe:
    """The timeframe of the partition's series."""
    return Series.parse(Partition.parse(context.partition_key).series).timeframe
