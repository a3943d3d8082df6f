"""Random worlds that shrink to drawn cases: every bar and order is made of small whole numbers."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from mlplatform.execution import (
    BarArrays,
    FillPolicy,
    Limits,
    OrderKind,
    Orders,
    PositionMode,
    Rules,
)

MINUTE_US = 60_000_000
START_US = 1_730_561_400_000_000
"""2024-11-02 10:30 in Chicago; the clocks go back sixteen hours later."""
TICK = 0.25
STEP = 0.1
"""Levels hang on this grid, which mostly misses that of the ticks."""


class World(NamedTuple):
    """One case."""

    bars: BarArrays
    orders: Orders
    rules: Rules
    finer: BarArrays | None = None


class Dice:
    """Small choices read from random bytes; a byte of zero is the plainest choice.

    One draw of bytes costs hypothesis a hundredth of as many draws of numbers, and still shrinks.
    """

    def __init__(self, content: bytes) -> None:
        self.rest = iter(content)

    def small(self, low: int, high: int) -> int:
        """A whole number in low..high; zero bytes give the one nearest to zero."""
        values = sorted(range(low, high + 1), key=lambda value: (abs(value), value < 0))
        return values[next(self.rest, 0) % len(values)]

    def pick(self, *values: Any) -> Any:
        """One of the values."""
        return values[next(self.rest, 0) % len(values)]

    def mostly(self, usual: Any, *others: Any) -> Any:
        """The usual value in more than half of the cases."""
        roll = next(self.rest, 0)
        return usual if roll < 144 else others[roll % len(others)]


MAX_BARS, MAX_ORDERS = 24, 8


@st.composite
def dice(draw: st.DrawFn, size: int) -> Dice:
    """Dice that last for so many rolls."""
    return Dice(draw(st.binary(min_size=size, max_size=size)))


class Drawn(NamedTuple):
    """One bar: prices in ticks, and a die for the rarer things."""

    start_us: int
    open: int
    high: int
    low: int
    close: int
    session: int
    contract: int
    wick: int
    spread: int
    die: int


NEW_SESSION, NEW_CONTRACT, MISSING_MINUTE, LOCKED, NO_VOLUME, ZERO_VOLUME, GAP = range(1, 8)
"""Faces of a bar's die; the others leave the bar as it is, opening at the last close."""


def drawn_bars(dice: Dice) -> list[Drawn]:
    """A walk in ticks with gaps, locked bars, zero ranges, sessions and rolls."""
    bars: list[Drawn] = []
    close, session, contract, now = 400, 0, 0, START_US
    for _ in range(dice.small(1, MAX_BARS)):
        gap, body = dice.small(-6, 6), dice.small(-9, 9)
        up, down, die = dice.small(0, 8), dice.small(0, 8), dice.small(0, 15)
        session += die == NEW_SESSION
        contract += die == NEW_CONTRACT
        now += MINUTE_US * (17 * 60 if die == NEW_SESSION else 1 + (die == MISSING_MINUTE))
        if die == LOCKED:
            body = up = down = 0
        begin = close + gap if 0 < die <= GAP else close
        close = begin + body
        high, low = max(begin, close) + up, min(begin, close) - down
        bars.append(Drawn(now, begin, high, low, close, session, contract, up, down % 3, die))
    return bars


def bar_arrays(dice: Dice, scheduled: bool = False) -> BarArrays:
    """The drawn bars; their sessions may have a scheduled end at or after their last bar."""
    bars = drawn_bars(dice)
    close = np.array([bar.close for bar in bars], np.float64) * TICK
    spread = np.array([bar.spread for bar in bars]) * TICK
    volume = {NO_VOLUME: np.nan, ZERO_VOLUME: 0.0}
    end = None
    if scheduled:
        last = {bar.session: bar.start_us for bar in bars}
        late = dice.small(0, 3) + 1
        end = np.array([last[bar.session] + late * MINUTE_US for bar in bars], np.int64)
    return BarArrays(
        np.array([bar.start_us for bar in bars], np.int64),
        np.array([bar.open for bar in bars]) * TICK,
        np.array([bar.high for bar in bars]) * TICK,
        np.array([bar.low for bar in bars]) * TICK,
        close,
        volume=np.array([volume.get(bar.die, 40.0 * bar.wick) for bar in bars]),
        session_id=np.array([bar.session for bar in bars], np.int32),
        contract_id=np.array([bar.contract for bar in bars], np.int32),
        session_end=end,
        bid=close - spread,
        ask=close + spread,
        atr_points=np.array([0.3 * (1 + bar.wick) for bar in bars]),
        timeframe_us=MINUTE_US,
    )


def _distance(dice: Dice, high: int, none: float = np.inf) -> float:
    """A positive distance on the level grid, or none."""
    steps = dice.small(0, high)
    return steps * STEP if steps else none


def order_row(dice: Dice, bars: BarArrays, kinds: tuple[OrderKind, ...]) -> dict[str, Any]:
    """One order near the market of its decision bar."""
    bar = dice.small(0, len(bars) - 1)
    side = dice.pick(1, -1)
    quantity = dice.small(1, 4)
    near = float(bars.close[bar])
    kind = dice.pick(*kinds)
    row: dict[str, Any] = {
        "bar": bar,
        "side": side,
        "quantity": quantity,
        "kind": kind,
        "entry_limit": near + dice.small(-12, 12) * STEP,
        "entry_stop": near + dice.small(-12, 12) * STEP,
        "expiry_bars": dice.mostly(0, 1, 2, 3),
        "stop_points": _distance(dice, 30),
        "time_exit_bars": dice.mostly(0, 1, 2, 4),
        "oco_group": bar if dice.mostly(False, True) else -1,
        "setup": dice.small(0, 2),
    }
    first, more = _distance(dice, 25), _distance(dice, 10)
    share = dice.small(0, quantity)
    rest = dice.small(0, quantity - share)
    row["target_points"] = [first, first + more]
    row["target_quantity"] = [share, rest] if dice.mostly(False, True) else [quantity, 0]
    row |= _moving_stops(dice)
    row["reference_price"] = _reference(dice, row)
    return row


