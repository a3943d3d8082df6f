"""The shape of one bar: body, place of the close, wicks, overlap with the bar before."""

from typing import Any

import polars as pl

from mlplatform.features.catalog.expressions import expression, gap_per_atr, pointwise
from mlplatform.features.catalog.quantities import largest, place_between, ratio, smallest
from mlplatform.features.graph import Feature

_PRICES = ("open", "high", "low", "close")


def bar_range() -> Feature:
    """High minus low of the bar, ATR."""
    return Feature(
        "bar_range_atr",
        ("high", "low", "atr14"),
        0,
        gap_per_atr("high", "low"),
        "range of the bar",
        unit="atr",
    )


def body() -> Feature:
    """Close minus open of the bar per its range: -1 to +1; null on a bar without range."""
    return Feature(
        "body_frac",
        _PRICES,
        0,
        pointwise(lambda o, h, low, c: ratio(c - o, h - low), *_PRICES),
        "body of the bar per its range",
        is_signed=True,
    )


def close_location() -> Feature:
    """Close within the bar: -1 at its low, +1 at its high; null on a bar without range."""
    return Feature(
        "close_location",
        ("high", "low", "close"),
        0,
        pointwise(place_between, "close", "low", "high"),
        "close within the bar, -1 to +1",
        is_signed=True,
    )


def wick(side: str) -> Feature:
    """Upper or lower wick per the bar's range: 0 to 1; null on a bar without range."""

    def length(o: Any, high: Any, low: Any, close: Any) -> Any:
        return high - largest(o, close) if side == "upper" else smallest(o, close) - low

    return Feature(
        f"{side}_wick_frac",
        _PRICES,
        0,
        pointwise(lambda o, h, low, c: ratio(length(o, h, low, c), h - low), *_PRICES),
        f"{side} wick of the bar per its range",
        mirror="lower_wick_frac" if side == "upper" else "upper_wick_frac",
    )


def overlap() -> Feature:
    """What this bar and the one before share of their common range: 0 apart to 1 the same.

    Null where neither bar has a range.
    """
    high, low = pl.col("high"), pl.col("low")
    shared = pl.min_horizontal(high, high.shift(1)) - pl.max_horizontal(low, low.shift(1))
    common = pl.max_horizontal(high, high.shift(1)) - pl.min_horizontal(low, low.shift(1))
    known = high.shift(1).is_not_null()
    return Feature(
        "overlap_frac",
        ("high", "low"),
        1,
        expression(pl.when(known).then(ratio(shared.clip(lower_bound=0), common))),
        "what the bar shares with the one before of their common range",
    )


CORE = (
    bar_range(),
    body(),
    close_location(),
    *(wick(side) for side in ("upper", "lower")),
    overlap(),
)
"""Those of the core set."""
