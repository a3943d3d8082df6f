"""Who was the aggressor: order-flow imbalance, from bid and ask volume or a documented proxy."""

from typing import Any

import polars as pl

from mlplatform.features.catalog.expressions import expression, pointwise
from mlplatform.features.catalog.phases import of_session
from mlplatform.features.catalog.quantities import known_or, ratio, ratio_or_null
from mlplatform.features.graph import Feature


def signed_volume() -> Feature:
    """Volume bought at the ask less volume sold at the bid, contracts; decided bar by bar.

    Where a bar has both: ask_volume - bid_volume, the trade imbalance (T. Chordia, R. Roll and A.
    Subrahmanyam, Order Imbalance, Liquidity, and Market Returns, 2002). Else the proxy: volume
    times the close's place in its bar, (2 C - H - L) / (H - L), the multiplier of M. Chaikin's
    accumulation (S. Achelis, Technical Analysis from A to Z, Money Flow); 0 on a bar without
    range. Null where the bar has neither.
    """
    inputs = ("high", "low", "close", "volume", "bid_volume", "ask_volume")

    def signed(high: Any, low: Any, close: Any, volume: Any, bid: Any, ask: Any) -> Any:
        place = ratio_or_null(2 * close - high - low, high - low)
        return known_or(ask - bid, known_or(place, 0.0) * volume)

    return Feature(
        "signed_volume",
        inputs,
        0,
        pointwise(signed, *inputs),
        "volume bought less volume sold, or its proxy",
        unit="contracts",
        is_signed=True,
        is_step=True,
    )


def sided_volume() -> Feature:
    """Volume that `signed_volume` is a part of: of both sides where known, else the bar's."""
    inputs = ("volume", "bid_volume", "ask_volume")
    return Feature(
        "sided_volume",
        inputs,
        0,
        pointwise(lambda volume, bid, ask: known_or(ask + bid, volume), *inputs),
        "volume bought and sold",
        unit="contracts",
        is_step=True,
    )


def flow_imbalance(span_bars: int) -> Feature:
    """Signed volume of the last bars per their volume: -1 all sold to +1 all bought.

    Over 20 bars without bid and ask volume it is Chaikin's money flow. Null without volume.
    """
    signed = pl.col("signed_volume").rolling_sum(span_bars)
    return Feature(
        f"flow_imbalance{span_bars}",
        ("signed_volume", "sided_volume"),
        span_bars,
        expression(ratio(signed, pl.col("sided_volume").rolling_sum(span_bars))),
        f"order-flow imbalance of {span_bars} bars",
        is_signed=True,
        version=2,
        params={"span_bars": span_bars},
    )


def session_flow() -> Feature:
    """Signed volume since the session's start per its volume: -1 to +1."""
    return Feature(
        "session_flow",
        ("signed_volume", "sided_volume", "session_date"),
        0,
        of_session(ratio(pl.col("signed_volume").cum_sum(), pl.col("sided_volume").cum_sum())),
        "order-flow imbalance of the session",
        is_signed=True,
    )


def flow_surprise(short_bars: int, long_bars: int) -> Feature:
    """Imbalance of the last bars less that of many bars: flow that has turned."""
    short, long = f"flow_imbalance{short_bars}", f"flow_imbalance{long_bars}"
    return Feature(
        "flow_surprise",
        (short, long),
        0,
        pointwise(lambda last, usual: last - usual, short, long),
        f"order-flow imbalance of {short_bars} bars less that of {long_bars}",
        is_signed=True,
    )


CORE = (
    signed_volume(),
    sided_volume(),
    *(flow_imbalance(span) for span in (10, 50)),
    flow_surprise(10, 50),
    session_flow(),
)
"""Those of the core set."""
