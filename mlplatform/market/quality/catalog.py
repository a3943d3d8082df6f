"""All quality checks, in the order in which a reader wants them."""

from mlplatform.market.quality import (
    bid_and_ask_add_up,
    label_is_right,
    missing_minutes,
    no_duplicate_times,
    no_outlier_returns,
    no_price_jumps,
    no_stale_runs,
    ohlc_is_sane,
    prices_on_tick,
    rows_are_conserved,
    schema_and_types,
    times_ascend,
)
from mlplatform.market.quality.evidence import QualityCheck

QUALITY: tuple[QualityCheck, ...] = (
    schema_and_types.CHECK,
    rows_are_conserved.CHECK,
    ohlc_is_sane.CHECK,
    no_duplicate_times.CHECK,
    times_ascend.CHECK,
    no_price_jumps.CHECK,
    label_is_right.CHECK,
    prices_on_tick.CHECK,
    missing_minutes.CHECK,
    no_stale_runs.CHECK,
    no_outlier_returns.CHECK,
    bid_and_ask_add_up.CHECK,
)
"""Each is judged once per series and period."""
