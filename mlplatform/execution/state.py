"""The flat records that the step reads and writes: account, slots, and the logs.

A slot holds one order from its acceptance to the close of its trade. Account and slots are the
whole state of a simulation: their bytes can be stored and read back.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlplatform.execution.codes import MAX_TARGETS
from mlplatform.execution.rules import Rules

Records = NDArray[Any]

ACCOUNT = np.dtype(
    [
        ("bar", "i8"),  # index of the bar at hand
        ("order_offset", "i8"),  # number of the first row of the order columns at hand
        ("cash_usd", "f8"),
        ("equity_usd", "f8"),
        ("session_start_usd", "f8"),
        ("peak_usd", "f8"),
        ("drawdown_usd", "f8"),
        ("atr_points", "f8"),  # of the last completed bar
        ("session_id", "i4"),
        ("session_entries", "i4"),
        ("session_losses", "i4"),
        ("halted", "i4"),  # outcome code of the limit that stopped the session
        ("position", "i4"),
        ("active", "i4"),  # slots that are not empty
        ("fill_cursor", "i8"),
        ("trade_cursor", "i8"),
        ("fills", "i8"),
        ("trades", "i8"),
        ("wins", "i8"),
        ("net_usd", "f8"),
        ("profit_usd", "f8"),
        ("loss_usd", "f8"),
        ("net_points", "f8"),
        ("ambiguous_bars", "i8"),
        ("resolved_bars", "i8"),
    ],
    align=True,
)

SLOT = np.dtype(
    [
        ("status", "i4"),
        ("side", "i4"),
        ("stop_price", "f8"),
        ("target_price", "f8", (MAX_TARGETS,)),
        ("target", "i4"),  # index of the next target
        ("targets", "i4"),
        ("entry_price", "f8"),
        ("mae_points", "f8"),
        ("mfe_points", "f8"),
        ("remaining", "i4"),
        ("entered_inside", "i4"),  # entered inside the bar at hand
        ("stop_reason", "i4"),
        ("exit_reason", "i4"),  # market exit due at the next open
        ("is_managed", "i4"),  # has break-even or trail
        ("time_exit_bars", "i4"),
        ("entry_bar", "i8"),
        ("first_held_bar", "i8"),
        ("order", "i8"),
        ("decision_bar", "i8"),
        ("kind", "i4"),
        ("quantity", "i4"),
        ("setup", "i4"),
        ("oco_group", "i4"),
        ("expiry_bars", "i4"),
        ("triggered", "i4"),
        ("entry_limit", "f8"),
        ("entry_stop", "f8"),
        ("reference_price", "f8"),
        ("stop_points", "f8"),
        ("target_points", "f8", (MAX_TARGETS,)),
        ("target_quantity", "i4", (MAX_TARGETS,)),
        ("breakeven_trigger_points", "f8"),
        ("breakeven_offset_points", "f8"),
        ("trail_points", "f8"),
        ("trail_atr", "f8"),
        ("trail_activation_points", "f8"),
        ("exit_notional", "f8"),  # sum of exit price x quantity
        ("gross_usd", "f8"),
        ("commission_usd", "f8"),
        ("slippage_usd", "f8"),
    ],
    align=True,
)

TRADE = np.dtype(
    [
        ("order", "i8"),
        ("decision_bar", "i8"),
        ("entry_bar", "i8"),
        ("exit_bar", "i8"),
        ("entry_price", "f8"),
        ("exit_price", "f8"),
        ("stop_points", "f8"),
        ("target_points", "f8"),
        ("gross_usd", "f8"),
        ("commission_usd", "f8"),
        ("slippage_usd", "f8"),
        ("net_usd", "f8"),
        ("r", "f8"),
        ("mae_points", "f8"),
        ("mfe_points", "f8"),
        ("side", "i4"),
        ("quantity", "i4"),
        ("setup", "i4"),
        ("reason", "i4"),
    ],
    align=True,
)

FILL = np.dtype(
    [
        ("order", "i8"),
        ("bar", "i8"),
        ("price", "f8"),
        ("commission_usd", "f8"),
        ("side", "i4"),
        ("quantity", "i4"),
        ("reason", "i4"),
    ],
    align=True,
)

RULES = np.dtype(
    [
        ("tick_points", "f8"),  # 0: no rounding
        ("multiplier_usd", "f8"),
        ("commission_usd", "f8"),
        ("slippage_points", "f8"),  # fixed part, half the spread included
        ("slippage_atr_frac", "f8"),
        ("impact_frac", "f8"),
        ("impact_share_cap", "f8"),
        ("through_points", "f8"),
        ("stop_scale", "f8"),
        ("target_scale", "f8"),
        ("trail_scale", "f8"),
        ("margin_usd", "f8"),
        ("max_daily_loss_usd", "f8"),
        ("policy", "i4"),
        ("per_setup", "i4"),
        ("reverse", "i4"),
        ("max_entries", "i4"),
        ("flatten", "i4"),
        ("max_contracts", "i4"),
        ("max_trades", "i4"),
        ("max_losses", "i4"),
    ],
    align=True,
)


class Run(NamedTuple):
    """Everything one simulation holds: its state, its rules, and where it writes.

    `account` and `rules` have one row. A log array that is too short is not written to.
    """

    account: Records
    slots: Records
    rules: Records
    fills: Records
    trades: Records
    equity_usd: NDArray[np.float64]
    position: NDArray[np.int32]
    outcome: NDArray[np.int8]


def new_account(capital_usd: float) -> Records:
    """A flat account with that cash."""
    account = np.zeros(1, ACCOUNT)
    for name in ("cash_usd", "equity_usd", "session_start_usd", "peak_usd"):
        account[name] = capital_usd
    account["session_id"] = np.iinfo(np.int32).min
    account["atr_points"] = np.nan
    return account


def rules_record(
    rules: Rules, stop_scale: float = 1.0, target_scale: float = 1.0, trail_scale: float = 1.0
) -> Records:
    """The rules as one record, distances in points."""
    tick = rules.tick_points or 0.0
    limits = rules.limits
    values = {
        "tick_points": tick,
        "multiplier_usd": rules.multiplier_usd,
        "commission_usd": rules.commission_usd,
        "slippage_points": (rules.slippage_ticks + rules.spread_ticks / 2) * tick,
        "slippage_atr_frac": rules.slippage_atr_frac,
        "impact_frac": rules.impact_frac,
        "impact_share_cap": rules.impact_share_cap,
        "through_points": rules.limit_through_ticks * tick,
        "stop_scale": stop_scale,
        "target_scale": target_scale,
        "trail_scale": trail_scale,
        "margin_usd": limits.margin_usd,
        "max_daily_loss_usd": limits.max_daily_loss_usd,
        "policy": rules.fill_policy,
        "per_setup": rules.mode,
        "reverse": rules.reverse,
        "max_entries": rules.max_entries,
        "flatten": rules.flatten_at_session_end,
        "max_contracts": limits.max_contracts,
        "max_trades": limits.max_trades_per_session,
        "max_losses": limits.max_losses_per_session,
    }
    record = np.zeros(1, RULES)
    for name, value in values.items():
        record[name] = value
    return record
