"""The backtest: the compiled step over all bars, and its result as tables."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlplatform.domain.errors import InputError
from mlplatform.domain.schema import UTC_US, Column, Table
from mlplatform.domain.tables import EQUITY, FILLS, TRADES
from mlplatform.execution.bars import BarArrays
from mlplatform.execution.checks import check_run
from mlplatform.execution.codes import (
    MAX_SLOTS,
    MAX_TARGETS,
    OrderKind,
    Outcome,
    PositionMode,
    Reason,
)
from mlplatform.execution.finer import finer_columns
from mlplatform.execution.orders import Orders
from mlplatform.execution.rules import Rules
from mlplatform.execution.state import FILL, TRADE, Records
from mlplatform.execution.step import advance
from mlplatform.execution.tape import Tape, bars_record, new_state, orders_record, rules_record
from mlplatform.execution.windows import bar_flags

OUTCOMES = Table(
    "order_outcomes",
    (
        Column("candidate_id", pl.String, "tag of the order"),
        Column("ts", UTC_US, "start of the decision bar"),
        Column("outcome", pl.String, "filled, why cancelled, or why refused"),
    ),
)


@dataclass(frozen=True, eq=False)
class Simulation:
    """What one simulation did; frames are built when asked for.

    `state` is the final state record. What the end of the data left open is no trade: only its
    marks are in the equity.
    """

    bars: BarArrays
    orders: Orders
    rules: Rules
    state: Records
    trade_records: Records
    fill_records: Records
    equity_usd: NDArray[np.float64]
    outcome_codes: NDArray[np.int32]

    def trades(self) -> pl.DataFrame:
        """One row a closed trade, in order of closing; table TRADES."""
        rows, bars = self.trade_records, self.bars
        same = ("entry_price", "exit_price", "gross_usd", "commission_usd", "slippage_usd")
        columns: dict[str, object] = {
            name: np.ascontiguousarray(rows[name])
            for name in (*same, "net_usd", "mae_points", "mfe_points", "side")
        }
        columns |= {
            "candidate_id": self._tags.gather(rows["order"]),
            "setup": self._words(self.orders.setup_names, rows["setup"]),
            "contracts": np.ascontiguousarray(rows["quantity"]),
            "decision_ts": self._ts(bars.ts[rows["decision_bar"]]),
            "entry_ts": self._ts(bars.ts[rows["entry_bar"]]),
            "exit_ts": self._ts(bars.ts[rows["exit_bar"]]),
            "stop_points": _finite(rows["stop_points"]),
            "target_points": _finite(rows["target_points"]),
            "exit_reason": self._words([r.label for r in Reason], rows["reason"]),
            "r": _finite(np.where(np.isfinite(rows["stop_points"]), rows["r"], np.inf)),
            "bars_held": rows["exit_bar"] - rows["entry_bar"] + 1,
        }
        return TRADES.frame(columns)

    def fills(self) -> pl.DataFrame:
        """One row a fill, in order of filling; table FILLS."""
        rows = self.fill_records
        columns: dict[str, object] = {
            name: np.ascontiguousarray(rows[name])
            for name in ("bar", "side", "price", "commission_usd")
        }
        columns |= {
            "candidate_id": self._tags.gather(rows["order"]),
            "ts": self._ts(self.bars.ts[rows["bar"]]),
            "contracts": np.ascontiguousarray(rows["quantity"]),
            "reason": self._words([r.label for r in Reason], rows["reason"]),
        }
        return FILLS.frame(columns)

    def equity(self) -> pl.DataFrame:
        """One row a bar; table EQUITY."""
        return EQUITY.frame(
            {
                "ts": self._ts(self.bars.ts),
                "equity_usd": self.equity_usd,
                "position": self.position,
            }
        )

    def outcomes(self) -> pl.DataFrame:
        """One row an order, in time order: what became of it; table OUTCOMES."""
        return OUTCOMES.frame(
            {
                "candidate_id": self._tags,
                "ts": self._ts(self.bars.ts[self.orders.bar]),
                "outcome": self._words([o.label for o in Outcome], self.outcome_codes),
            }
        )

    @cached_property
    def position(self) -> NDArray[np.int32]:
        """Contracts held at each bar's close, signed."""
        signed = self.fill_records["side"] * self.fill_records["quantity"]
        changes = np.bincount(self.fill_records["bar"], signed, len(self.bars))
        return np.cumsum(changes).astype(np.int32)

    @cached_property
    def _tags(self) -> pl.Series:
        return self.orders.tags()

    @staticmethod
    def _ts(values: NDArray[np.int64]) -> pl.Series:
        return pl.Series(values).cast(UTC_US)

    @staticmethod
    def _words(words: "list[str] | tuple[str, ...]", codes: NDArray[np.integer]) -> pl.Series:
        return pl.Series(words, dtype=pl.String).gather(np.ascontiguousarray(codes, np.int64))


def simulate(
    bars: BarArrays,
    orders: Orders,
    rules: Rules,
    capital_usd: float = 50_000.0,
    finer: BarArrays | None = None,
) -> Simulation:
    """Trade the orders over the bars.

    An order is known at the end of its decision bar. `finer` are bars of a shorter timeframe that
    decide what came first inside a bar. The semantics are written down in docs/execution.md.
    Raises InputError that names the row of an order or bar that cannot be used.
    """
    check_run(bars, orders, rules, finer)
    orders = in_time_order(orders)
    columns, fine = finer_columns(bars, bars.columns(bar_flags(bars, rules.limits)), finer)
    order_columns = orders.columns()
    tape, state = new_tape(orders, len(bars)), new_state(capital_usd, slots_needed(orders, rules))
    log = tape.record()
    advance(
        state,
        rules_record(rules),
        log,
        bars_record(columns),
        bars_record(fine),
        orders_record(order_columns),
    )
    return Simulation(
        bars,
        orders,
        rules,
        state[0],
        tape.trades[: log["n_trades"][0]],
        tape.fills[: log["n_fills"][0]],
        tape.equity_usd,
        tape.outcome,
    )


def in_time_order(orders: Orders) -> Orders:
    """The orders by decision bar; on one bar in their own order."""
    if (orders.bar[1:] >= orders.bar[:-1]).all():
        return orders
    return orders.take(np.argsort(orders.bar, kind="stable"))


def slots_needed(orders: Orders, rules: Rules) -> int:
    """As many slots as these orders can hold at a time."""
    setups = len(np.unique(orders.setup)) if rules.mode is PositionMode.PER_SETUP else 1
    pair = 1
    if (orders.oco_group >= 0).any():
        groups = orders.column("oco_group")
        pair = int(np.unique(groups[groups >= 0], return_counts=True)[1].max())
    leaving = 2 if rules.reverse or (orders.kind == OrderKind.EXIT).any() else 1
    needed = min(setups * (pair + rules.max_entries - 1) * leaving, max(len(orders), 1))
    if needed > MAX_SLOTS:
        raise InputError(f"These orders need {needed} places at a time; {MAX_SLOTS} is the most.")
    return needed


def new_tape(orders: Orders, n_bars: int) -> Tape:
    """Arrays that hold everything these orders can do."""
    return Tape(
        np.empty(len(orders) * (MAX_TARGETS + 2), FILL),
        np.empty(len(orders), TRADE),
        np.empty(n_bars, np.float64),
        np.zeros(len(orders), np.int32),
    )


def _finite(values: NDArray[np.float64]) -> pl.Series:
    """Numbers; null where infinite."""
    series = pl.Series(np.ascontiguousarray(values))
    return pl.select(pl.when(series.is_finite()).then(series)).to_series()
