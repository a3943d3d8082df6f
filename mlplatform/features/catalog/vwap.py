"""The session's volume-weighted average price and its bands; all restart with the session."""

import polars as pl

from mlplatform.features.catalog.expressions import DAY, atr_units, expression, per_atr, ratio
from mlplatform.features.graph import Feature

_PRICES = ("open", "high", "low", "close", "volume", "session_date")
_TYPICAL = (pl.col("high") + pl.col("low") + pl.col("close")) / 3
_FIRST = pl.col("open").first()
# From the session's first price on: squares of whole prices would lose the digits that matter.
_DISTANCE = _TYPICAL - _FIRST
_TRADED = pl.col("volume").cum_sum().over(DAY)
_MEAN = ratio((pl.col("volume") * _DISTANCE).cum_sum().over(DAY), _TRADED)
_MEAN_SQUARE = ratio((pl.col("volume") * _DISTANCE.pow(2)).cum_sum().over(DAY), _TRADED)
_NO_WIDTH = 1e-6
"""Points below which a deviation is rounding, not a market that moved."""


def session_vwap() -> Feature:
    """Mean typical price, (high + low + close) / 3, weighted by volume since the session's start.

    Points; null where the bar has no volume known or none was traded yet.
    """
    return Feature(
        "session_vwap",
        _PRICES,
        0,
        expression(_FIRST.over(DAY) + _MEAN),
        "volume-weighted average price of the session",
        unit="points",
    )


def vwap_deviation() -> Feature:
    """Volume-weighted standard deviation of typical prices about the session's VWAP, points.

    sqrt(sum(v p^2) / sum(v) - VWAP^2): zero on a session's first bar and where price stood still.
    """
    variance = _MEAN_SQUARE - _MEAN.pow(2)
    stands = pl.when(variance.is_not_null()).then(0.0)
    deviation = pl.when(variance > _NO_WIDTH**2).then(variance.sqrt()).otherwise(stands)
    return Feature(
        "vwap_deviation",
        _PRICES,
        0,
        expression(deviation),
        "volume-weighted deviation of prices about the VWAP",
        unit="points",
        is_step=True,
    )


def vwap_band(side: str, deviations: int) -> Feature:
    """VWAP plus ("upper") or minus ("lower") some deviations, points."""
    sign = 1 if side == "upper" else -1
    band = pl.col("session_vwap") + sign * deviations * pl.col("vwap_deviation")
    return Feature(
        f"vwap_{side}{deviations}",
        ("session_vwap", "vwap_deviation"),
        0,
        expression(band),
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
        per_atr(pl.col("close") - pl.col("session_vwap")),
        "close above the session's VWAP",
        unit="atr",
        is_signed=True,
        version=2,
    )


def vwap_position() -> Feature:
    """Close in deviations from the VWAP; null where prices had no deviation yet."""
    gap = pl.col("close") - pl.col("session_vwap")
    return Feature(
        "vwap_position",
        ("close", "session_vwap", "vwap_deviation"),
        0,
        expression(ratio(gap, pl.col("vwap_deviation"))),
        "close in deviations from the session's VWAP",
        is_signed=True,
    )


def vwap_width() -> Feature:
    """One deviation about the VWAP, ATR: how wide the session's trade is."""
    return Feature(
        "vwap_width_atr",
        ("vwap_deviation", "atr14"),
        0,
        per_atr(pl.col("vwap_deviation")),
        "deviation of prices about the VWAP",
        unit="atr",
    )


def vwap_slope(over_bars: int) -> Feature:
    """Change of the VWAP over some bars of the session, ATR; null in its first bars."""
    change = pl.col("session_vwap").diff(over_bars).over(DAY)
    return Feature(
        "vwap_slope_atr",
        ("session_vwap", "session_date", "atr14"),
        0,
        expression(atr_units(change)),
        f"change of the session's VWAP over {over_bars} bars",
        unit="atr",
        is_signed=True,
        params={"over_bars": over_bars},
    )
