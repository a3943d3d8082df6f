"""How far price is from its levels, ATR: gaps to each, nearest resistance and support."""

import polars as pl

from mlplatform.features.catalog.expressions import DAY, atr_units, expression, per_atr
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
        ("open", "close", "session_date", "atr14"),
        0,
        per_atr(pl.col("close") - pl.col("open").first().over(DAY)),
        "close above the session's first price",
        unit="atr",
        is_signed=True,
    )


def nearest_level(side: str, levels: tuple[str, ...]) -> Feature:
    """Distance to the nearest level above ("resistance") or below ("support") the close, ATR.

    A level at the close counts for both. Null where no known level is on that side.
    """
    sign = 1 if side == "resistance" else -1
    name = f"{side}_atr"
    gaps = [sign * (pl.col(level) - pl.col("close")) for level in levels]
    nearest = pl.min_horizontal(pl.when(gap >= 0).then(gap) for gap in gaps)
    return Feature(
        name,
        ("close", "atr14", *levels),
        0,
        expression(atr_units(nearest)),
        f"distance to the nearest {side} of {len(levels)} levels",
        unit="atr",
        mirror=mirror_of(name),
    )
