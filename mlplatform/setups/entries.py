"""How candidates want to be entered, in the columns that the execution engine takes."""

from enum import IntEnum
from typing import Any

import numpy as np
import polars as pl

from mlplatform.domain.tables import ORDER_TYPES


def entry_columns(rows: pl.DataFrame, kinds: type[IntEnum]) -> dict[str, Any]:
    """`kind`, `entry_limit`, `entry_stop` and `expiry_bars` of candidates or decisions.

    One array entry a row, for `execution.Orders`; `kinds` is its OrderKind. Labels, backtest and
    live trading all enter by this: what they do with an order type cannot differ. Raises
    ValueError where a resting order has no price, or a market order has one.
    """
    types, prices = rows["order_type"].cast(pl.String), rows["order_price"]
    is_market = types == "market"
    if (is_market != prices.is_null()).any():
        raise ValueError("a market order has no price, any other has one")
    points = prices.fill_null(float("nan")).to_numpy()
    codes = {name: int(kinds[name.upper()]) for name in ORDER_TYPES.categories}
    return {
        "kind": types.replace_strict(codes, return_dtype=pl.Int32).to_numpy(),
        "entry_limit": np.where((types == "limit").to_numpy(), points, np.nan),
        "entry_stop": np.where((types == "stop").to_numpy(), points, np.nan),
        "expiry_bars": rows["expiry_bars"].to_numpy(),
    }
