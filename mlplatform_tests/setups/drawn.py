"""Sessions drawn by hand, with features drawn beside them, and the same upside down."""

import re
from collections.abc import Sequence

import polars as pl

from mlplatform.setups.setup import Setup, find_candidates

Drawn = float | None | Sequence[float | None]
SIGNED = {"ema_spread_atr", "rsi14", "trend_regime"}
UNSIGNED = {"atr14", "adx14", "volume_ratio20", "minutes_since_rth_open"}
_OPPOSITE = {"high": "low", "low": "high", "upper": "lower", "lower": "upper"}
MIRROR_POINTS = 200.0
"""Twice the level that prices are mirrored around."""


def signals(setup: Setup, bars: pl.DataFrame, **features: Drawn) -> list[tuple[int, int]]:
    """(row of the signal bar, side) of the candidates; features drawn, an ATR of 2 by default."""
    drawn = {"atr14": 2.0, **features}
    columns = {
        name: pl.Series(name, v if isinstance(v, Sequence) else [v] * bars.height, pl.Float64)
        for name, v in drawn.items()
    }
    table = bars.select("ts").with_columns(**columns)
    found = find_candidates("MES-5m", (setup,), bars, table, 300)
    at = {ts: row for row, ts in enumerate(bars["ts"])}
    return [(at[ts], side) for ts, side in found.select("ts", "side").rows()]


def on_both_sides(setup: Setup, bars: pl.DataFrame, **features: Drawn) -> list[int]:
    """Rows of the long signals; the mirrored session must have the same ones short, no others."""
    found = signals(setup, bars, **features)
    upside_down = signals(setup, mirrored(bars), **mirrored_features(features))
    assert [(row, -side) for row, side in upside_down] == found
    assert all(side == 1 for _, side in found)
    return [row for row, _ in found]


def mirrored(bars: pl.DataFrame) -> pl.DataFrame:
    """The same session upside down."""
    prices = {"open": "open", "high": "low", "low": "high", "close": "close"}
    return bars.with_columns((MIRROR_POINTS - pl.col(b)).alias(a) for a, b in prices.items())


def mirrored_features(features: dict[str, Drawn]) -> dict[str, Drawn]:
    """Drawn features upside down: signs turned, levels mirrored, upper and lower swapped."""
    return {_mirror_name(name): _mirrored(name, value) for name, value in features.items()}


def _mirror_name(name: str) -> str:
    return re.sub("high|low(?!er)|upper|lower", lambda word: _OPPOSITE[word[0]], name)


def _mirrored(name: str, value: Drawn) -> Drawn:
    if isinstance(value, Sequence):
        return [_mirrored(name, item) for item in value]  # type: ignore[misc]
    if value is None or name in UNSIGNED:
        return value
    return -value if name in SIGNED else MIRROR_POINTS - value
