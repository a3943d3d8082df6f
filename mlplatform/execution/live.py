"""One bar at a time: the same compiled step for paper and live trading, playback and RL."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlplatform.domain.errors import InputError
from mlplatform.execution.bars import BarArrays
from mlplatform.execution.checks import check_atr, check_run
from mlplatform.execution.codes import MAX_SLOTS, MAX_TARGETS, BarFlag
from mlplatform.execution.finer import finer_columns
from mlplatform.execution.orders import Orders
from mlplatform.execution.rules import Rules
from mlplatform.execution.state import FILL, STATE, TRADE, Records
from mlplatform.execution.step import advance
from mlplatform.execution.tape import Tape, bars_record, new_state, orders_record, rules_record


@dataclass(frozen=True, eq=False)
class LiveStep:
    """What one bar brought: fills and closed trades as records, the account after the bar.

    Records name an order by its number, counted from 0 over all orders that were ever given;
    `outcomes` maps the numbers whose outcome this bar changed to codes of `Outcome`.
    """

    fills: Records
    trades: Records
    outcomes: dict[int, int]
    equity_usd: float
    position: int


class LiveSimulator:
    """Advances the compiled step one bar at a time; the backtest gives the same, bit for bit.

    `slots` is how many orders may work or be open at a time. `save` gives the whole state as
    bytes, `resume` goes on from them.
    """

    def __init__(self, rules: Rules, capital_usd: float = 50_000.0, slots: int = 8) -> None:
        if not 1 <= slots <= MAX_SLOTS:
            raise InputError(f"slots must be between 1 and {MAX_SLOTS}, not {slots}.")
        self.rules = rules
        self._record = rules_record(rules)
        self._state = new_state(capital_usd, slots)
        self._state["last_ts"] = np.iinfo(np.int64).min

    @classmethod
    def resume(cls, rules: Rules, saved: bytes) -> "LiveSimulator":
        """The simulator whose `save` gave these bytes."""
        if len(saved) != STATE.itemsize:
            raise InputError(f"A saved state has {STATE.itemsize} bytes, not {len(saved)}.")
        simulator = cls(rules)
        simulator._state = np.frombuffer(saved, STATE).copy()
        return simulator

    def save(self) -> bytes:
        """The whole state."""
        return self._state.tobytes()

    @property
    def state(self) -> np.void:
        """A copy of the state record: cash, equity, position, slots."""
        record: np.void = self._state.copy()[0]
        return record

    def advance(
        self,
        bar: BarArrays,
        orders: Orders | None = None,
        flags: BarFlag | int = 0,
        finer: BarArrays | None = None,
    ) -> LiveStep:
        """Trade through one bar, then take in the orders that were decided at its end.

        `bar` has one row. The orders' own `bar` column is not read. `flags` adds what the bar
        alone does not tell: last of its contract, outside the windows. Raises InputError where a
        bar is not later than the one before, or an order cannot be used.
        """
        if len(bar) != 1:
            raise InputError(f"The live simulator takes one bar at a time, not {len(bar)}.")
        if bar.ts[0] <= self._state["last_ts"][0]:
            raise InputError("This bar is not later than the one before.")
        orders = Orders.none() if orders is None else orders
        orders = replace(orders, bar=np.zeros(len(orders), np.int32))
        check_run(bar, orders, self.rules, finer)
        if self.rules.slippage_atr_frac > 0 and self._state["active"][0] > 0:
            check_atr(bar, 0)
        orders = replace(orders, bar=np.full(len(orders), self._state["bar"][0], np.int32))
        return self._step(bar, orders, bar.calendar_flags | np.int32(flags), finer)

    def _step(
        self, bar: BarArrays, orders: Orders, flags: NDArray[np.int32], finer: BarArrays | None
    ) -> LiveStep:
        columns, fine = finer_columns(bar, bar.columns(flags), finer)
        order_columns = orders.columns()
        first = int(self._state["first_order"][0])
        places = int(self._state["slot_count"][0]) + len(orders)
        tape = Tape(
            np.empty(places * (MAX_TARGETS + 2), FILL),
            np.empty(places, TRADE),
            np.empty(1, np.float64),
            np.full(first + len(orders), -1, np.int32),
        )
        log = tape.record()
        advance(
            self._state,
            self._record,
            log,
            bars_record(columns),
            bars_record(fine),
            orders_record(order_columns),
        )
        self._state["last_ts"] = bar.ts[0]
        changed = np.flatnonzero(tape.outcome >= 0)
        return LiveStep(
            tape.fills[: log["n_fills"][0]],
            tape.trades[: log["n_trades"][0]],
            {int(number): int(tape.outcome[number]) for number in changed},
            float(tape.equity_usd[0]),
            int(self._state["position"][0]),
        )
