"""The flat records that the step reads and writes: state, rules, log.

A slot holds one order from its acceptance to the close of its trade. The state record is all that
a simulation remembers: its bytes can be stored and read back.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlplatform.execution.bars import BarColumns
from mlplatform.execution.codes import MAX_SLOTS, MAX_TARGETS
from mlplatform.execution.orders import OrderColumns

Records = NDArray[Any]

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
        ("is_plain", "i4"),  # has neither these nor a time exit
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

STATE = np.dtype(
    [
        ("bar", "i8"),  # index of the bar at hand
        ("last_ts", "i8"),  # start of the last bar; kept by the live simulator
        ("first_order", "i8"),  # number of the first order of the columns at hand
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
        ("slot_count", "i4"),  # slots in use, at most MAX_SLOTS
        ("free_slot", "i4"),  # where the order being accepted goes
        ("fills", "i8"),
        ("trades", "i8"),
        ("wins", "i8"),
        ("net_usd", "f8"),
        ("profit_usd", "f8"),
        ("loss_usd", "f8"),
        ("net_points", "f8"),
        ("ambiguous_bars", "i8"),
        ("resolved_bars", "i8"),
        ("slots", SLOT, (MAX_SLOTS,)),
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

LOG = np.dtype(
    [
        ("n_fills", "i8"),
        ("max_fills", "i8"),
        ("fills", "i8"),
        ("n_trades", "i8"),
        ("max_trades", "i8"),
        ("trades", "i8"),
        ("max_outcomes", "i8"),
        ("outcome", "i8"),
        ("max_marks", "i8"),
        ("equity_usd", "i8"),
    ]
)
"""Addresses of the arrays that the step writes, and their lengths; what does not fit is dropped."""

COLUMN = np.dtype([("address", "i8"), ("stride", "i8")])
BARS = np.dtype(
    [(name, COLUMN) for name in BarColumns._fields] + [("size", "i8"), ("has_finer", "i8")]
)
ORDERS = np.dtype(
    [(name, COLUMN) for name in OrderColumns._fields] + [("size", "i8"), ("targets", "i8")]
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
        ("max_heat_frac", "f8"),
        ("drawdown_starts_frac", "f8"),
        ("drawdown_ends_frac", "f8"),
        ("max_drawdown_frac", "f8"),
        ("is_plain", "i4"),  # no option under which more than stop and target ends a lone trade
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
