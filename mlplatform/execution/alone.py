"""Every order as if no other existed, under K variants of its bracket: what labels are made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlplatform.domain.errors import InputError
from mlplatform.execution.bars import BarArrays
from mlplatform.execution.checks import check_run
from mlplatform.execution.coast import coast
from mlplatform.execution.codes import OrderKind
from mlplatform.execution.compiled import compiled, entrance
from mlplatform.execution.finer import finer_columns
from mlplatform.execution.memory import number, trade_at, whole
from mlplatform.execution.orders import Orders
from mlplatform.execution.phases import open_session
from mlplatform.execution.prices import bar_at
from mlplatform.execution.rules import Rules
from mlplatform.execution.state import FILL, TRADE, Records
from mlplatform.execution.step import Run, accept, step
from mlplatform.execution.tape import Tape, bars_record, new_state, orders_record, rules_record
from mlplatform.execution.variants import Variants, over_threads
from mlplatform.execution.windows import bar_flags

Floats = NDArray[np.float64]
_OF_ACCOUNT = (
    *("max_contracts", "max_trades", "max_losses", "margin_usd", "max_daily_loss_usd"),
    *("max_heat_frac", "drawdown_ends_frac", "max_drawdown_frac"),
)
_RESULT_TYPES: dict[str, Any] = {
    "complete": np.bool_,
    "entry_bar": np.int64,
    "exit_bar": np.int64,
    "reason": np.int32,
    **dict.fromkeys(("entry_price", "net_points", "r", "mae_points", "mfe_points"), np.float64),
}


@dataclass(frozen=True, eq=False)
class EachResult:
    """What each order would have made alone; every array has shape (n_orders, K).

    `complete` is False where the trade never closed: its entry did not fill, or the data ends
    before its exit. There exit_bar is -1, reason 0, and the numbers are NaN: not guessed.
    `exit_bar` is the index of the bar of the last exit fill, `reason` a `Reason`. `net_points` is
    after all costs, per contract; `r` is that per stop distance. MAE and MFE are 0 or more.
    """

    complete: NDArray[np.bool_]
    entry_bar: NDArray[np.int64]
    exit_bar: NDArray[np.int64]
    reason: NDArray[np.int32]
    entry_price: Floats
    net_points: Floats
    r: Floats
    mae_points: Floats
    mfe_points: Floats


@entrance
def trade_alone(state: Any, rules: Any, log: Any, bars: Any, finer: Any, orders: Any) -> None:
    """Step each order from its decision to the close of its trade, on an account of its own."""
    run = Run(state[0], rules[0], log[0], bars[0], finer[0], orders[0])
    for o in range(run.orders.size):
        decision = np.int64(whole(run.orders.bar, o))
        clear(run)
        run.state.atr_points = number(run.bars.atr_points, decision)
        open_session(run, whole(run.bars.session_id, decision))
        run.log.n_trades = o
        trade_at(run.log.trades, o).exit_bar = -1
        accept(run, bar_at(run.bars, decision, decision, False), o, whole(run.bars.flags, decision))
        i = decision + 1
        while run.state.active > 0 and i < run.bars.size:
            i, _ = coast(run, i, run.orders.size)
            if i < run.bars.size:
                step(run, i, i, 0, 0)
                i += 1


@compiled
def clear(run: Any) -> None:
    """An empty account."""
    state = run.state
    state.cash_usd = state.equity_usd = 0.0
    state.position = state.active = state.halted = 0
    state.session_entries = state.session_losses = 0
    for s in range(state.slot_count):
        state.slots[s].status = 0


def simulate_each(
    bars: BarArrays,
    orders: Orders,
    variants: Variants,
    rules: Rules,
    finer: BarArrays | None = None,
    threads: int = 2,
) -> EachResult:
    """Each order alone, as if no other existed, under each variant.

    Costs, fills, windows and the session's end are those of `rules`; limits on the account
    (losses, size, margin) do not apply, for there is no account. Raises InputError as `simulate`
    does, and for orders that only exit.
    """
    check_run(bars, orders, rules, finer)
    if (orders.kind == OrderKind.EXIT).any():
        row = int(np.argmax(orders.kind == OrderKind.EXIT))
        raise InputError(f"Order row {row} only exits: it has no result alone.")
    columns, fine = finer_columns(bars, bars.columns(bar_flags(bars, rules.limits)), finer)
    order_columns = orders.columns()
    records = bars_record(columns), bars_record(fine), orders_record(order_columns)
    shape = (len(orders), len(variants))
    results = {name: np.empty(shape, dtype, order="F") for name, dtype in _RESULT_TYPES.items()}
    scale = rules.multiplier_usd * orders.column("quantity")

    def one(k: int) -> None:
        scales = (float(s[k]) for s in (variants.stop, variants.target, variants.trail))
        trades, none = np.empty(len(orders), TRADE), np.empty(0, np.int32)
        tape = Tape(np.empty(0, FILL), trades, np.empty(0, np.float64), none)
        record = without_limits(rules_record(rules, *scales))
        trade_alone(new_state(0.0, 1), record, tape.record(), *records)
        complete = trades["exit_bar"] >= 0
        trades["net_usd"][complete] /= scale[complete]
        for name, values in results.items():
            values[:, k] = _known(trades, complete, name)

    over_threads(one, range(len(variants)), threads)
    return EachResult(**results)


def without_limits(record: Records) -> Records:
    """The rules without the account's limits."""
    for name in _OF_ACCOUNT:
        record[name] = 0
    return record


def _known(trades: Records, complete: NDArray[np.bool_], name: str) -> Any:
    """One column of the trades; what is unknown where the trade did not complete."""
    if name == "complete":
        return complete
    unknown = {"entry_bar": -1, "exit_bar": -1, "reason": 0}.get(name, np.nan)
    source = "net_usd" if name == "net_points" else name
    return np.where(complete, trades[source], unknown)
