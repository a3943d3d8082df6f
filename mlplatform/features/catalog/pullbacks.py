"""How far and how fast price came back from the extreme of its last bars."""

import polars as pl

from mlplatform.features.catalog.expressions import atr_units, expression, indicator, pointwise
from mlplatform.features.catalog.mirrors import mirror_of
from mlplatform.features.graph import Feature


def aroon(side: str, span_bars: int) -> Feature:
    """Aroon up or down (TA-Lib): 100 * (span - bars since the extreme) / span; 0 to 100."""
    return Feature(
        f"aroon_{side}{span_bars}",
        ("high", "low"),
        span_bars + 1,
        indicator("AROON", "high", "low", output=1 if side == "up" else 0, timeperiod=span_bars),
        f"Aroon {side} of {span_bars} bars",
        is_step=True,
        params={"span_bars": span_bars},
    )


def bars_since(extreme: str, span_bars: int) -> Feature:
    """Bars since the high or low of this bar and the `span_bars` before; of equals the latest."""
    name = f"bars_since_{extreme}{span_bars}"
    aroon_name = f"aroon_{'up' if extreme == 'high' else 'down'}{span_bars}"
    return Feature(
        name,
        (aroon_name,),
        0,
        pointwise(lambda aroon: (span_bars * (1 - aroon / 100)).round(), aroon_name),
        f"bars since the {extreme} of {span_bars} bars",
        unit="bars",
        mirror=mirror_of(name),
        params={"span_bars": span_bars},
    )


def pullback_depth(extreme: str, span_bars: int) -> Feature:
    """Distance of the close from the high or low of this bar and the `span_bars` before, ATR."""
    name = f"pullback_from_{extreme}{span_bars}_atr"
    window = span_bars + 1
    if extreme == "high":
        depth = pl.col("high").rolling_max(window) - pl.col("close")
    else:
        depth = pl.col("close") - pl.col("low").rolling_min(window)
    return Feature(
        name,
        (extreme, "close", "atr14"),
        window,
        expression(atr_units(depth)),
        f"distance from the {extreme} of {span_bars} bars",
        unit="atr",
        mirror=mirror_of(name),
        params={"span_bars": span_bars},
    )


def pullback_speed(extreme: str, span_bars: int) -> Feature:
    """Depth of the pullback per bar since its extreme, ATR per bar (at least one bar)."""
    name = f"pullback_speed_from_{extreme}{span_bars}"
    depth, bars = f"pullback_from_{extreme}{span_bars}_atr", f"bars_since_{extreme}{span_bars}"
    return Feature(
        name,
        (depth, bars),
        0,
        pointwise(lambda points, since: points / since.clip(1.0), depth, bars),
        f"pullback from the {extreme} of {span_bars} bars per bar",
        unit="atr per bar",
        mirror=mirror_of(name),
    )


CORE = (
    aroon("up", 20),
    aroon("down", 20),
    *(bars_since(side, 20) for side in ("high", "low")),
    *(pullback_depth(side, 20) for side in ("high", "low")),
    *(pullback_speed(side, 20) for side in ("high", "low")),
)
"""Those of the core set."""
