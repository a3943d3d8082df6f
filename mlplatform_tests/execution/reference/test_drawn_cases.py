"""Cases drawn by hand that both engines must hold, and findings where engine and document part."""

import numpy as np
import pytest

from mlplatform.execution import (
    BarArrays,
    FillPolicy,
    Limits,
    OrderKind,
    Orders,
    PositionMode,
    Rules,
    simulate,
)
from mlplatform_tests.execution.reference.compare import agree
from mlplatform_tests.execution.reference.drawn import World

MINUTE_US = 60_000_000
# Bars are (open, high, low, close); the figures were worked out on paper.
PLAIN = {"tick_points": 0.25, "multiplier_usd": 5.0, "limit_through_ticks": 0.0}
FLAT = (100, 100, 100, 100)


def bars_of(*rows: tuple[float, float, float, float], **columns: object) -> BarArrays:
    """Bars of one minute."""
    ts = np.arange(len(rows), dtype=np.int64) * MINUTE_US
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    return BarArrays(ts, *np.array(rows, np.float64).T, **arrays, timeframe_us=MINUTE_US)


def order(bar: int = 0, side: int = 1, quantity: int = 1, **columns: object) -> Orders:
    """One order."""
    return Orders(np.array([bar]), np.array([side]), quantity, **columns)


def fills_of(
    bars: BarArrays, orders: Orders, finer: BarArrays | None = None, **rules: object
) -> list[tuple[int, int, float, str]]:
    """Bar, signed contracts, price and reason of each fill, on which both engines agree."""
    _, theirs = agree(World(bars, orders, Rules(**{**PLAIN, **rules}), finer))
    return [(f.bar, f.side * f.contracts, f.price, f.reason.label) for f in theirs.fills]


def test_drawn_market_order_pays_slippage_and_commission_on_both_sides() -> None:
    bars = bars_of(FLAT, (101, 102, 100, 101), (101, 105, 101, 104))
    rules = {"slippage_ticks": 1.0, "spread_ticks": 1.0, "commission_usd": 0.6}
    orders = order(quantity=2, stop_points=4.0, target_points=3.0)
    # Buy 101 + 1.5 ticks = 101.375, up to 101.50; target 104.50 as a limit, free of slippage.
    assert fills_of(bars, orders, **rules) == [(1, 2, 101.5, "entry"), (2, -2, 104.5, "target")]
    trade = simulate(bars, orders, Rules(**PLAIN, **rules)).trades().row(0, named=True)
    assert trade["gross_usd"] == 30.0
    assert trade["commission_usd"] == pytest.approx(2.4)
    assert trade["slippage_usd"] == pytest.approx(5.0)
    assert trade["r"] == pytest.approx(27.6 / 40)
    assert (trade["mae_points"], trade["mfe_points"]) == (1.5, 3.0)


def test_drawn_gap_beyond_the_stop_fills_at_the_open_and_a_gap_beyond_a_target_too() -> None:
    bars = bars_of(FLAT, (100, 101, 99, 100), (96, 97, 95, 96))
    assert fills_of(bars, order(stop_points=2.0))[1] == (2, -1, 96.0, "stop")
    assert fills_of(bars, order(side=-1, target_points=3.0))[1] == (2, 1, 96.0, "target")


def test_drawn_partial_targets_then_breakeven() -> None:
    bars = bars_of(FLAT, (100, 103, 100, 102), (102, 102, 99, 101))
    orders = order(
        quantity=3,
        stop_points=5.0,
        target_points=[[2.0, 6.0]],
        target_quantity=[[1, 1]],
        breakeven_trigger_points=3.0,
        breakeven_offset_points=0.5,
    )
    # Bar 1 fills the first target at 102 and shows 3 points, so the stop is 100.50 from bar 2 on.
    assert fills_of(bars, orders) == [
        (1, 3, 100.0, "entry"),
        (1, -1, 102.0, "target"),
        (2, -2, 100.5, "breakeven"),
    ]


def test_drawn_trail_in_atr_follows_the_best_price_from_its_activation_on() -> None:
    bars = bars_of(
        FLAT, (100, 101, 99, 101), (101, 104, 100, 103), (103, 103, 102, 102), atr_points=[1.0] * 4
    )
    orders = order(stop_points=8.0, trail_atr=2.0, trail_activation_points=4.0)
    # Best 4 points on bar 2: stop 100 + (4 - 2) = 102, touched on bar 3.
    assert fills_of(bars, orders)[1] == (3, -1, 102.0, "trail")


