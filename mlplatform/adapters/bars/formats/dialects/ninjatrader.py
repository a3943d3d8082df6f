"""NinjaTrader: text exports of bars and ticks, and the volumetric export. Labels are bar ends.

Source: the help guide's page "Importing" (formats; exports of the Historical Data window are in
UTC). The volumetric export writes US Eastern.
"""

from mlplatform.adapters.bars.formats.dialect import (
    BAR_COLUMNS,
    TICK_COLUMNS,
    Dialect,
    Sample,
    positions,
)

_STAMP = r"\d{8} \d{6}"
_NUMBER = r"-?[\d.]+"


def _volumetric_timeframe(sample: Sample) -> str | None:
    minutes = sample.first("period").rpartition("_")[2]
    return f"{minutes}m" if minutes.isdigit() else None


BARS = Dialect(
    vendor="NinjaTrader",
    recognises=lambda sample: sample.looks(_STAMP, *[_NUMBER] * 5),
    columns=positions("ts", "open", "high", "low", "close", "volume"),
    clock="UTC",
    needs_market=True,
    label="end",
)
VOLUMETRIC = Dialect(
    vendor="NinjaTrader volumetric",
    recognises=lambda sample: (
        sample.has("vol_ask", "vol_bid", "period", "open")
        or any("NinjaDataExport" in comment for comment in sample.comments)
    ),
    columns=BAR_COLUMNS,
    clock="America/New_York",
    label="end",
    timeframe=_volumetric_timeframe,
)
TICKS = Dialect(
    vendor="NinjaTrader ticks",
    recognises=lambda sample: sample.looks(_STAMP, _NUMBER, _NUMBER),
    columns=positions("ts", "price", "size"),
    kind="ticks",
    clock="UTC",
    needs_market=True,
)
QUOTED_TICKS = Dialect(
    vendor="NinjaTrader ticks",
    recognises=lambda sample: sample.looks(rf"{_STAMP}( \d{{7}})?", *[_NUMBER] * 4),
    columns=positions("ts", "price", "bid", "ask", "size") | {"side": TICK_COLUMNS["side"]},
    kind="ticks",
    clock="UTC",
    needs_market=True,
)
