"""MetaTrader 5: bars and ticks. Times are of the broker's server, which the file does not name.

Real volume where the first rows have any, else the number of ticks.
"""

from mlplatform.adapters.bars.formats.dialect import BAR_COLUMNS, TICK_COLUMNS, Dialect, Sample


def _has_real_volume(sample: Sample) -> bool:
    vol = sample.theirs.get("vol", "")
    return bool(vol) and bool((sample.rows[vol].cast(str, strict=False) != "0").any())


def _is_terminal_export(sample: Sample) -> bool:
    return sample.has("date", "open", "high", "low", "close", "tickvol")


BARS = Dialect(
    vendor="MetaTrader 5",
    recognises=lambda sample: _is_terminal_export(sample) and _has_real_volume(sample),
    columns={**BAR_COLUMNS, "ts": ("date+time", "date")},
    trusts_market=True,
    label="start",
)
TICK_VOLUME_BARS = Dialect(
    vendor="MetaTrader 5 (tick volume)",
    recognises=_is_terminal_export,
    columns={**BAR_COLUMNS, "ts": ("date+time", "date"), "volume": ("tickvol",)},
    trusts_market=True,
    label="start",
)
TICKS = Dialect(
    vendor="MetaTrader 5 ticks",
    recognises=lambda sample: sample.has("date", "time", "bid", "ask", "last", "volume", "flags"),
    columns={**TICK_COLUMNS, "ts": ("date+time",), "price": ("last",), "size": ("volume",)},
    kind="ticks",
    trusts_market=True,
)
