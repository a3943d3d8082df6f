"""What was recognised of one file, and its rows brought to one form by it."""

from dataclasses import dataclass

import polars as pl

from mlplatform.adapters.bars.formats.contracts import split_contract
from mlplatform.adapters.bars.formats.dialect import Dialect, Sample, map_columns
from mlplatform.adapters.bars.formats.dialects import dialect_of
from mlplatform.adapters.bars.formats.rows import RawTable
from mlplatform.adapters.bars.formats.times import (
    TimeForm,
    midnight,
    read_times,
    recognise_times,
)
from mlplatform.domain.errors import InputError

_FIXED_POINT = 1e9
_FIXED_POINT_FROM = 1e8
"""Whole prices from here on are in units of 1e-9: no future costs so much."""
_UNDEFINED = 9_000_000_000.0
"""Databento's undefined price (the largest 64-bit integer), in points."""
PRICES = ("open", "high", "low", "close")
SAMPLE_ROWS = 20_000


@dataclass(frozen=True)
class Plan:
    """How the rows of one file are read."""

    name: str
    dialect: Dialect
    columns: dict[str, tuple[str, ...]]
    """Ours to theirs."""
    form: TimeForm
    divisor: float
    """What prices are divided by."""
    timeframe: str | None
    """Where the vendor says it."""
    contract: str | None
    """Where the member's name says it."""
    has_contracts: bool
    """Whether the contract column holds names (not a vendor's numbers)."""


def plan_of(table: RawTable) -> Plan | None:
    """The plan of a file; None where it has no rows. Raises InputError where it has no sense."""
    sample = _sample(table)
    if sample is None:
        return None
    dialect = dialect_of(sample)
    if dialect.refusal:
        raise InputError(f"{table.name} {dialect.refusal}")
    columns = map_columns(dialect, sample, table.name)
    if day := dialect.day(sample):
        form = TimeForm(
            columns["ts"], "milliseconds of the day", day=midnight(day), about="since midnight"
        )
    else:
        form = recognise_times(sample.rows, columns["ts"], table.name)
    price = columns["open" if dialect.kind == "bars" else "price"][0]
    fixed = dialect.fixed_point and _is_fixed_point(sample.rows[price])
    return Plan(
        name=table.name,
        dialect=dialect,
        columns=columns,
        form=form,
        divisor=_FIXED_POINT if fixed else 1.0,
        timeframe=dialect.timeframe(sample),
        contract=dialect.contract(sample),
        has_contracts=_has_names(sample, columns, table.name),
    )


def canonical(batch: pl.DataFrame, plan: Plan) -> tuple[pl.DataFrame, pl.Series | None]:
    """The batch in one form, and the minutes ahead of UTC where rows name them.

    Columns: `wall` (as written, or UTC where the file says so), `row`, `root`, `contract`; bars:
    prices, `volume`, `bid_volume`, `ask_volume`; ticks: `price`, `size`, `side` (+1 bought, -1
    sold, null unknown). A cell that cannot be read is null: validation refuses it later.
    """
    for column, value in plan.dialect.keep.items():
        batch = batch.filter(pl.col(_theirs(batch, column)) == value)
    times = read_times(batch, plan.form, plan.name)
    frame = pl.DataFrame({"wall": times.wall, "row": batch["row"].cast(pl.Int64)})
    frame = frame.with_columns(*_contracts(batch, plan))
    if plan.dialect.kind == "bars":
        names: tuple[str, ...] = PRICES
        sizes: tuple[str, ...] = ("volume", "bid_volume", "ask_volume")
    else:
        names, sizes = ("price", "bid", "ask"), ("size",)
    numbers = [_prices(batch, plan, name).alias(name) for name in names]
    numbers += [_numbers(batch, plan, name).alias(name) for name in sizes]
    frame = frame.with_columns(numbers)
    if plan.dialect.kind == "ticks":
        frame = frame.with_columns(side=_side(batch, plan)).drop("bid", "ask")
    return frame, times.offsets


