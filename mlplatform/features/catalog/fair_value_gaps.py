"""Fair-value gaps: prices that a fast market left out between the first and third of three bars.

A gap up is known at the end of its third bar, whose low stays above the first bar's high by
`MIN_ATR`; it is filled when a later low comes down to its lower edge. Mirrored for gaps down.
Only the last gap of each direction counts, for `FORGET_BARS`.
"""

import polars as pl

from mlplatform.features.catalog.expressions import atr_units, expression, gap_per_atr
from mlplatform.features.catalog.mirrors import mirror_of
from mlplatform.features.graph import Feature

MIN_ATR = 0.25
FORGET_BARS = 120
_OPPOSITE = {"up": ("low", "high"), "down": ("high", "low")}
_PARAMS = {"min_atr": MIN_ATR, "forget_bars": FORGET_BARS}


def new_gap(side: str) -> Feature:
    """Height of the gap that this bar makes known, points; null on all other bars."""
    near, far = _OPPOSITE[side]
    sign = 1 if side == "up" else -1
    height = sign * (pl.col(near) - pl.col(far).shift(2))
    return Feature(
        f"new_gap_{side}",
        ("high", "low", "atr14"),
        2,
        expression(pl.when(height > MIN_ATR * pl.col("atr14")).then(height)),
        f"height of a fair-value gap {side} made by this bar",
        unit="points",
        is_step=True,
        params=_PARAMS,
    )


def open_gap_edge(side: str) -> Feature:
    """Near edge of the last gap while it is not filled, points: of a gap up its upper edge."""
    near, _ = _OPPOSITE[side]
    new, price = pl.col(f"new_gap_{side}"), pl.col(near)
    edge = pl.when(new.is_not_null()).then(price).forward_fill(limit=FORGET_BARS)
    height = new.forward_fill(limit=FORGET_BARS)
    is_filled = price <= edge - height if side == "up" else price >= edge + height
    # Open from the gap on, filled from its fill on; only the last of these counts.
    event = pl.when(new.is_not_null()).then(True).when(is_filled).then(False)
    return Feature(
        f"gap_{side}_edge",
        (f"new_gap_{side}", near),
        FORGET_BARS,
        expression(pl.when(event.forward_fill()).then(edge)),
        f"near edge of the open fair-value gap {side}",
        unit="points",
        is_step=True,
        params=_PARAMS,
    )


def gap_distance(side: str) -> Feature:
    """Close above the near edge of the last open gap, ATR; null where none is open."""
    name, edge = f"fair_value_gap_{side}_atr", f"gap_{side}_edge"
    return Feature(
        name,
        ("close", edge, "atr14"),
        0,
        gap_per_atr("close", edge),
        f"close above the edge of the open fair-value gap {side}",
        unit="atr",
        is_signed=True,
        mirror=mirror_of(name),
    )


def gap_size(side: str) -> Feature:
    """Height of the last open gap, ATR; null where none is open."""
    name, edge, new = f"fair_value_gap_{side}_size_atr", f"gap_{side}_edge", f"new_gap_{side}"
    height = pl.col(new).forward_fill(limit=FORGET_BARS)
    return Feature(
        name,
        (new, edge, "atr14"),
        FORGET_BARS,
        expression(atr_units(pl.when(pl.col(edge).is_not_null()).then(height))),
        f"height of the open fair-value gap {side}",
        unit="atr",
        mirror=mirror_of(name),
    )


CORE = (
    *(new_gap(side) for side in ("up", "down")),
    *(open_gap_edge(side) for side in ("up", "down")),
    *(gap_distance(side) for side in ("up", "down")),
    *(gap_size(side) for side in ("up", "down")),
)
"""Those of the core set."""
