"""Swings: turning points that count only once the bars to their right have confirmed them."""

import polars as pl

from mlplatform.features.catalog.expressions import expression, gap_per_atr, pointwise
from mlplatform.features.catalog.mirrors import mirror_of
from mlplatform.features.catalog.quantities import place_between, sign
from mlplatform.features.graph import Feature

WING_BARS = 3
"""Bars on each side that a swing towers over."""
FORGET_BARS = 240
"""Bars after which a swing is no level any more."""
_ROW = pl.int_range(pl.len())


def new_swing(side: str) -> Feature:
    """Price of the swing that this bar confirms, points; null on all other bars.

    The bar `WING_BARS` ago is a swing high where none of the bars to its right was higher and
    all bars to its left were lower (of equal tops the first counts); mirrored for lows. It is
    known at the end of the last bar of its right wing, never before.
    """
    price = pl.col(side)
    top = price.shift(WING_BARS)
    if side == "high":
        right, wings = price.rolling_max(WING_BARS), price.rolling_max(WING_BARS)
        towers = (top >= right) & (top > wings.shift(WING_BARS + 1))
    else:
        right, wings = price.rolling_min(WING_BARS), price.rolling_min(WING_BARS)
        towers = (top <= right) & (top < wings.shift(WING_BARS + 1))
    return Feature(
        f"new_swing_{side}",
        (side,),
        2 * WING_BARS + 1,
        expression(pl.when(towers).then(top)),
        f"swing {side} confirmed by this bar",
        unit="points",
        is_step=True,
        params={"wing_bars": WING_BARS},
    )


def swing(side: str) -> Feature:
    """Price of the last confirmed swing, points; null where it is older than `FORGET_BARS`."""
    new = f"new_swing_{side}"
    return Feature(
        f"swing_{side}",
        (new,),
        FORGET_BARS,
        expression(pl.col(new).forward_fill(limit=FORGET_BARS)),
        f"last confirmed swing {side}",
        unit="points",
        params={"forget_bars": FORGET_BARS},
    )


def swing_before(side: str) -> Feature:
    """Price of the swing before the last confirmed one, points."""
    new, last = f"new_swing_{side}", f"swing_{side}"
    earlier = pl.when(pl.col(new).is_not_null()).then(pl.col(last).shift(1))
    return Feature(
        f"earlier_swing_{side}",
        (new, last),
        FORGET_BARS + 1,
        expression(earlier.forward_fill(limit=FORGET_BARS)),
        f"swing {side} before the last one",
        unit="points",
        is_step=True,
        params={"forget_bars": FORGET_BARS},
    )


def bars_since_swing(side: str) -> Feature:
    """Bars since the turning point of the last confirmed swing itself, its right wing included."""
    name, new = f"bars_since_swing_{side}", f"new_swing_{side}"
    confirmed = pl.when(pl.col(new).is_not_null()).then(_ROW).forward_fill(limit=FORGET_BARS)
    return Feature(
        name,
        (new,),
        FORGET_BARS,
        expression(_ROW - confirmed + WING_BARS),
        f"bars since the last swing {side}",
        unit="bars",
        mirror=mirror_of(name),
    )


def swing_position() -> Feature:
    """Close between the last swings: -1 at the low, +1 at the high, beyond them outside of that.

    How deep the pullback into the last leg is. Null where the high is not above the low.
    """
    return Feature(
        "swing_position",
        ("close", "swing_high", "swing_low"),
        0,
        pointwise(place_between, "close", "swing_low", "swing_high"),
        "close between the last swing low and high, -1 to +1",
        is_signed=True,
    )


def swing_leg() -> Feature:
    """Last swing high above the last swing low, ATR: the size of the current leg."""
    return Feature(
        "swing_leg_atr",
        ("swing_high", "swing_low", "atr14"),
        0,
        gap_per_atr("swing_high", "swing_low"),
        "last swing high above the last swing low",
        unit="atr",
    )


def swing_trend() -> Feature:
    """+1 where both last swings are above those before them, -1 below, between where mixed."""
    inputs = ("swing_high", "swing_low", "earlier_swing_high", "earlier_swing_low")
    return Feature(
        "swing_trend",
        inputs,
        0,
        pointwise(
            lambda high, low, high_before, low_before: (
                (sign(high - high_before) + sign(low - low_before)) / 2
            ),
            *inputs,
        ),
        "higher highs and lows +1, lower ones -1",
        is_signed=True,
    )


CORE = (
    *(new_swing(side) for side in ("high", "low")),
    *(swing(side) for side in ("high", "low")),
    *(swing_before(side) for side in ("high", "low")),
    *(bars_since_swing(side) for side in ("high", "low")),
    swing_position(),
    swing_leg(),
    swing_trend(),
)
"""Those of the core set."""
