"""The session's volume-weighted average price and its bands; all restart with the session."""

from typing import Any

import polars as pl

from mlplatform.features.catalog.expressions import (
    DAY,
    atr_units,
    gap_per_atr,
    points_per_atr,
    pointwise,
)
from mlplatform.features.catalog.phases import of_phase, of_session
from mlplatform.features.catalog.quantities import ratio, root
from mlplatform.features.graph import Feature

_TYPICAL = (pl.col("high") + pl.col("low") + pl.col("close")) / 3
# From the session's first price on: squares of whole prices would lose the digits that matter.
_DISTANCE = _TYPICAL - pl.col("session_first")
_SUMS = {"volume": 0, "distance": 1, "square": 2}
_SUMMED = tuple(f"session_sum_{what}" for what in _SUMS)
_NO_WIDTH = 1e-6
"""Points below which a deviation is rounding, not a market that moved."""


def session_first() -> Feature:
    """First price of the session, points."""
    return Feature(
        "session_first",
        ("open", "session_date"),
        0,
        of_phase(pl.col("open").first().over(DAY)),
        "first price of the session",
        unit="points",
        is_step=True,
    )


def session_sum(what: str) -> Feature:
    """Sum of volume times the 0th ("volume"), 1st ("distance") or 2nd ("square") power since the
    session's start, of the typical price less the session's first.
    """
    weighed = pl.col("volume") * _DISTANCE ** _SUMS[what] if _SUMS[what] else pl.col("volume")
    prices = ("high", "low", "close", "session_first") if _SUMS[what] else ()
    return Feature(
        f"session_sum_{what}",
        (*prices, "volume", "session_date"),
        0,
        of_session(weighed.cum_sum()),
        f"sum of {what} since the session's start",
        unit="contracts",
        is_step=True,
    )


def session_vwap() -> Feature:
    """Mean typical price, (high + low + close) / 3, weighted by volume since the session's start.

    Points; null where the bar has no volume known or none was traded yet.
    """
    inputs = ("session_first", *_SUMMED[:2])
    return Feature(
        "session_vwap",
        inputs,
        0,
        pointwise(lambda first, volume, distance: first + ratio(distance, volume), *inputs),
        "volume-weighted average price of the session",
        unit="points",
    )


def vwap_deviation() -> Feature:
    """Volume-weighted standard deviation of typical prices about the session's VWAP, points.

    sqrt(sum(v p^2) / sum(v) - VWAP^2): zero on a session's first bar and where price stood still.
    """

    def deviation(traded: Any, distance: Any, square: Any) -> Any:
        variance = (square / traded - (distance / traded) ** 2).clip(0.0)
        return root(variance * (variance > _NO_WIDTH**2))

    return Feature(
        "vwap_deviation",
        _SUMMED,
        0,
        pointwise(deviation, *_SUMMED),
        "volume-weighted deviation of prices about the VWAP",
        unit="points",
        is_step=True,
    )


def vwap_band(side: str, deviations: int) -> Feature:
    """VWAP plus ("upper") or minus ("lower") some deviations, points."""
    factor = deviations if side == "upper" else -deviations
    inputs = ("session_vwap", "vwap_deviation")
    return Feature(
        f"vwap_{side}{deviations}",
        inputs,
        0,
        pointwise(lambda vwap, deviation: vwap + factor * deviation, *inputs),
        f"{side} band of {deviations} deviations about the VWAP",
        unit="points",
        params={"deviations": deviations},
    )


def vwap_gap() -> Feature:
    """Close above the session's VWAP, ATR."""
    return Feature(
        "vwap_gap_atr",
        ("close", "session_vwap", "atr14"),
        0,
        gap_per_atr("close", "session_vwap"),
        "close above the session's VWAP",
        unit="atr",
        is_signed=True,
        version=2,
    )


def vwap_position() -> Feature:
    """Close in deviations from the VWAP; null where prices had no deviation yet."""
    inputs = ("close", "session_vwap", "vwap_deviation")
    return Feature(
        "vwap_position",
        inputs,
        0,
        pointwise(lambda close, vwap, deviation: ratio(close - vwap, deviation), *inputs),
        "close in deviations from the session's VWAP",
        is_signed=True,
    )


def vwap_width() -> Feature:
    """One deviation about the VWAP, ATR: how wide the session's trade is."""
    return Feature(
        "vwap_width_atr",
        ("vwap_deviation", "atr14"),
        0,
        points_per_atr("vwap_deviation"),
        "deviation of prices about the VWAP",
        unit="atr",
    )


def vwap_slope(over_bars: int) -> Feature:
    """Change of the VWAP over some bars of the session, ATR; null in its first bars."""
    return Feature(
        "vwap_slope_atr",
        ("session_vwap", "session_date", "atr14"),
        0,
        of_session(atr_units(pl.col("session_vwap").diff(over_bars))),
        f"change of the session's VWAP over {over_bars} bars",
        unit="atr",
        is_signed=True,
        params={"over_bars": over_bars},
    )


CORE = (
    session_first(),
    *(session_sum(what) for what in ("volume", "distance", "square")),
    session_vwap(),
    vwap_deviation(),
    *(vwap_band(side, k) for side in ("upper", "lower") for k in (1, 2)),
    vwap_gap(),
    vwap_position(),
    vwap_width(),
    vwap_slope(10),
)
"""Those of the core set."""
