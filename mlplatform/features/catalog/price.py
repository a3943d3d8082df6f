"""Where price came from: returns, position in its range, efficiency, shape of the bar."""

import polars as pl

from mlplatform.features.catalog.expressions import expression, per_atr
from mlplatform.features.graph import Feature


def move(span_bars: int) -> Feature:
    """Change of the close over `span_bars`, ATR."""
    return Feature(
        f"move{span_bars}_atr",
        ("close", "atr14"),
        span_bars,
        per_atr(pl.col("close").diff(span_bars)),
        f"change of the close over {span_bars} bars",
        unit="atr",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def range_position(span_bars: int) -> Feature:
    """Close within the range of the last `span_bars`: -1 at its low, +1 at its high."""
    high = pl.col("high").rolling_max(span_bars)
    low = pl.col("low").rolling_min(span_bars)
    width = pl.when(high > low).then(high - low)
    return Feature(
        f"range_position{span_bars}",
        ("high", "low", "close"),
        span_bars,
        expression((2 * pl.col("close") - high - low) / width),
        f"close within the range of {span_bars} bars, -1 to +1",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def efficiency(span_bars: int) -> Feature:
    """Kaufman's efficiency ratio, signed: net change per sum of absolute changes."""
    path = pl.col("close").diff().abs().rolling_sum(span_bars)
    return Feature(
        f"efficiency{span_bars}",
        ("close",),
        span_bars + 1,
        expression(pl.col("close").diff(span_bars) / pl.when(path > 0).then(path)),
        f"signed efficiency ratio of {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def body() -> Feature:
    """Close minus open of the bar per its range: -1 to +1; null on a bar without range."""
    width = pl.col("high") - pl.col("low")
    return Feature(
        "body_frac",
        ("open", "high", "low", "close"),
        0,
        expression((pl.col("close") - pl.col("open")) / pl.when(width > 0).then(width)),
        "body of the bar per its range",
        is_signed=True,
    )


def close_location() -> Feature:
    """Close within the bar: -1 at its low, +1 at its high; null on a bar without range."""
    width = pl.col("high") - pl.col("low")
    location = (2 * pl.col("close") - pl.col("high") - pl.col("low")) / pl.when(width > 0).then(
        width
    )
    return Feature(
        "close_location",
        ("high", "low", "close"),
        0,
        expression(location),
        "close within the bar, -1 to +1",
        is_signed=True,
    )
