"""Bar sequences drawn by hand: one string a bar, "open high low close"."""

from collections.abc import Sequence

import numpy as np

from mlplatform.execution import BarArrays, Orders, Rules, Simulation, simulate

MINUTE_US = 60_000_000
FREE = Rules(multiplier_usd=1.0, limit_through_ticks=0.0)
"""One dollar a point, no costs, a touch fills a limit."""


def drawn(*bars: str, sessions: Sequence[int] = (), **columns: object) -> BarArrays:
    """The bars, one minute apart."""
    prices = np.array([[float(x) for x in bar.split()] for bar in bars]).T
    if sessions:
        columns["session_id"] = np.array(sessions, np.int32)
    arrays = {n: np.array(v) if isinstance(v, list) else v for n, v in columns.items()}
    ts = np.arange(len(bars), dtype=np.int64) * MINUTE_US
    return BarArrays(ts, *prices, timeframe_us=MINUTE_US, **arrays)  # type: ignore[arg-type]


def order(bar: int, side: int, quantity: int = 1, **columns: object) -> Orders:
    """One order."""
    return Orders([bar], [side], quantity, **columns)  # type: ignore[arg-type]


def exits(run: Simulation) -> list[tuple[int, float, int, str]]:
    """(bar, price, contracts, reason) of every exit fill."""
    rows = run.fills().filter(run.fills()["reason"] != "entry")
    return list(rows.select("bar", "price", "contracts", "reason").iter_rows())


def entries(run: Simulation) -> list[tuple[int, float]]:
    """(bar, price) of every entry fill."""
    rows = run.fills().filter(run.fills()["reason"] == "entry")
    return list(rows.select("bar", "price").iter_rows())


def played(bars: BarArrays, orders: Orders, rules: Rules = FREE) -> Simulation:
    """The simulation on 1,000 dollars."""
    return simulate(bars, orders, rules, 1000.0)