def _moving_stops(dice: Dice) -> dict[str, float]:
    if dice.mostly(False, True):
        return {
            "breakeven_trigger_points": _distance(dice, 12),
            "breakeven_offset_points": dice.small(-3, 3) * TICK,
            "trail_points": _distance(dice, 15),
            "trail_atr": _distance(dice, 20),
            "trail_activation_points": _distance(dice, 12, 0.0),
        }
    return {
        "breakeven_trigger_points": np.inf,
        "breakeven_offset_points": 0.0,
        "trail_points": np.inf,
        "trail_atr": np.inf,
        "trail_activation_points": 0.0,
    }


def _reference(dice: Dice, row: dict[str, Any]) -> float:
    """Sometimes a price such that stop and targets lie around each price of the entry."""
    if not dice.mostly(False, True):
        return float("nan")
    near = {
        OrderKind.LIMIT: [row["entry_limit"]],
        OrderKind.STOP: [row["entry_stop"]],
        OrderKind.STOP_LIMIT: [row["entry_limit"], row["entry_stop"]],
    }.get(row["kind"], [row["entry_stop"]])
    reference = float(near[0]) + dice.small(-8, 8) * STEP
    for price in near:
        ahead = row["side"] * (price - reference)
        if not -row["stop_points"] + STEP < ahead < row["target_points"][0] - STEP:
            return float("nan")
    return reference


ENTRIES = (OrderKind.MARKET, OrderKind.LIMIT, OrderKind.STOP, OrderKind.STOP_LIMIT)
ALL_KINDS = (*ENTRIES, OrderKind.EXIT)


def order_list(dice: Dice, bars: BarArrays, kinds: tuple[OrderKind, ...]) -> Orders:
    """Orders in time order."""
    rows = [order_row(dice, bars, kinds) for _ in range(dice.small(1, MAX_ORDERS))]
    rows.sort(key=lambda row: row["bar"])
    return Orders(
        **{name: np.array([row[name] for row in rows]) for name in rows[0]},
        setup_names=("a", "b", "c"),
    )


def rule_set(dice: Dice, policies: tuple[FillPolicy, ...], windows: bool) -> Rules:
    """Rules with every option, most of them off at a time."""
    ticks = dice.mostly(True, False)
    limits = Limits(
        max_contracts=dice.mostly(0, 3, 6),
        margin_usd=dice.mostly(0.0, 300.0, 700.0),
        max_daily_loss_usd=dice.mostly(0.0, 10.0, 40.0),
        max_trades_per_session=dice.mostly(0, 1, 2),
        max_losses_per_session=dice.mostly(0, 1, 2),
        no_entry_bars=dice.mostly(0, 1, 2),
        no_entry_minutes=dice.mostly(0, 2, 3) if windows else 0,
        windows=dice.pick(*_WINDOWS) if windows else (),
    )
    return Rules(
        tick_points=TICK if ticks else None,
        multiplier_usd=5.0,
        commission_usd=dice.mostly(0.0, 0.62),
        slippage_ticks=dice.mostly(0.0, 1.0, 0.4) if ticks else 0.0,
        spread_ticks=dice.mostly(0.0, 1.0) if ticks else 0.0,
        slippage_atr_frac=dice.mostly(0.0, 0.1),
        impact_frac=dice.mostly(0.0, 0.5),
        impact_share_cap=dice.mostly(0.025, 0.1),
        limit_through_ticks=dice.pick(0.0, 1.0, 2.0) if ticks else 0.0,
        fill_policy=dice.pick(*policies),
        mode=dice.pick(*PositionMode),
        reverse=dice.pick(False, True),
        max_entries=dice.mostly(1, 2, 3),
        flatten_at_session_end=dice.pick(False, True),
        limits=limits,
    )


_WINDOWS = (
    (),
    (("10:30", "10:37"),),
    (("10:33", "10:34"), ("03:33", "12:00")),
    (("22:00", "10:35"),),
    (("02:31", "02:38"), ("10:32", "10:40")),
)


@st.composite
def worlds(
    draw: st.DrawFn,
    kinds: tuple[OrderKind, ...] = ALL_KINDS,
    policies: tuple[FillPolicy, ...] = tuple(FillPolicy),
    scheduled: bool = False,
) -> World:
    """Bars, orders on them, rules."""
    bars = bar_arrays(draw(dice(2 + 5 * MAX_BARS)), scheduled)
    orders = order_list(draw(dice(1 + 32 * MAX_ORDERS)), bars, kinds)
    rules = rule_set(draw(dice(32)), policies, windows=scheduled)
    return World(bars, without_reversing_partners(orders) if rules.reverse else orders, rules)


def without_reversing_partners(orders: Orders) -> Orders:
    """Market orders leave their OCO group: what they turn is a finding of its own."""
    groups = np.where(orders.kind == OrderKind.MARKET, -1, orders.oco_group)
    return replace(orders, oco_group=groups)