def _sample(table: RawTable) -> Sample | None:
    batches = table.batches(SAMPLE_ROWS)
    rows = next(iter(batches), None)
    if rows is None or rows.is_empty():
        return None
    theirs = {name.strip().strip("<>").lower(): name for name in reversed(table.columns)}
    theirs.pop("row", None)
    names = tuple(name.strip().strip("<>").lower() for name in table.columns)
    return Sample(table.name, names, table.has_header, table.comments, rows, theirs)


def _theirs(batch: pl.DataFrame, name: str) -> str:
    return next(column for column in batch.columns if column.strip("<>").lower() == name)


def _is_fixed_point(prices: pl.Series) -> bool:
    whole = prices.cast(pl.String).drop_nulls()
    if whole.is_empty() or whole.str.contains(".", literal=True).any():
        return False
    typical = whole.cast(pl.Float64, strict=False).abs().median()
    return isinstance(typical, float) and typical >= _FIXED_POINT_FROM


def _has_names(sample: Sample, columns: dict[str, tuple[str, ...]], name: str) -> bool:
    """Whether contracts are named; raises InputError where several have numbers alone."""
    if "contract" not in columns:
        return False
    known = sample.rows[columns["contract"][0]].cast(pl.String).drop_nulls()
    numbers = known.str.contains(r"^\d+$").all() and len(known) > 0
    if numbers and known.n_unique() > 1:
        raise InputError(
            f"{name} holds several contracts without their names: export it with symbols "
            "(Databento: map_symbols)."
        )
    return not numbers


def _contracts(batch: pl.DataFrame, plan: Plan) -> tuple[pl.Expr | pl.Series, pl.Expr | pl.Series]:
    if not plan.has_contracts:
        root, contract = split_contract(plan.contract or "")
        return pl.lit(root).alias("root"), pl.lit(contract).alias("contract")
    names = batch[plan.columns["contract"][0]].cast(pl.String).fill_null("")
    known = names.unique().to_list()
    split = {name: split_contract(name) for name in known}
    if len(known) == 1:
        root, contract = split[known[0]]
        return pl.lit(root).alias("root"), pl.lit(contract).alias("contract")
    return (
        names.replace_strict({k: v[0] for k, v in split.items()}).alias("root"),
        names.replace_strict({k: v[1] for k, v in split.items()}).alias("contract"),
    )


def _numbers(batch: pl.DataFrame, plan: Plan, name: str) -> pl.Series:
    if name not in plan.columns:
        return pl.repeat(None, batch.height, dtype=pl.Float64, eager=True)
    column = batch[plan.columns[name][0]].cast(pl.Float64, strict=False)
    return column.set(~column.is_finite(), None)


def _prices(batch: pl.DataFrame, plan: Plan, name: str) -> pl.Series:
    numbers = _numbers(batch, plan, name)
    if plan.divisor == 1.0:
        return numbers
    points = numbers / plan.divisor
    return points.set(points > _UNDEFINED, None)


def _side(batch: pl.DataFrame, plan: Plan) -> pl.Expr:
    """The aggressor: as the vendor says it, else by the quote at the trade."""
    if "side" in plan.columns:
        side = batch[plan.columns["side"][0]].cast(pl.String).str.to_uppercase().str.slice(0, 1)
        bought = side == plan.dialect.buyer
        sold = side.is_in(["A", "S"])
        sides = pl.DataFrame({"b": bought, "s": sold}).select(
            pl.when("b").then(1).when("s").then(-1).cast(pl.Int8)
        )
        return pl.lit(sides.to_series())
    if not {"bid", "ask"} <= set(plan.columns):
        return pl.lit(None, pl.Int8)
    at_ask, at_bid = pl.col("price") >= pl.col("ask"), pl.col("price") <= pl.col("bid")
    return pl.when(at_ask & ~at_bid).then(1).when(at_bid & ~at_ask).then(-1).cast(pl.Int8)
