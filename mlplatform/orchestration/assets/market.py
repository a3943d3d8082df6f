"""Group `market`: raw rows as they came, sound bars, rolls, the continuous bars, refused rows."""

import dagster as dg
import polars as pl

from mlplatform.adapters.bars.book import BarBook
from mlplatform.domain import tables
from mlplatform.orchestration import told
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.checks import quality
from mlplatform.orchestration.desks.yard import MarketYard
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.stamp import Stamp

_YARD = ("orchestration.desks.yard", "market.validation")


def raw_bars(workshop: Workshop) -> dg.AssetsDefinition:
    """Rows untouched."""
    card = workshop.card("market", {"parquet"}, tables.RAW_BARS, ("adapters.bars.deliveries",))

    @dg.asset(**card, description="All rows taken in of one period, in order of arrival, as given.")
    def raw_bars(
        context: dg.AssetExecutionContext,
        book: dg.ResourceParam[BarBook],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        stamp.begin(context.instance, context.run.run_id, "raw_bars", context.partition_key)
        partition = Partition.parse(context.partition_key)
        chapter = book.chapter(partition.series)
        if partition.period not in chapter.periods:
            known = f"{min(chapter.periods)} to {max(chapter.periods)}"
            raise dg.Failure(f"The source has no bars in {partition.period}: it holds {known}.")
        rows = chapter.frame(partition.period)
        return stamp.result(context, rows, chapter.told(partition.period), unhashed=tables.ORIGIN)

    return raw_bars


def contract_bars(workshop: Workshop) -> dg.AssetsDefinition:
    """Sound bars."""
    card = workshop.card("market", {"polars", "parquet"}, tables.BARS, _YARD)

    @dg.asset(**card, description="Sound bars of every contract, labelled with their CME session.")
    def contract_bars(
        context: dg.AssetExecutionContext,
        raw_bars: pl.DataFrame,
        yard: dg.ResourceParam[MarketYard],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        sound = yard.sound(Partition.parse(context.partition_key), raw_bars)
        return stamp.result(context, sound, told.sound(sound), unhashed=tables.ORIGIN)

    return contract_bars


def rolls(workshop: Workshop) -> dg.AssetsDefinition:
    """Which contract counts."""
    card = workshop.card("market", {"polars"}, tables.ROLLS, _YARD, ("roll_rule",))

    @dg.asset(
        **card,
        ins={"contract_bars": _looking_back(workshop)},
        description="The front contract from each roll on, with the gap between the contracts.",
    )
    def rolls(
        context: dg.AssetExecutionContext,
        contract_bars: pl.DataFrame,
        yard: dg.ResourceParam[MarketYard],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        table = yard.rolls(Partition.parse(context.partition_key), contract_bars)
        return stamp.result(context, table, told.rolls(table))

    return rolls


def bars(workshop: Workshop) -> dg.AssetsDefinition:
    """Continuous bars."""
    matters = ("max_quarantined_frac", "accept_price_jumps")
    modules = (*_YARD, "market.quality.catalog")
    card = workshop.card("market", {"polars", "parquet"}, tables.BARS, modules, matters)

    @dg.asset(
        **card,
        ins={"contract_bars": _looking_back(workshop), "rolls": _looking_back(workshop)},
        check_specs=quality.specs(),
        dagster_type=dg.Any,  # with checks beside it Dagster takes it for an output of nothing
        description="The front contract's bars, unadjusted: what everything after is made of.",
    )
    def bars(
        context: dg.AssetExecutionContext,
        raw_bars: pl.DataFrame,
        contract_bars: pl.DataFrame,
        rolls: pl.DataFrame,
        yard: dg.ResourceParam[MarketYard],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        partition = Partition.parse(context.partition_key)
        front, verdict = yard.judged(partition, raw_bars, contract_bars, rolls)
        figures = told.bars(front, verdict.refused_rows)
        return stamp.result(context, front, figures, tables.ORIGIN, verdict.tags, verdict.results())

    return bars


def quarantined_bars(workshop: Workshop) -> dg.AssetsDefinition:
    """Refused rows."""
    card = workshop.card("market", {"polars", "parquet"}, tables.QUARANTINED_BARS, _YARD)

    @dg.asset(**card, description="Every row that is not in `bars`, with its reason; none is lost.")
    def quarantined_bars(
        context: dg.AssetExecutionContext,
        raw_bars: pl.DataFrame,
        rolls: pl.DataFrame,
        yard: dg.ResourceParam[MarketYard],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        refused = yard.quarantined(Partition.parse(context.partition_key), raw_bars, rolls)
        return stamp.result(context, refused, told.quarantined(refused), unhashed=tables.ORIGIN)

    return quarantined_bars


def _looking_back(workshop: Workshop) -> dg.AssetIn:
    """The period and those before it that a roll is decided by."""
    back = MarketYard.look_back(workshop.axis.periods.cadence)
    return dg.AssetIn(partition_mapping=workshop.axis.looking_back(-back, 0))
