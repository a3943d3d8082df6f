"""Orders simulated alone, under variants, and the account under variants."""

import numpy as np
import pytest

from mlplatform.execution import (
    BarArrays,
    Orders,
    Reason,
    Rules,
    Variants,
    simulate,
    simulate_each,
    simulate_variants,
)

RULES = Rules(multiplier_usd=5.0, commission_usd=0.62, slippage_ticks=1.0)


def walk(seed: int, n_bars: int) -> BarArrays:
    rng = np.random.default_rng(seed)
    close = 4000 + 0.25 * np.cumsum(rng.integers(-8, 9, n_bars))
    open_ = np.r_[close[0], close[:-1]] + 0.25 * rng.integers(-3, 4, n_bars)
    high = np.maximum(open_, close) + 0.25 * rng.integers(0, 9, n_bars)
    low = np.minimum(open_, close) - 0.25 * rng.integers(0, 9, n_bars)
    session = (np.arange(n_bars) // 50).astype(np.int32)
    return BarArrays(np.arange(n_bars) * 60_000_000, open_, high, low, close, session_id=session)


def drawn(n_orders: int, n_bars: int) -> Orders:
    rng = np.random.default_rng(n_orders)
    return Orders.market(
        np.sort(rng.integers(0, n_bars, n_orders)),
        rng.choice([-1, 1], n_orders),
        2,
        rng.integers(2, 20, n_orders) * 0.5,
        rng.integers(2, 20, n_orders) * 0.5,
    )


def test_each_order_alone_equals_a_simulation_of_that_order() -> None:
    bars, orders = walk(1, 400), drawn(60, 400)
    variants = Variants(stop=[0.5, 1.0, 2.0], target=[1.0, 1.5, 1.0])
    result = simulate_each(bars, orders, variants, RULES)
    assert 0 < result.complete.sum() < result.complete.size
    for o in range(len(orders)):
        for k in range(3):
            one = Orders.market(
                orders.bar[[o]],
                orders.side[[o]],
                2,
                orders.stop_points[[o]] * variants.stop[k],
                orders.target_points[o] * variants.target[k],
            )
            trades = simulate(bars, one, RULES).trade_records
            assert bool(result.complete[o, k]) == (len(trades) == 1)
            if len(trades):
                assert result.exit_bar[o, k] == trades["exit_bar"][0]
                assert result.reason[o, k] == trades["reason"][0]
                assert result.net_points[o, k] == trades["net_usd"][0] / 10.0
                assert result.r[o, k] == trades["r"][0]
                assert result.mae_points[o, k] == trades["mae_points"][0]


def test_a_trade_that_the_data_cuts_off_is_incomplete_and_not_guessed() -> None:
    prices = np.full(5, 100.0)
    bars = BarArrays(np.arange(5) * 60_000_000, prices, prices + 1, prices - 1, prices)
    result = simulate_each(bars, Orders.market([1], [1], 1, 5.0, 5.0), Variants(), RULES)
    assert not result.complete[0, 0]
    assert result.exit_bar[0, 0] == -1
    assert result.reason[0, 0] == Reason.NONE
    assert np.isnan(result.net_points[0, 0])


@pytest.mark.parametrize("threads", [1, 2])
def test_the_account_under_a_variant_equals_a_simulation_with_scaled_orders(threads: int) -> None:
    bars, orders = walk(2, 600), drawn(200, 600)
    variants = Variants(stop=[1.0, 2.0], target=[1.0, 0.5])
    summary = simulate_variants(bars, orders, variants, RULES, threads=threads).summary()
    for k in range(2):
        scaled = Orders.market(
            orders.bar,
            orders.side,
            2,
            orders.stop_points * variants.stop[k],
            orders.target_points[:, 0] * variants.target[k],
        )
        run = simulate(bars, scaled, RULES)
        assert summary["trades"][k] == len(run.trade_records) > 10
        assert summary["net_usd"][k] == pytest.approx(run.trades()["net_usd"].sum(), abs=1e-6)
        equity = run.equity_usd
        fall = (np.maximum.accumulate(np.r_[50_000, equity]) - np.r_[50_000, equity]).max()
        assert summary["drawdown_usd"][k] == pytest.approx(fall)
