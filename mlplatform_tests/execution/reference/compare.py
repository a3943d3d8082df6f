"""Both engines on one world, and everything that they say held side by side."""

import math

import numpy as np
import pytest

from mlplatform.execution import FillPolicy, Outcome, Reason, Simulation, simulate
from mlplatform_tests.execution.reference.drawn import World
from mlplatform_tests.execution.reference.engine import Result, run

CAPITAL_USD = 2_000.0
CENT = 0.01
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
"""Columns of the engine's records and fields of the reference's trades."""


def same(ours: float, theirs: float) -> bool:
    """Equal to 1e-9, or both infinite."""
    if math.isinf(ours) or math.isinf(theirs):
        return ours == theirs
    return abs(ours - theirs) <= 1e-9 * max(1.0, abs(theirs))


def agree(world: World) -> tuple[Simulation, Result]:
    """Run both; assert equal fills, trades, equity, positions and outcomes."""
    ours = simulate(world.bars, world.orders, world.rules, CAPITAL_USD, world.finer)
    theirs = run(world.bars, world.orders, world.rules, CAPITAL_USD, world.finer)
    assert [
        (f["order"], f["bar"], f["side"], f["quantity"], f["reason"]) for f in ours.fill_records
    ] == [(f.row, f.bar, f.side, f.contracts, f.reason) for f in theirs.fills]
    for mine, other in zip(ours.fill_records, theirs.fills, strict=True):
        assert same(mine["price"], other.price), f"price of {other}, not {mine}"
        assert same(mine["commission_usd"], other.commission), f"commission of {other}, not {mine}"
    assert len(ours.trade_records) == len(theirs.trades)
    for mine, other in zip(ours.trade_records, theirs.trades, strict=True):
        for name, column in TRADE_COLUMNS.items():
            if name == "r" and other.stop_points == math.inf:
                continue  # without a stop there is no R: null in the table, see its test
            assert same(float(mine[name]), float(getattr(other, column))), f"{name} of {other}"
    assert ours.equity_usd.tolist() == pytest.approx(theirs.equity, abs=CENT / 10)
    assert ours.position.tolist() == theirs.positions
    assert [Outcome(code) for code in ours.outcome_codes] == theirs.outcomes
    return ours, theirs


def assert_money_is_conserved(world: World) -> None:
    """At every bar equity is capital, cash of the fills, commission and open contracts."""
    result = simulate(world.bars, world.orders, world.rules, CAPITAL_USD, world.finer)
    marks = world.bars.close
    if world.rules.fill_policy == FillPolicy.QUOTE_CLOSE:
        marks = (np.asarray(world.bars.bid) + np.asarray(world.bars.ask)) / 2
    fills = list(result.fill_records)
    cash, held, is_open = CAPITAL_USD, 0, 0
    for bar, (mark, equity) in enumerate(zip(marks, result.equity_usd, strict=True)):
        while fills and fills[0]["bar"] == bar:
            fill = fills.pop(0)
            signed = int(fill["side"]) * int(fill["quantity"])
            cash -= signed * fill["price"] * world.rules.multiplier_usd + fill["commission_usd"]
            held += signed
            is_open += fill["quantity"] if fill["reason"] == Reason.ENTRY else -fill["quantity"]
        assert abs(cash + held * mark * world.rules.multiplier_usd - equity) < CENT
        assert result.position[bar] == held
    assert not fills
    if is_open == 0:
        assert abs(CAPITAL_USD + sum(result.trade_records["net_usd"]) - cash) < CENT
