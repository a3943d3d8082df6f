"""TradingView's chart export: `time` in Unix seconds or ISO with offset, the bar's start."""

from mlplatform.adapters.bars.formats.dialect import BAR_COLUMNS, Dialect, Sample


def _is_tradingview(sample: Sample) -> bool:
    time = sample.first("time")
    return (
        sample.columns[:5] == ("time", "open", "high", "low", "close")
        and sample.has_header
        and (time.isdigit() or "T" in time)
    )


BARS = Dialect(
    vendor="TradingView",
    recognises=_is_tradingview,
    columns={**BAR_COLUMNS, "ts": ("time",)},
    label="start",
)
