"""Plain columns, under any of their usual names: our own Parquet, JSON, and whoever's CSV."""

from mlplatform.adapters.bars.formats.dialect import (
    BAR_COLUMNS,
    TICK_COLUMNS,
    Dialect,
    Sample,
    positions,
)

_TIME = r"[\d./T:+ -]{6,}Z?"
_NUMBER = r"-?[\d.]+"

BARS = Dialect(vendor="plain columns", recognises=lambda _: True, columns=BAR_COLUMNS)


def _has_any(sample: Sample, ours: str) -> bool:
    return any(sample.has(name) for name in TICK_COLUMNS[ours])


TICKS = Dialect(
    vendor="plain trades",
    recognises=lambda sample: (
        sample.has("price") and _has_any(sample, "size") and not sample.has("open")
    ),
    columns=TICK_COLUMNS,
    kind="ticks",
    buyer="B",
)
BARE = Dialect(
    vendor="plain columns, no header",
    recognises=lambda sample: sample.looks(_TIME, *[_NUMBER] * 5),
    columns=positions("ts", "open", "high", "low", "close", "volume"),
)
BARE_DATE_AND_TIME = Dialect(
    vendor="plain columns, no header",
    recognises=lambda sample: sample.looks(r"[\d./-]{8,10}", r"[\d:]{4,8}", *[_NUMBER] * 5),
    columns={
        "ts": ("column_1+column_2",),
        **positions("", "", "open", "high", "low", "close", "volume"),
    },
)
