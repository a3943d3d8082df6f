"""Yahoo, as yfinance writes it: `Datetime` with offset, the bar's start; prices split-adjusted."""

from mlplatform.adapters.bars.formats.dialect import BAR_COLUMNS, Dialect

BARS = Dialect(
    vendor="Yahoo",
    recognises=lambda sample: (
        sample.has("open", "high", "low", "close")
        and (sample.has("adj close") or sample.has("dividends", "stock splits"))
    ),
    columns={**BAR_COLUMNS, "ts": ("datetime", "date", "timestamp")},
    label="start",
)