def test_drawn_limit_must_be_traded_through_unless_the_open_is_better() -> None:
    rules = {"limit_through_ticks": 1.0}
    orders = order(kind=OrderKind.LIMIT, entry_limit=99.1)
    # A buy limit of 99.10 works at 99.00.
    touched = bars_of(FLAT, (100, 100, 99, 99.5))
    through = bars_of(FLAT, (100, 100, 98.75, 99.5))
    opened = bars_of(FLAT, (98.75, 99.5, 98.75, 99.5))
    assert fills_of(touched, orders, **rules) == []
    assert fills_of(through, orders, **rules) == [(1, 1, 99.0, "entry")]
    assert fills_of(opened, orders, **rules) == [(1, 1, 98.75, "entry")]


def test_drawn_stop_limit_waits_when_its_limit_is_behind_its_trigger() -> None:
    bars = bars_of(FLAT, (100, 102, 99, 101.5), (101.5, 102, 100, 101))
    behind = order(kind=OrderKind.STOP_LIMIT, entry_stop=101.0, entry_limit=100.5)
    ahead = order(kind=OrderKind.STOP_LIMIT, entry_stop=101.0, entry_limit=101.5)
    assert fills_of(bars, behind) == [(2, 1, 100.5, "entry")]
    assert fills_of(bars, ahead) == [(1, 1, 101.0, "entry")]


def test_drawn_entry_inside_a_bar_meets_its_stop_but_no_target_there() -> None:
    orders = order(kind=OrderKind.STOP, entry_stop=101.0, stop_points=2.0, target_points=1.0)
    stopped = bars_of(FLAT, (100, 103, 99, 102))
    spared = bars_of(FLAT, (100, 103, 99.5, 101.5), (101.5, 102, 101, 102))
    assert fills_of(stopped, orders)[1] == (1, -1, 99.0, "stop")
    assert fills_of(spared, orders)[1] == (2, -1, 102.0, "target")


def test_drawn_time_exit_session_end_and_roll() -> None:
    three = [FLAT, FLAT, (100, 101, 99, 101), (103, 103, 103, 103)]
    assert fills_of(bars_of(*three), order(time_exit_bars=2))[1] == (2, -1, 101.0, "time")
    ending = bars_of(*three, session_id=[0, 0, 0, 1])
    assert fills_of(ending, order())[1] == (2, -1, 101.0, "session")
    rolling = bars_of(*three, contract_id=[0, 0, 0, 1])
    assert fills_of(rolling, order(), flatten_at_session_end=False)[1] == (2, -1, 101.0, "roll")


def test_drawn_reversal_leaves_and_enters_at_one_open() -> None:
    bars = bars_of(FLAT, FLAT, (102, 102, 102, 102))
    orders = Orders(np.array([0, 1]), np.array([1, -1]))
    assert fills_of(bars, orders) == [(1, 1, 100.0, "entry")]
    assert fills_of(bars, orders, reverse=True) == [
        (1, 1, 100.0, "entry"),
        (2, -1, 102.0, "reverse"),
        (2, -1, 102.0, "entry"),
    ]


def test_drawn_oco_pair_leaves_one_entry() -> None:
    bars = bars_of(FLAT, (100, 102, 98, 100))
    orders = Orders(
        np.array([0, 0]),
        np.array([1, -1]),
        kind=OrderKind.STOP,
        entry_stop=np.array([101.0, 99.0]),
        oco_group=4,
    )
    assert fills_of(bars, orders) == [(1, 1, 101.0, "entry")]


def test_drawn_closing_quotes_buy_at_the_ask_and_mark_at_the_mid() -> None:
    bars = bars_of(FLAT, FLAT, bid=[99.75, 99.5], ask=[100.25, 100.25])
    rules = {"fill_policy": FillPolicy.QUOTE_CLOSE}
    orders = order(stop_points=0.25)
    # Bought at 100.25; the stop at 100.00 is touched on bar 1 and leaves at the bid of 99.50.
    assert fills_of(bars, orders, **rules) == [(0, 1, 100.25, "entry"), (1, -1, 99.5, "stop")]
    equity = simulate(bars, orders, Rules(**{**PLAIN, **rules}), 1_000.0).equity_usd
    assert equity.tolist() == [998.75, 996.25]


def test_drawn_daily_loss_stops_the_session_and_the_next_one_starts_anew() -> None:
    falling = [FLAT, (100, 100, 97, 97), (97, 97, 97, 97), (97, 97, 97, 97), (97, 97, 97, 97)]
    bars = bars_of(*falling, session_id=[0, 0, 0, 1, 1])
    orders = Orders(np.array([0, 1, 3]), np.ones(3), stop_points=2.0)
    limits = Limits(max_daily_loss_usd=10.0)
    ours, _ = agree(World(bars, orders, Rules(**PLAIN, limits=limits)))
    assert ours.outcomes()["outcome"].to_list() == ["filled", "refused_daily_loss", "filled"]


