"""How much the pessimistic reading of ambiguous bars costs, told by finer bars."""

from dataclasses import dataclass

from mlplatform.execution.bars import BarArrays
from mlplatform.execution.orders import Orders
from mlplatform.execution.rules import Rules
from mlplatform.execution.simulation import simulate


@dataclass(frozen=True)
class IntrabarComparison:
    """One simulation twice: on the bars alone, and with finer bars where a bar is ambiguous."""

    ambiguous_bars: int
    """Bars on which stop and target were both in reach, on the bars alone."""
    resolved_bars: int
    """Ambiguous bars of the second run that finer bars decided."""
    unresolved_bars: int
    """Ambiguous bars of the second run without finer bars that make them up."""
    pessimistic_net_usd: float
    resolved_net_usd: float

    @property
    def pessimism_usd(self) -> float:
        """What the pessimistic reading took from the net result of all closed trades."""
        return self.resolved_net_usd - self.pessimistic_net_usd


def compare_intrabar(
    bars: BarArrays,
    finer: BarArrays,
    orders: Orders,
    rules: Rules,
    capital_usd: float = 50_000.0,
) -> IntrabarComparison:
    """Simulate without and with the finer bars. Raises as `simulate`."""
    alone = simulate(bars, orders, rules, capital_usd).state
    resolved = simulate(bars, orders, rules, capital_usd, finer).state
    return IntrabarComparison(
        ambiguous_bars=int(alone["ambiguous_bars"]),
        resolved_bars=int(resolved["resolved_bars"]),
        unresolved_bars=int(resolved["ambiguous_bars"] - resolved["resolved_bars"]),
        pessimistic_net_usd=float(alone["net_usd"]),
        resolved_net_usd=float(resolved["net_usd"]),
    )
