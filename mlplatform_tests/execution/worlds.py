"""Random bars and orders that hold every kind of trouble, for the property tests."""

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


@st.composite
def bar_arrays(draw: st.DrawFn, max_bars: int = 60) -> BarArrays:
    """Bars on the tick grid with gaps, locked bars, zero ranges, sessions and rolls."""
    n = draw(st.integers(1, max_bars))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    wild = draw(st.sampled_from([1, 4, 16]))
    moves = rng.integers(-4, 5, n) * wild
    close = 400 + np.cumsum(moves)
    gaps = np.where(rng.random(n) < 0.2, rng.integers(-8, 9, n) * wild, 0)
    open_ = np.r_[close[0], close[:-1]] + gaps
    high = np.maximum(open_, close) + np.where(rng.random(n) < 0.7, rng.integers(0, 5, n) * wild, 0)
    low = np.minimum(open_, close) - np.where(rng.random(n) < 0.7, rng.integers(0, 5, n) * wild, 0)
    locked = rng.random(n) < 0.1
    open_, high, low = (np.where(locked, close, x) for x in (open_, high, low))
    spread = rng.integers(0, 3, n)
    volume = np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 500, n).astype(float))
    session = np.cumsum(rng.random(n) < 0.1).astype(np.int32)
    contract = np.cumsum(rng.random(n) < 0.05).astype(np.int32)
    tick = 0.25
    return BarArrays(
        np.arange(n) * MINUTE_US,
        open_ * tick,
        high * tick,
        low * tick,
        close * tick,
        volume=volume,
        session_id=session,
        contract_id=contract,
        bid=(close - spread) * tick,
        ask=(close + spread) * tick,
        atr_points=rng.integers(1, 12, n) * 0.1,
        timeframe_us=MINUTE_US,
    )


@st.composite
def order_lists(draw: st.DrawFn, bars: BarArrays, max_orders: int = 25) -> Orders:
    """Orders of every kind near the market of their decision bar."""
    n = draw(st.integers(0, max_orders))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bar = np.sort(rng.integers(0, len(bars), n))
    near = bars.close[bar]
    side = rng.choice([-1, 1], n)
    quantity = rng.integers(1, 5, n)
    first = rng.integers(0, 3, n)
    shares = np.stack([np.minimum(first, quantity), rng.integers(0, 3, n)], axis=1)
    shares[:, 1] = np.minimum(shares[:, 1], quantity - shares[:, 0])
    targets = np.sort(rng.integers(1, 40, (n, 2)) * 0.2, axis=1)
    targets[rng.random(n) < 0.3, 1] = np.inf
    targets[rng.random(n) < 0.1] = np.inf
    groups = np.where(rng.random(n) < 0.3, bar, -1)

    def sometimes(values: np.ndarray, share: float, otherwise: float) -> np.ndarray:
        return np.where(rng.random(n) < share, values, otherwise)

    return Orders(
        bar,
        side,
        quantity,
        kind=rng.choice(list(OrderKind), n, p=[0.4, 0.18, 0.18, 0.16, 0.08]),
        entry_limit=near + rng.integers(-12, 13, n) * 0.2,
        entry_stop=near + rng.integers(-12, 13, n) * 0.2,
        expiry_bars=rng.integers(0, 5, n),
        stop_points=sometimes(rng.integers(1, 40, n) * 0.2, 0.9, np.inf),
        target_points=targets,
        target_quantity=shares,
        breakeven_trigger_points=sometimes(rng.integers(1, 20, n) * 0.2, 0.3, np.inf),
        breakeven_offset_points=rng.integers(-2, 3, n) * 0.25,
        trail_points=sometimes(rng.integers(1, 20, n) * 0.2, 0.3, np.inf),
        trail_atr=sometimes(rng.integers(1, 6, n) * 0.5, 0.2, np.inf),
        trail_activation_points=sometimes(rng.integers(1, 10, n) * 0.2, 0.5, 0.0),
        time_exit_bars=np.where(rng.random(n) < 0.3, rng.integers(1, 6, n), 0),
        oco_group=groups,
        setup=rng.integers(0, 3, n),
        setup_names=("a", "b", "c"),
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> Rules:
    """Rules with every option, most of them off at a time."""
    with_tick = draw(st.booleans())
    return Rules(
        tick_points=0.25 if with_tick else None,
        multiplier_usd=5.0,
        commission_usd=draw(st.sampled_from([0.0, 0.62])),
        slippage_ticks=draw(st.sampled_from([0.0, 1.0])) if with_tick else 0.0,
        spread_ticks=draw(st.sampled_from([0.0, 1.0])) if with_tick else 0.0,
        slippage_atr_frac=draw(st.sampled_from([0.0, 0.0, 0.1])),
        impact_frac=draw(st.sampled_from([0.0, 0.0, 0.1])),
        limit_through_ticks=draw(st.sampled_from([0.0, 1.0])) if with_tick else 0.0,
        fill_policy=draw(st.sampled_from(FillPolicy)),
        mode=draw(st.sampled_from(PositionMode)),
        reverse=draw(st.booleans()),
        max_entries=draw(st.sampled_from([1, 1, 2])),
        flatten_at_session_end=draw(st.booleans()),
        limits=Limits(
            max_contracts=draw(st.sampled_from([0, 0, 6])),
            margin_usd=draw(st.sampled_from([0.0, 0.0, 300.0])),
            max_daily_loss_usd=draw(st.sampled_from([0.0, 0.0, 40.0])),
            max_trades_per_session=draw(st.sampled_from([0, 0, 2])),
            max_losses_per_session=draw(st.sampled_from([0, 0, 1])),
            no_entry_bars=draw(st.sampled_from([0, 0, 2])),
        ),
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[BarArrays, Orders, Rules]:
    """Bars, orders on them, rules."""
    bars = draw(bar_arrays())
    return bars, draw(order_lists(bars)), draw(rule_sets())


def doubled(bars: BarArrays) -> BarArrays:
    """Each bar as two: its own range first, then its close."""
    prices = [
        np.stack([x, bars.close], axis=1).ravel()
        for x in (bars.open, bars.high, bars.low, bars.close)
    ]
    ts = np.stack([bars.ts, bars.ts + MINUTE_US // 2], axis=1).ravel()
    return BarArrays(ts, *prices, timeframe_us=MINUTE_US // 2)
