"""Records and arrays for one call of the step: where it reads, where it writes."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlplatform.execution.bars import BarColumns
from mlplatform.execution.codes import FillPolicy, PositionMode
from mlplatform.execution.orders import OrderColumns
from mlplatform.execution.rules import Rules
from mlplatform.execution.state import BARS, LOG, ORDERS, RULES, STATE, Records


class Tape(NamedTuple):
    """The arrays that a simulation writes; a length of zero keeps nothing of that kind."""

    fills: Records
    trades: Records
    equity_usd: NDArray[np.float64]
    outcome: NDArray[np.int32]

    def record(self) -> Records:
        """One row of LOG that leads to these arrays, which must outlive it."""
        log = np.zeros(1, LOG)
        for name in self._fields:
            log[name] = getattr(self, name).ctypes.data
        log["max_fills"], log["max_trades"] = len(self.fills), len(self.trades)
        log["max_marks"], log["max_outcomes"] = len(self.equity_usd), len(self.outcome)
        return log


def bars_record(columns: BarColumns) -> Records:
    """One row of BARS that leads to these columns, which must outlive it."""
    record = _columns_record(BARS, columns)
    record["size"] = len(columns.open)
    record["has_finer"] = len(columns.finer_begin) > 0
    return record


def orders_record(columns: OrderColumns) -> Records:
    """One row of ORDERS that leads to these columns, which must outlive it."""
    record = _columns_record(ORDERS, columns)
    record["size"] = len(columns.bar)
    record["targets"] = columns.target_points.shape[1]
    return record


def _columns_record(dtype: Any, columns: BarColumns | OrderColumns) -> Records:
    record = np.zeros(1, dtype)
    for name, values in columns._asdict().items():
        record[name]["address"] = values.ctypes.data
        record[name]["stride"] = values.strides[0] if len(values) > 1 else 0
    return record


def new_state(capital_usd: float, slot_count: int) -> Records:
    """A flat account with that cash, and that many slots."""
    state = np.zeros(1, STATE)
    for name in ("cash_usd", "equity_usd", "session_start_usd", "peak_usd"):
        state[name] = capital_usd
    state["session_id"] = np.iinfo(np.int32).min
    state["atr_points"] = np.nan
    state["slot_count"] = slot_count
    return state


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
        "max_heat_frac": limits.max_heat_frac,
        "drawdown_starts_frac": limits.drawdown_starts_frac,
        "drawdown_ends_frac": limits.drawdown_ends_frac,
        "max_drawdown_frac": limits.max_drawdown_frac,
        "is_plain": _is_plain(rules),
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


def _is_plain(rules: Rules) -> bool:
    """Whether a lone open trade keeps every other order out, and its mark is the close."""
    return (
        rules.mode is PositionMode.ONE_POSITION
        and not rules.reverse
        and rules.max_entries == 1
        and rules.limits.max_daily_loss_usd == 0
        and rules.fill_policy is not FillPolicy.QUOTE_CLOSE
    )
