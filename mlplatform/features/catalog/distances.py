"""How far price is from its levels, ATR: gaps to each, nearest resistance and support."""

from typing import Any

from mlplatform.features.catalog.expressions import gap_per_atr, pointwise
from mlplatform.features.catalog.levels import CHART
from mlplatform.features.catalog.mirrors import mirror_of
from mlplatform.features.catalog.quantities import given, largest, smallest
from mlplatform.features.graph import Feature


def level_gap(level: str) -> Feature:
    """Close above a level, ATR; its mirror image is the gap to the opposite level."""
    name = f"{level}_gap_atr"
    return Feature(
        name,
        ("close", level, "atr14"),
        0,
        gap_per_atr("close", level),
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
        gap_per_atr("close", "session_first"),
        "close above the session's first price",
        unit="atr",
        is_signed=True,
    )


def nearest_level(side: str, levels: tuple[str, ...]) -> Feature:
    """Distance to the nearest level above ("resistance") or below ("support") the close, ATR.

    A level at the close counts for both. Null where no known level is on that side.
    """
    name = f"{side}_atr"
    inputs = ("close", "atr14", *levels)

    def nearest(close: Any, atr: Any, *prices: Any) -> Any:
        if side == "resistance":
            return (smallest(*(given(price >= close, price) for price in prices)) - close) / atr
        return (close - largest(*(given(price <= close, price) for price in prices))) / atr

    return Feature(
        name,
        inputs,
        0,
        pointwise(nearest, *inputs),
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
