"""FirstRate Data: naive US Eastern, the bar's start; with or without header.

Others write this shape too, so the market must support the clock.
"""

import re

from mlplatform.adapters.bars.formats.dialect import BAR_COLUMNS, Dialect, Sample, positions

_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_NUMBER = r"[\d.]+"
_HEADERS = tuple(
    (time, "open", "high", "low", "close", "volume") for time in ("timestamp", "datetime")
)


def _is_firstrate(sample: Sample) -> bool:
    return (
        sample.has_header
        and sample.columns[:6] in _HEADERS
        and sample.columns[6:] in ((), ("open interest",), ("open_interest",))
        and re.fullmatch(_TIME, sample.first(sample.columns[0])) is not None
    )


BARS = Dialect(
    vendor="FirstRate",
    recognises=_is_firstrate,
    columns=BAR_COLUMNS,
    clock="America/New_York",
    needs_market=True,
    label="start",
)
BARE = Dialect(
    vendor="FirstRate",
    recognises=lambda sample: (
        sample.looks(_TIME, *[_NUMBER] * 5) or sample.looks(_TIME, *[_NUMBER] * 6)
    ),
    columns=positions("ts", "open", "high", "low", "close", "volume"),
    clock="America/New_York",
    needs_market=True,
    label="start",
)
