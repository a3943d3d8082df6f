"""Who was the aggressor: order-flow imbalance, from bid and ask volume or a documented proxy."""

import polars as pl

from mlplatform.features.catalog.expressions import expression
from mlplatform.features.graph import Feature


def flow_imbalance(span_bars: int) -> Feature:
    """Proxy of order-flow imbalance: volume weighted by the close's place in its bar, -1 to +1.

    The accumulation idea of Chaikin's money flow; real bid and ask volume is not in these bars.
    """
    width = pl.col("high") - pl.col("low")
    place = (2 * pl.col("close") - pl.col("high") - pl.col("low")) / pl.when(width > 0).then(width)
    signed = (place.fill_null(0.0) * pl.col("volume")).rolling_sum(span_bars)
    total = pl.col("volume").rolling_sum(span_bars)
    return Feature(
        f"flow_imbalance{span_bars}",
        ("high", "low", "close", "volume"),
        span_bars,
        expression(signed / pl.when(total > 0).then(total)),
        f"money-flow proxy of {span_bars} bars",
        is_signed=True,
        params={"span_bars": span_bars},
    )
