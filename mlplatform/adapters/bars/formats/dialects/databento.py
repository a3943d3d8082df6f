"""Databento CSV: OHLCV and trades. Times are UTC, of the bar's start; prices may be fixed-point.

Source: https://databento.com/docs/schemas/ohlcv and .../trades (side: that of the aggressor;
bars are made by `ts_recv`, so trades are too).
"""

from mlplatform.adapters.bars.formats.dialect import BAR_COLUMNS, TICK_COLUMNS, Dialect, Sample

_RTYPES = {"32": "1s", "33": "1m", "34": "1h", "35": "1d"}


def _timeframe(sample: Sample) -> str | None:
    return _RTYPES.get(sample.first("rtype"))


BARS = Dialect(
    vendor="Databento OHLCV",
    recognises=lambda sample: (
        sample.has("ts_event", "open", "high", "low", "close")
        and (sample.has("rtype") or sample.has("publisher_id") or sample.has("instrument_id"))
    ),
    columns={**BAR_COLUMNS, "ts": ("ts_event",), "contract": ("symbol", "instrument_id")},
    clock="UTC",
    label="start",
    timeframe=_timeframe,
    fixed_point=True,
)
TRADES = Dialect(
    vendor="Databento trades",
    recognises=lambda sample: sample.has("ts_event", "price", "size", "action", "side"),
    columns={
        **TICK_COLUMNS,
        "ts": ("ts_recv", "ts_event"),
        "contract": ("symbol", "instrument_id"),
    },
    kind="ticks",
    clock="UTC",
    fixed_point=True,
    keep={"action": "T"},
    buyer="B",
)
