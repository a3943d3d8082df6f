"""The one execution step, order types and costs; the backtest loop. Numba loads on first use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlplatform.execution.alone import EachResult as EachResult
    from mlplatform.execution.alone import simulate_each as simulate_each
    from mlplatform.execution.bars import BarArrays as BarArrays
    from mlplatform.execution.codes import BarFlag as BarFlag
    from mlplatform.execution.codes import FillPolicy as FillPolicy
    from mlplatform.execution.codes import OrderKind as OrderKind
    from mlplatform.execution.codes import Outcome as Outcome
    from mlplatform.execution.codes import PositionMode as PositionMode
    from mlplatform.execution.codes import Reason as Reason
    from mlplatform.execution.grid import VariantsResult as VariantsResult
    from mlplatform.execution.grid import simulate_variants as simulate_variants
    from mlplatform.execution.intrabar import IntrabarComparison as IntrabarComparison
    from mlplatform.execution.intrabar import compare_intrabar as compare_intrabar
    from mlplatform.execution.live import LiveSimulator as LiveSimulator
    from mlplatform.execution.live import LiveStep as LiveStep
    from mlplatform.execution.orders import Orders as Orders
    from mlplatform.execution.rules import Limits as Limits
    from mlplatform.execution.rules import Rules as Rules
    from mlplatform.execution.simulation import Simulation as Simulation
    from mlplatform.execution.simulation import simulate as simulate
    from mlplatform.execution.variants import Variants as Variants

_HOMES = {
    "BarArrays": "bars",
    "BarFlag": "codes",
    "EachResult": "alone",
    "FillPolicy": "codes",
    "OrderKind": "codes",
    "Outcome": "codes",
    "PositionMode": "codes",
    "Reason": "codes",
    "Orders": "orders",
    "IntrabarComparison": "intrabar",
    "Limits": "rules",
    "LiveSimulator": "live",
    "LiveStep": "live",
    "Rules": "rules",
    "Simulation": "simulation",
    "Variants": "variants",
    "VariantsResult": "grid",
    "compare_intrabar": "intrabar",
    "simulate": "simulation",
    "simulate_each": "alone",
    "simulate_variants": "grid",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
