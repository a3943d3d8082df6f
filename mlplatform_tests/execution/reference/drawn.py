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
from mlplatform_tests.execution.reference.dice import Dice
from mlplatform_tests.execution.reference.drawn_bars import MAX_BARS, TICK, bar_arrays, finer_bars

STEP = 0.1
"""Levels hang on this grid, which mostly misses that of the ticks."""

MAX_ORDERS = 8


class World(NamedTuple):
    """One case."""

    bars: BarArrays
    orders: Orders
    rules: Rules
    finer: BarArrays | None = None


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
    row["target_points"], row["target_quantity"] = _targets(dice, quantity)
    row |= _moving_stops(dice)
    if np.isnan(bars.atr_points[bar]):
        row["trail_atr"] = np.inf
    row["reference_price"] = _reference(dice, row)
    return row


def _targets(dice: Dice, quantity: int) -> tuple[list[float], list[int]]:
    """Up to three targets, some of them at one price or without contracts."""
    points, shares, left = [], [], quantity
    distance = _distance(dice, 20)
    for _ in range(3):
        points.append(distance)
        shares.append(dice.small(0, left))
        left -= shares[-1]
        distance += _distance(dice, 10, 0.0)
    if dice.mostly(True, False):
        return [points[0], np.inf, np.inf], [quantity, 0, 0]
    return points, shares


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
    tick = dice.mostly(TICK, None, 0.1, 1.0)
    ticks = tick is not None
    limits = Limits(
        max_contracts=dice.mostly(0, 3, 6),
        margin_usd=dice.mostly(0.0, 400.0, 500.0),
        max_daily_loss_usd=dice.mostly(0.0, 10.0, 40.0),
        max_trades_per_session=dice.mostly(0, 1, 2),
        max_losses_per_session=dice.mostly(0, 1, 2),
        no_entry_bars=dice.mostly(0, 1, 2),
        no_entry_minutes=dice.mostly(0, 2, 3) if windows else 0,
        windows=dice.pick(*_WINDOWS) if windows else (),
    )
    rules = Rules(
        tick_points=tick,
        multiplier_usd=5.0,
        commission_usd=dice.mostly(0.0, 0.62),
        slippage_ticks=dice.mostly(0.0, 1.0, 0.4) if ticks else 0.0,
        spread_ticks=dice.mostly(0.0, 1.0) if ticks else 0.0,
        slippage_atr_frac=dice.mostly(0.0, 0.1),
        impact_frac=dice.mostly(0.0, 0.5),
        impact_share_cap=dice.mostly(0.025, 0.1),
        limit_through_ticks=dice.pick(0.0, 1.0, 2.0, 0.5) if ticks else 0.0,
        fill_policy=dice.pick(*policies),
        mode=dice.pick(*PositionMode),
        reverse=dice.pick(False, True),
        max_entries=dice.mostly(1, 2, 3),
        flatten_at_session_end=dice.pick(False, True),
        limits=limits,
    )
    if not dice.mostly(False, True):
        return rules
    starts = dice.mostly(0.0, 0.01)
    knowing = replace(
        limits,
        max_heat_frac=dice.mostly(0.0, 0.02, 0.05, 0.1),
        drawdown_starts_frac=starts,
        drawdown_ends_frac=dice.mostly(0.0, 0.03, 0.08),
        max_drawdown_frac=dice.mostly(0.0, 0.02, 0.05),
    )
    return replace(rules, limits=knowing)


_WINDOWS = (
    (),
    (("10:30", "10:37"),),
    (("10:33", "10:34"), ("03:33", "12:00")),
    (("22:00", "10:35"),),
    (("02:31", "02:38"), ("10:32", "10:40")),
)


class Kind(NamedTuple):
    """What a family of worlds may hold."""

    orders: tuple[OrderKind, ...] = ALL_KINDS
    policies: tuple[FillPolicy, ...] = tuple(FillPolicy)
    scheduled: bool = False
    """Sessions have a scheduled end, and rules may have windows of the day."""
    finer: bool = False


BYTES = (2 + 5 * MAX_BARS, 1 + 36 * MAX_ORDERS, 40, 3 * MAX_BARS)
"""What bars, orders, rules and finer bars use at most; later rolls are zero."""


def world_of(kind: Kind, contents: tuple[bytes, ...]) -> World:
    """The world that four strings of bytes stand for."""
    for_bars, for_orders, for_rules, for_finer = map(Dice, contents)
    bars = bar_arrays(for_bars, kind.scheduled)
    orders = order_list(for_orders, bars, kind.orders)
    rules = rule_set(for_rules, kind.policies, kind.scheduled)
    if rules.slippage_atr_frac:
        bars = replace(bars, atr_points=np.nan_to_num(bars.atr_points, nan=0.7))
    return World(bars, orders, rules, finer_bars(for_finer, bars) if kind.finer else None)


def worlds(kind: Kind) -> st.SearchStrategy[World]:
    """Bars, orders on them, rules."""
    parts = (st.binary(min_size=size, max_size=size) for size in BYTES)
    return st.tuples(*parts).map(lambda contents: world_of(kind, contents))


def seeded_worlds(kind: Kind, count: int, seed: int) -> list[World]:
    """The same worlds for the same seed, without hypothesis."""
    rng = np.random.default_rng(seed)
    return [world_of(kind, tuple(rng.bytes(size) for size in BYTES)) for _ in range(count)]
