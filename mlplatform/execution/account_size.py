"""How many contracts the running account allows an order: heat and drawdown."""

# mypy: disable-error-code="no-any-return"

from typing import Any

import numpy as np

from mlplatform.execution.codes import EMPTY, OPEN, WORKING, OrderKind
from mlplatform.execution.compiled import compiled, inlined

MARKET = int(OrderKind.MARKET)
_HAIR = 1e-9
"""A budget of exactly so many contracts must not lose one to rounding."""


@inlined
def knows_account(rules: Any) -> bool:
    """Whether contracts depend on the account."""
    return rules.max_heat_frac > 0.0 or rules.drawdown_ends_frac > 0.0


@inlined
def drawdown_frac(run: Any) -> float:
    """How far the last mark lies below the account's highest, as a share of that."""
    peak = max(run.state.peak_usd, run.state.equity_usd)
    return 1.0 - run.state.equity_usd / peak if peak > 0.0 else 1.0


@compiled
def open_risk_usd(run: Any, ask: Any) -> float:
    """What all trades that stay can lose: open ones from entry to stop, working ones as planned."""
    rules, points = run.rules, 0.0
    for s in range(run.state.slot_count):
        slot = run.state.slots[s]
        if slot.status == EMPTY or slot.exit_reason:
            continue
        if slot.status == WORKING and 0 <= ask.oco_group == slot.oco_group:
            continue
        in_scope = not rules.per_setup or slot.setup == ask.setup
        if in_scope and rules.reverse and ask.kind == MARKET and slot.side != ask.side:
            continue
        if slot.status == OPEN:
            points += slot.remaining * max(0.0, slot.side * (slot.entry_price - slot.stop_price))
        else:
            points += slot.quantity * slot.stop_points
    return points * rules.multiplier_usd


@compiled
def allowed(run: Any, ask: Any, stop_points: float) -> int:
    """The order's contracts, scaled by the drawdown and capped by the heat; 0 where none fits."""
    rules, contracts = run.rules, ask.quantity
    if rules.drawdown_ends_frac > 0.0:
        room = rules.drawdown_ends_frac - drawdown_frac(run)
        share = room / (rules.drawdown_ends_frac - rules.drawdown_starts_frac)
        share = min(1.0, max(0.0, share))
        contracts = max(1, int(np.floor(contracts * share + _HAIR)))
    if rules.max_heat_frac > 0.0:
        free = rules.max_heat_frac * run.state.equity_usd - open_risk_usd(run, ask)
        one = stop_points * rules.multiplier_usd
        if free < contracts * one:
            contracts = int(np.floor(free / one + _HAIR)) if free > 0.0 else 0
    return contracts
