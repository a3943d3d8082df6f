"""Dukascopy: `Gmt time` or `Local time` (with its offset to GMT), day first; the bar's start."""

from mlplatform.adapters.bars.formats.dialect import BAR_COLUMNS, TICK_COLUMNS, Dialect, Sample

_TIMES = ("gmt time", "local time", "time (eet)", "time (utc)", "utc")


def _is_dukascopy(sample: Sample) -> bool:
    return sample.has_header and sample.columns[0] in _TIMES


BARS = Dialect(
    vendor="Dukascopy",
    recognises=lambda sample: _is_dukascopy(sample) and sample.has("open", "close"),
    columns={**BAR_COLUMNS, "ts": _TIMES},
    clock="UTC",
    label="start",
)
QUOTES = Dialect(
    vendor="Dukascopy ticks",
    recognises=lambda sample: _is_dukascopy(sample) and sample.has("ask", "bid"),
    columns=TICK_COLUMNS,
    kind="ticks",
    refusal="holds quotes, not trades: export bars instead of ticks.",
)
