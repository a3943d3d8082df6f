"""How deep the drawdown could have been, had the same trades come in another order."""

from dataclasses import dataclass

import numpy as np

from mlplatform.metrics.drawdowns import max_drawdown_frac, max_drawdown_usd
from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Undefined

SHUFFLES = 1_000
_MARKS = 80
PERCENTILES = (5, 25, 50, 75, 95, 99)
FAN = (5, 25, 50, 75, 95)
LIMITS_FRAC = (0.05, 0.10, 0.20, 0.30)


@dataclass(frozen=True)
class TradeOrder:
    """Monte-Carlo of trade order: the result stays, the way to it differs.

    Drawdowns are those of the equity after each trade, so they differ from those of daily marks.
    """

    shuffles: int
    actual_frac: float
    actual_usd: float
    deeper_frac: float
    """Share of the orders whose drawdown is deeper than the actual one."""
    drawdown_frac: dict[str, float]
    """By `p05` to `p99`: so large a share of the orders stays below."""
    drawdown_usd: dict[str, float]
    beyond: tuple[tuple[float, float], ...]
    """A drawdown, and the share of the orders that go beyond it."""
    marks: tuple[int, ...]
    """After so many trades ..."""
    fan_usd: dict[str, tuple[float, ...]]
    """... equity lies below this in 5 to 95 % of the orders, by `p05` to `p95`."""
    path_usd: tuple[float, ...]
    """The actual equity after those trades."""


def trade_order_of(net_usd: Floats, capital_usd: float, seed: int) -> TradeOrder | Undefined:
    """A thousand orders of the trades' net results at the sizes traded; drawn from the seed.

    It takes the trades for exchangeable: where losses come in runs, the true risk is higher than
    shown. Undefined below ten trades.
    """
    n = net_usd.size
    if n < 10:
        return Undefined("shuffling needs ten trades")
    from mlplatform.studies.segments.shuffling import shuffled_equity  # Numba is slow to import

    marks = np.unique(np.linspace(1, n, min(n, _MARKS)).round().astype(np.int64))
    start = (seed * 0x9E3779B97F4A7C15 + 0x5EED5EED5EED5EED) % 2**63 or 1
    frac, usd, path = shuffled_equity(
        np.ascontiguousarray(net_usd, dtype=np.float64), float(capital_usd), SHUFFLES, marks, start
    )
    equity = capital_usd + np.cumsum(net_usd)
    actual = max_drawdown_frac(equity, capital_usd)
    fan = np.percentile(path, FAN, axis=0)
    return TradeOrder(
        shuffles=SHUFFLES,
        actual_frac=actual,
        actual_usd=max_drawdown_usd(equity, capital_usd),
        deeper_frac=float(np.mean(frac > actual)),
        drawdown_frac=_percentiles(frac),
        drawdown_usd=_percentiles(usd),
        beyond=tuple((limit, float(np.mean(frac > limit))) for limit in LIMITS_FRAC),
        marks=tuple(marks.tolist()),
        fan_usd={f"p{q:02d}": tuple(line.tolist()) for q, line in zip(FAN, fan, strict=True)},
        path_usd=tuple(equity[marks - 1].tolist()),
    )


def _percentiles(values: Floats) -> dict[str, float]:
    found = np.percentile(values, PERCENTILES)
    return {f"p{q:02d}": float(v) for q, v in zip(PERCENTILES, found, strict=True)}
