"""Section "Prices and costs": what a fill pays."""

from math import ceil, floor, isnan

from mlplatform.execution import FillPolicy, Rules
from mlplatform_tests.execution.reference.bar import Bar


def rounded_against(price: float, side: int, tick: float | None) -> float:
    """To the grid, buys up and sells down."""
    if tick is None:
        return price
    if side > 0:
        return ceil(price / tick - 1e-6) * tick
    return floor(price / tick + 1e-6) * tick


def rounded_in_favour(price: float, side: int, tick: float | None) -> float:
    """The price of a limit entry: buys down, sells up, so that it is never exceeded."""
    return rounded_against(price, -side, tick)


def slip_points(rules: Rules, raw: float, contracts: int, volume: float, atr: float) -> float:
    """What a market or stop fill loses before rounding."""
    slip = 0.0
    if rules.tick_points is not None:
        slip = (rules.slippage_ticks + rules.spread_ticks / 2) * rules.tick_points
    if rules.slippage_atr_frac:
        slip += rules.slippage_atr_frac * atr
    if rules.impact_frac:
        share = rules.impact_share_cap
        if not isnan(volume) and volume > 0:
            share = min(contracts / volume, rules.impact_share_cap)
        slip += rules.impact_frac * abs(raw) * share**2
    return slip


def through_points(rules: Rules) -> float:
    """How far the market must trade beyond a limit."""
    return 0.0 if rules.tick_points is None else rules.limit_through_ticks * rules.tick_points


def trades_at(bar: Bar, side: int, price: float) -> bool:
    """Whether the bar comes down to a price that a buyer waits for (up, for a seller)."""
    return bar.low <= price if side > 0 else bar.high >= price


def reaches_stop(bar: Bar, side: int, price: float) -> bool:
    """Whether a stop order of this side is touched: a buy from below, a sell from above."""
    return bar.high >= price if side > 0 else bar.low <= price


def worse(side: int, one: float, other: float) -> float:
    """The worse of two prices for a fill of this side."""
    return max(one, other) if side > 0 else min(one, other)


def better(side: int, one: float, other: float) -> float:
    """The better of two prices for a fill of this side."""
    return min(one, other) if side > 0 else max(one, other)


def is_better(side: int, price: float, than: float) -> bool:
    """Strictly better for a fill of this side."""
    return price < than if side > 0 else price > than


def mark_of(bar: Bar, policy: FillPolicy) -> float:
    """The price that values open positions at the bar's close."""
    return (bar.bid + bar.ask) / 2 if policy == FillPolicy.QUOTE_CLOSE else bar.close


def market_at_close(bar: Bar, side: int, policy: FillPolicy) -> float:
    """Where a market order of this side trades at the close."""
    if policy != FillPolicy.QUOTE_CLOSE:
        return bar.close
    return bar.ask if side > 0 else bar.bid
