"""Law: the compiled step agrees with a slow, obvious engine that was written apart from it."""

import math
import os

import pytest
from hypothesis import HealthCheck, given, settings

from mlplatform.execution import FillPolicy, OrderKind, Outcome, Simulation, simulate
from mlplatform_tests.execution.reference.drawn import World, worlds
from mlplatform_tests.execution.reference.engine import Result, run

CAPITAL_USD = 2_000.0
CENT = 0.005
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def examples(usual: int) -> settings:
    """So many random worlds; 20,000 in the profile `long`."""
    return settings(
        max_examples=20_000 if LONG else usual,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def same(ours: float, theirs: float, tolerance: float = 1e-9) -> bool:
    """Equal, within the tolerance, or missing in both."""
    if ours is None or not math.isfinite(ours):
        return not math.isfinite(theirs)
    return abs(ours - theirs) <= tolerance * max(1.0, abs(theirs))


def agree(world: World) -> tuple[Simulation, Result]:
    """Run both and compare everything that they say."""
    ours = simulate(world.bars, world.orders, world.rules, CAPITAL_USD, world.finer)
    theirs = run(world.bars, world.orders, world.rules, CAPITAL_USD, world.finer)
    fills = [
        (f["order"], f["bar"], f["side"], f["quantity"], f["reason"]) for f in ours.fill_records
    ]
    assert fills == [(f.row, f.bar, f.side, f.contracts, f.reason) for f in theirs.fills]
    for mine, other in zip(ours.fill_records, theirs.fills, strict=True):
        assert same(mine["price"], other.price), f"price of {other}"
        assert same(mine["commission_usd"], other.commission), f"commission of {other}"
    assert len(ours.trade_records) == len(theirs.trades)
    for mine, other in zip(ours.trade_records, theirs.trades, strict=True):
        for name, column in TRADE_COLUMNS.items():
            if name == "r" and other.stop_points == math.inf:
                continue  # the tables show null, see the test on tables
            assert same(float(mine[name]), float(getattr(other, column))), (name, mine, other)
    assert ours.equity_usd.tolist() == pytest.approx(theirs.equity, abs=CENT)
    assert ours.position.tolist() == theirs.positions
    assert [Outcome(code) for code in ours.outcome_codes] == theirs.outcomes
    return ours, theirs


TRADE_COLUMNS = {
    "order": "row",
    "setup": "setup",
    "side": "side",
    "quantity": "contracts",
    "decision_bar": "decision_bar",
    "entry_bar": "entry_bar",
    "exit_bar": "exit_bar",
    "entry_price": "entry_price",
    "exit_price": "exit_price",
    "stop_points": "stop_points",
    "target_points": "target_points",
    "reason": "reason",
    "gross_usd": "gross",
    "commission_usd": "commission",
    "slippage_usd": "slippage",
    "net_usd": "net",
    "r": "r",
    "mae_points": "mae",
    "mfe_points": "mfe",
}


@examples(800)
@given(worlds((OrderKind.MARKET,), (FillPolicy.NEXT_OPEN,)))
def test_market_entries_agree(world: World) -> None:
    agree(world)


@examples(1000)
@given(worlds(policies=(FillPolicy.NEXT_OPEN,)))
def test_orders_of_every_kind_agree_at_the_next_open(world: World) -> None:
    agree(world)


@examples(800)
@given(worlds(policies=(FillPolicy.SAME_CLOSE,)))
def test_orders_of_every_kind_agree_at_the_same_close(world: World) -> None:
    agree(world)


@examples(800)
@given(worlds(policies=(FillPolicy.QUOTE_CLOSE,)))
def test_orders_of_every_kind_agree_at_the_closing_quote(world: World) -> None:
    agree(world)


@examples(800)
@given(worlds(scheduled=True))
def test_windows_and_scheduled_session_ends_agree(world: World) -> None:
    agree(world)
