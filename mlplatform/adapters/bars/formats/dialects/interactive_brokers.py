"""Interactive Brokers' historical bars, as ib_async and the TWS API write them; the bar's start.

`date` is "20250602 09:30:00 US/Eastern", ISO with offset, or naive in the TWS's own zone.
"""

from mlplatform.adapters.bars.formats.dialect import BAR_COLUMNS, Dialect, Sample


def _is_ib(sample: Sample) -> bool:
    return sample.has("open", "high", "low", "close") and (
        sample.has("barcount")
        or sample.has("bar_count")
        or (sample.has("date") and sample.has("average"))
    )


BARS = Dialect(
    vendor="Interactive Brokers",
    recognises=_is_ib,
    columns={**BAR_COLUMNS, "contract": ("localsymbol", "contract", "symbol")},
    label="start",
)
