"""The one-account simulation under K variants in one call: for tuning."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mlplatform.domain.schema import Column, Table
from mlplatform.execution.bars import BarArrays
from mlplatform.execution.checks import check_run
from mlplatform.execution.finer import finer_columns
from mlplatform.execution.orders import Orders
from mlplatform.execution.rules import Rules
from mlplatform.execution.simulation import in_time_order, slots_needed
from mlplatform.execution.state import FILL, STATE, TRADE, Records
from mlplatform.execution.step import advance
from mlplatform.execution.tape import Tape, bars_record, new_state, orders_record, rules_record
from mlplatform.execution.variants import Variants, over_threads
from mlplatform.execution.windows import bar_flags

VARIANT_RESULTS = Table(
    "variant_results",
    (
        Column("stop_scale", pl.Float64, "multiple of the orders' stop distances"),
        Column("target_scale", pl.Float64, "multiple of the orders' target distances"),
        Column("trail_scale", pl.Float64, "multiple of the orders' trail distances"),
        Column("trades", pl.Int64, "closed trades"),
        Column("wins", pl.Int64, "closed trades with a positive net result"),
        Column("net_points", pl.Float64, "sum of net points per contract"),
        Column("net_usd", pl.Float64, "sum of net results"),
        Column("profit_usd", pl.Float64, "sum of the positive net results"),
        Column("loss_usd", pl.Float64, "sum of the others, as a positive number"),
        Column("drawdown_usd", pl.Float64, "deepest fall of the marked account from its peak"),
    ),
)


@dataclass(frozen=True, eq=False)
class VariantsResult:
    """The final account of each variant."""

    variants: Variants
    states: Records

    def summary(self) -> pl.DataFrame:
        """One row a variant; table VARIANT_RESULTS."""
        scales = {f"{n}_scale": getattr(self.variants, n) for n in ("stop", "target", "trail")}
        sums = {
            name: np.ascontiguousarray(self.states[name])
            for name in VARIANT_RESULTS.names
            if name not in scales
        }
        return VARIANT_RESULTS.frame({**scales, **sums})


def simulate_variants(
    bars: BarArrays,
    orders: Orders,
    variants: Variants,
    rules: Rules,
    capital_usd: float = 50_000.0,
    finer: BarArrays | None = None,
    threads: int = 2,
) -> VariantsResult:
    """`simulate` under each variant, keeping the final accounts alone. Raises as `simulate`."""
    check_run(bars, orders, rules, finer)
    orders = in_time_order(orders)
    columns, fine = finer_columns(bars, bars.columns(bar_flags(bars, rules.limits)), finer)
    order_columns = orders.columns()
    records = bars_record(columns), bars_record(fine), orders_record(order_columns)
    states = np.zeros(len(variants), STATE)
    none = np.empty(0, np.int32)
    nothing = Tape(np.empty(0, FILL), np.empty(0, TRADE), np.empty(0, np.float64), none)

    def one(k: int) -> None:
        state = new_state(capital_usd, slots_needed(orders, rules))
        scales = (float(s[k]) for s in (variants.stop, variants.target, variants.trail))
        advance(state, rules_record(rules, *scales), nothing.record(), *records)
        states[k] = state[0]

    over_threads(one, range(len(variants)), threads)
    return VariantsResult(variants, states)
