"""A vendor's dialect: how its files are recognised, and what its columns and conventions are."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from mlplatform.domain.errors import InputError

BarLabel = Literal["start", "end"]
FileKind = Literal["bars", "ticks"]


@dataclass(frozen=True)
class Sample:
    """What a file shows before it is read: names in lower case without <>, and its first rows."""

    member: str
    columns: tuple[str, ...]
    has_header: bool
    comments: tuple[str, ...]
    rows: pl.DataFrame
    """The first batch, columns as the file names them."""
    theirs: Mapping[str, str]
    """Lower-case name to the file's own."""

    def has(self, *names: str) -> bool:
        """Whether all those columns are there."""
        return self.has_header and set(names) <= set(self.columns)

    def first(self, name: str) -> str:
        """The first cell of a column that holds anything, as text; empty where none does."""
        if name not in self.theirs:
            return ""
        cells = self.rows[self.theirs[name]].head(1000).drop_nulls().cast(pl.String)
        return str(cells[0]) if len(cells) else ""

    def looks(self, *patterns: str) -> bool:
        """Whether a file without header has exactly cells of those patterns, column by column."""
        return (
            not self.has_header
            and len(self.columns) == len(patterns)
            and all(
                re.fullmatch(pattern, self.first(column))
                for column, pattern in zip(self.columns, patterns, strict=True)
            )
        )


def _unsaid(_: Sample) -> str | None:
    return None


@dataclass(frozen=True)
class Dialect:
    """One vendor's declaration. `recognises` looks at header and shape, never at a name alone."""

    vendor: str
    recognises: Callable[[Sample], bool]
    columns: Mapping[str, tuple[str, ...]]
    """Ours to theirs, likeliest first; "a+b" are two columns joined by a blank."""
    kind: FileKind = "bars"
    clock: str | None = None
    """Zone of times that name none, by the vendor's convention."""
    needs_market: bool = False
    """Whether others write files of this shape too, so that the market must support the clock."""
    trusts_market: bool = False
    """Whether the clock differs by server, and the market may say which where it is clear."""
    label: BarLabel | None = None
    timeframe: Callable[[Sample], str | None] = _unsaid
    contract: Callable[[Sample], str | None] = _unsaid
    """The contract where the member's name says it."""
    day: Callable[[Sample], str | None] = _unsaid
    """Date (yyyymmdd) of times that count milliseconds from midnight."""
    fixed_point: bool = False
    """Whether whole prices may be in units of 1e-9."""
    keep: Mapping[str, str] = field(default_factory=dict)
    """Rows that are trades: their column, and the value that it must hold."""
    buyer: str = ""
    """Value of `side` where the buyer was the aggressor; any other letter but N: the seller."""
    refusal: str = ""
    """Why a file of this kind cannot be used, and what to export instead."""


BAR_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ts": (
        "ts", "ts_event", "timestamp", "datetime", "date_time", "gmt time", "utc", "time_utc",
        "local time", "date+time", "time", "open_time", "bar_time", "window_start", "date", "t",
        "index", "__index_level_0__",
    ),
    "open": ("open", "o", "open price", "first"),
    "high": ("high", "h", "high price", "max"),
    "low": ("low", "l", "low price", "min"),
    "close": ("close", "c", "close price", "last", "close/last"),
    "volume": ("volume", "vol", "v", "total volume"),
    "bid_volume": ("bid_volume", "vol_bid", "bidvolume", "sell_volume"),
    "ask_volume": ("ask_volume", "vol_ask", "askvolume", "buy_volume"),
    "contract": ("contract", "symbol", "ticker", "localsymbol", "instrument", "raw_symbol"),
}  # fmt: skip
TICK_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ts": BAR_COLUMNS["ts"],
    "price": ("price", "last", "trade_price", "p"),
    "size": ("size", "volume", "qty", "quantity", "amount", "vol", "s"),
    "side": ("side", "aggressor", "aggressor_side"),
    "bid": ("bid",),
    "ask": ("ask",),
    "contract": BAR_COLUMNS["contract"],
}  # fmt: skip
NEEDED = {"bars": ("ts", "open", "high", "low", "close"), "ticks": ("ts", "price", "size")}


def map_columns(dialect: Dialect, sample: Sample, name: str) -> dict[str, tuple[str, ...]]:
    """Ours to the file's own names (several: joined); raises InputError that lists the missing."""
    found: dict[str, tuple[str, ...]] = {}
    for ours, options in dialect.columns.items():
        for option in options:
            parts = tuple(option.split("+"))
            if all(part in sample.theirs for part in parts):
                found[ours] = tuple(sample.theirs[part] for part in parts)
                break
    missing = [ours for ours in NEEDED[dialect.kind] if ours not in found]
    if missing:
        raise InputError(
            f"{name} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} "
            f"(it has {', '.join(sample.theirs.values()) or 'none'}): rename its columns."
        )
    return found


def positions(*names: str) -> dict[str, tuple[str, ...]]:
    """Columns of a file without header, by their place; "" is one that is not needed."""
    return {name: (f"column_{place}",) for place, name in enumerate(names, 1) if name}
