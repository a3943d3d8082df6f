"""Prices and costs of single fills. Side +1 is a buy or a long position, -1 a sell or a short."""

# mypy: disable-error-code="no-any-return"

from typing import Any, NamedTuple

import numpy as np

from mlplatform.execution.codes import FillPolicy
from mlplatform.execution.compiled import compiled, inlined
from mlplatform.execution.memory import number, price

QUOTE_CLOSE = int(FillPolicy.QUOTE_CLOSE)
_ON_GRID = 1e-6
"""A price this close to the grid, in ticks, counts as on it: sums of floats miss it by less."""


class Bar(NamedTuple):
    """One bar, or one finer bar inside it: `row` of its columns, to the account bar `number`."""

    number: int
    open: float
    high: float
    low: float
    close: float
    row: int
    is_finer: bool


@inlined
def bar_at(columns: Any, row: int, known_as: int, is_finer: bool) -> Bar:
    """A row of the columns, known to the account as bar `known_as`."""
    return Bar(
        known_as,
        price(columns.open, row),
        price(columns.high, row),
        price(columns.low, row),
        price(columns.close, row),
        row,
        is_finer,
    )


@inlined
def columns_of(run: Any, bar: Any) -> Any:
    """The columns that the bar is a row of."""
    return run.finer if bar.is_finer else run.bars


@compiled
def rounded(price: float, side: int, tick_points: float) -> float:
    """The price on the tick grid, against the one who trades: buys up, sells down."""
    if tick_points == 0.0:
        return price
    if side > 0:
        return np.ceil(price / tick_points - _ON_GRID) * tick_points
    return np.floor(price / tick_points + _ON_GRID) * tick_points


@inlined
def worse(a: float, b: float, side: int) -> float:
    """Of two prices the one that is worse to trade at: the higher for a buy."""
    return max(a, b) if side > 0 else min(a, b)


@inlined
def reach(bar: Any, side: int) -> float:
    """The bar's extreme in the direction of `side`: the high for +1."""
    return bar.high if side > 0 else bar.low


@inlined
def close_price(run: Any, bar: Any, side: int) -> float:
    """What a market order at the bar's close trades at, before slippage."""
    if run.rules.policy == QUOTE_CLOSE:
        columns = columns_of(run, bar)
        return number(columns.ask, bar.row) if side > 0 else number(columns.bid, bar.row)
    return bar.close


@inlined
def mark_price(run: Any, bar: Any) -> float:
    """What an open position is marked at."""
    if run.rules.policy == QUOTE_CLOSE:
        columns = columns_of(run, bar)
        return (number(columns.bid, bar.row) + number(columns.ask, bar.row)) / 2.0
    return bar.close


@compiled
def slippage_points(run: Any, bar: Any, price: float, quantity: int) -> float:
    """Slippage and half the spread of a market or stop fill, in points."""
    rules = run.rules
    points = rules.slippage_points
    if rules.slippage_atr_frac > 0.0:
        points += rules.slippage_atr_frac * run.state.atr_points
    if rules.impact_frac > 0.0:
        share = rules.impact_share_cap
        volume = number(columns_of(run, bar).volume, bar.row)
        if volume > 0.0:
            share = min(quantity / volume, share)
        points += rules.impact_frac * abs(price) * share * share
    return points
