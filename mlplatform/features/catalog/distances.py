"""How far price is from its levels, ATR: gaps to each, nearest resistance and support."""

import polars as pl

from mlplatform.features.catalog.expressions import atr_units, expression, per_atr
from mlplatform.features.catalog.mirrors import mirror_of
from mlplatform.features.graph import Feature


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
    name, close = f"{side}_atr", pl.col("close")
    if side == "resistance":
        above = (pl.when(pl.col(level) >= close).then(level) for level in levels)
        nearest = pl.min_horizontal(above) - close
    else:
        below = (pl.when(pl.col(level) <= close).then(level) for level in levels)
        nearest = close - pl.max_horizontal(below)
    return Feature(
        name,
        ("close", "atr14", *levels),
        0,
        expression(atr_units(nearest)),
        f"distance to the nearest {side} of {len(levels)} levels",
        unit="atr",
        mirror=mirror_of(name),
    )
