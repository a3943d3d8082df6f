"""How far price is from its levels, ATR: gaps to each, nearest resistance and support."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import polars as pl

from mlplatform.features.arithmetic import Gatherable, Newest, Together
from mlplatform.features.catalog.expressions import atr_units, per_atr
from mlplatform.features.catalog.levels import CHART
from mlplatform.features.catalog.mirrors import mirror_of
from mlplatform.features.graph import Feature


@dataclass(frozen=True)
class Nearest(Gatherable):
    """A compute function: distance to the nearest of `levels` above or below the close, ATR."""

    above: bool
    levels: tuple[str, ...]

    @property
    def key(self) -> Hashable:
        """All of them."""
        return Nearest

    @classmethod
    def together(cls, members: Sequence[Self]) -> Together:
        """One select."""
        distances = [atr_units(m._points()).alias(f"={at}") for at, m in enumerate(members)]
        return lambda columns: pl.DataFrame(dict(columns)).select(distances).get_columns()

    @classmethod
    def newest(cls, members: Sequence[Self]) -> Newest:
        """A look at each level: far cheaper for one row than to plan so long an expression."""

        def compute(rows: pl.DataFrame) -> list[float | None]:
            row = rows.row(-1, named=True)
            return [member._of_row(row) for member in members]

        return compute

    def _points(self) -> pl.Expr:
        close = pl.col("close")
        if self.above:
            there = (pl.when(pl.col(level) >= close).then(level) for level in self.levels)
            return pl.min_horizontal(there) - close
        there = (pl.when(pl.col(level) <= close).then(level) for level in self.levels)
        return close - pl.max_horizontal(there)

    def _of_row(self, row: dict[str, Any]) -> float | None:
        close, atr = row["close"], row["atr14"]
        known = [row[level] for level in self.levels if row[level] is not None]
        if self.above:
            gaps = [level - close for level in known if level >= close]
        else:
            gaps = [close - level for level in known if level <= close]
        return min(gaps) / atr if gaps and atr else None


def level_gap(level: str) -> Feature:
    """Close above a level, ATR; its mirror image is the gap to the opposite level."""
    name = f"{level}_gap_atr"
    return Feature(
        name,
        ("close", level, "atr14"),
        0,
        per_atr(pl.col("close") - pl.col(level)),
        f"close above {level}",
        unit="atr",
        is_signed=True,
        mirror=mirror_of(name),
    )


def session_open_gap() -> Feature:
    """Close above the session's first price, ATR."""
    return Feature(
        "session_open_gap_atr",
        ("close", "session_first", "atr14"),
        0,
        per_atr(pl.col("close") - pl.col("session_first")),
        "close above the session's first price",
        unit="atr",
        is_signed=True,
    )


def nearest_level(side: str, levels: tuple[str, ...]) -> Feature:
    """Distance to the nearest level above ("resistance") or below ("support") the close, ATR.

    A level at the close counts for both. Null where no known level is on that side.
    """
    name = f"{side}_atr"
    return Feature(
        name,
        ("close", "atr14", *levels),
        0,
        Nearest(side == "resistance", levels),
        f"distance to the nearest {side} of {len(levels)} levels",
        unit="atr",
        mirror=mirror_of(name),
    )


CORE = (
    *(level_gap(level) for level in (*CHART, "rth_open")),
    session_open_gap(),
    *(nearest_level(side, CHART) for side in ("resistance", "support")),
)
"""Those of the core set."""