def test_drawn_impact_takes_the_square_of_the_share_of_the_volume() -> None:
    bars = bars_of(FLAT, FLAT, FLAT, volume=[np.nan, 40.0, np.nan])
    rules = {"tick_points": None, "impact_frac": 0.5, "impact_share_cap": 0.1}
    fills = fills_of(bars, order(quantity=2, time_exit_bars=2), **rules)
    # 0.5 * 100 * (2 / 40)^2 = 0.125; without volume 0.5 * 100 * 0.1^2 = 0.5.
    assert [price for _, _, price, _ in fills] == pytest.approx([100.125, 99.5])


def test_drawn_both_hit_bar_is_resolved_on_finer_bars() -> None:
    bars = bars_of(FLAT, (100, 103, 97, 100))
    up_first = ((100, 100, 100, 100), (100, 100, 100, 100), (100, 103, 99, 99), (99, 100, 97, 100))
    finer = BarArrays(
        np.arange(4) * MINUTE_US // 2, *np.array(up_first, float).T, timeframe_us=MINUTE_US // 2
    )
    orders = order(stop_points=2.0, target_points=2.0)
    assert fills_of(bars, orders)[1] == (1, -1, 98.0, "stop")
    assert fills_of(bars, orders, finer)[1] == (1, -1, 102.0, "target")


def test_drawn_setups_run_side_by_side() -> None:
    bars = bars_of(FLAT, FLAT, FLAT)
    orders = Orders(
        np.array([0, 0, 1]), np.array([1, -1, 1]), setup=np.array([0, 1, 0]), setup_names=("a", "b")
    )
    assert len(fills_of(bars, orders)) == 1
    assert len(fills_of(bars, orders, mode=PositionMode.PER_SETUP)) == 2


# Findings: where the engine and docs/execution.md once parted. Each is the smallest case.


def test_a_reversal_leaves_its_working_partner_to_the_group() -> None:
    bars = bars_of(FLAT, FLAT, (98, 98, 98, 98))
    orders = Orders(
        np.array([0, 1, 1]),
        np.array([1, 1, -1]),
        kind=np.array([OrderKind.MARKET, OrderKind.LIMIT, OrderKind.MARKET]),
        entry_limit=np.array([np.nan, 99.0, np.nan]),
        oco_group=np.array([-1, 0, 0]),
    )
    # The partner has the lower slot and a better open: it enters, and cancels the reversal's entry.
    assert fills_of(bars, orders, reverse=True, max_entries=2) == [
        (1, 1, 100.0, "entry"),
        (2, -1, 98.0, "reverse"),
        (2, 1, 98.0, "entry"),
    ]


def ambiguous_bars(bars: BarArrays, orders: Orders, **rules: object) -> int:
    """Bars that the engine counts as ambiguous; the bars are their own finer bars."""
    run_rules = Rules(**{**PLAIN, **rules})
    finer = BarArrays(
        bars.ts, bars.open, bars.high, bars.low, bars.close, timeframe_us=MINUTE_US // 2
    )
    return int(simulate(bars, orders, run_rules, finer=finer).state["ambiguous_bars"])


def test_a_bar_that_only_triggers_a_stop_limit_is_not_ambiguous() -> None:
    bars = bars_of(FLAT, (99, 101, 98, 99))
    orders = order(
        kind=OrderKind.STOP_LIMIT, entry_stop=100.0, entry_limit=97.0, target_points=0.25
    )
    assert ambiguous_bars(bars, orders) == 0


def test_the_target_of_an_entry_inside_the_bar_is_in_reach_where_it_is_traded_through() -> None:
    bars = bars_of(FLAT, (100, 102, 100, 101))
    orders = order(kind=OrderKind.STOP, entry_stop=101.0, target_points=1.0)
    assert ambiguous_bars(bars, orders, limit_through_ticks=1.0) == 0


def test_a_target_at_the_high_is_in_reach_of_an_entry_inside_the_bar() -> None:
    # 100.4 + 0.1 is 100.5 in floating point, while 100.5 - 100.4 is less than 0.1.
    bars = bars_of(FLAT, (100, 100.5, 100, 100.25))
    orders = order(kind=OrderKind.STOP, entry_stop=100.4, target_points=0.1)
    assert ambiguous_bars(bars, orders) == 1
