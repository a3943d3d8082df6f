"""Where price came from: returns and moves over several horizons, momentum, place in its range."""

import polars as pl

from mlplatform.features.catalog.expressions import atr_units, expression, per_atr
from mlplatform.features.catalog.quantities import ratio
from mlplatform.features.graph import Feature

_NO_MOVE = 1e-9
"""Points below which the deviation of changes is rounding."""


def log_return(span_bars: int, name: str | None = None) -> Feature:
    """Natural logarithm of the close per the close `span_bars` before."""
    close = pl.col("close")
    return Feature(
        name or f"return{span_bars}",
        ("close",),
        span_bars,
        expression((close / close.shift(span_bars)).log()),
        f"log return over {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )


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


def acceleration(span_bars: int) -> Feature:
    """Change of the close over `span_bars` less the change over as many bars before them, ATR."""
    change = pl.col("close").diff(span_bars)
    return Feature(
        f"acceleration{span_bars}_atr",
        ("close", "atr14"),
        2 * span_bars,
        per_atr(change - change.shift(span_bars)),
        f"change of the close over {span_bars} bars less that of the {span_bars} before",
        unit="atr",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def momentum(span_bars: int) -> Feature:
    """Mean change of the close per its standard error: the t-value of the drift.

    mean(d) / (s(d) / sqrt(n)) over the last n changes d, s with n - 1; null where price stood
    still or moved by the same step each bar.
    """
    change = pl.col("close").diff()
    deviation = change.rolling_std(span_bars)
    error = pl.when(deviation > _NO_MOVE).then(deviation) / span_bars**0.5
    return Feature(
        f"momentum{span_bars}",
        ("close",),
        span_bars + 1,
        expression(pl.col("close").diff(span_bars) / span_bars / error),
        f"t-value of the mean change over {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def range_position(span_bars: int) -> Feature:
    """Close within the range of the last `span_bars`: -1 at its low, +1 at its high."""
    high = pl.col("high").rolling_max(span_bars)
    low = pl.col("low").rolling_min(span_bars)
    return Feature(
        f"range_position{span_bars}",
        ("high", "low", "close"),
        span_bars,
        expression(ratio(2 * pl.col("close") - high - low, high - low)),
        f"close within the range of {span_bars} bars, -1 to +1",
        is_signed=True,
        params={"span_bars": span_bars},
    )


def bar_gap() -> Feature:
    """Open above the close of the bar before, ATR."""
    gap = pl.col("open") - pl.col("close").shift(1)
    return Feature(
        "bar_gap_atr",
        ("open", "close", "atr14"),
        1,
        expression(atr_units(gap)),
        "open above the close of the bar before",
        unit="atr",
        is_signed=True,
    )


CORE = (
    *(log_return(span) for span in (1, 5, 20, 60)),
    *(move(span) for span in (1, 3, 10, 30, 60)),
    acceleration(10),
    *(momentum(span) for span in (20, 60)),
    *(range_position(span) for span in (20, 60)),
    bar_gap(),
)
"""Those of the core set."""
