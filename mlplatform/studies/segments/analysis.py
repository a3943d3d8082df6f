"""All segments of a study in one value."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.result import StudyResult
from mlplatform.studies.segments.contribution import (
    Contribution,
    RDistribution,
    contribution_of,
    r_distribution,
)
from mlplatform.studies.segments.decay import (
    Decay,
    ParameterDrift,
    auc_by_window,
    decay_of,
    drift_of,
)
from mlplatform.studies.segments.excursions import Excursions, excursions_of
from mlplatform.studies.segments.groups import Dimension, dimensions_of
from mlplatform.studies.segments.keys import keyed_trades
from mlplatform.studies.segments.rolling import Rolling, rolling_of
from mlplatform.studies.segments.trade_order import TradeOrder, trade_order_of


@dataclass(frozen=True)
class Segments:
    """Everything here is known only after the study; mappings are by policy (`policies`)."""

    windows: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    contribution: Mapping[str, Contribution]
    distribution: Mapping[str, RDistribution]
    excursions: Mapping[str, Excursions]
    rolling: Mapping[str, Rolling | Undefined]
    trade_order: Mapping[str, TradeOrder | Undefined]
    decay: Mapping[str, Decay]
    parameters: tuple[ParameterDrift, ...]
    auc: tuple[Metric, ...]
    """Of ML's entry probability out of sample, by window."""

    @property
    def policies(self) -> tuple[str, ...]:
        """Baseline, ml, and a strategy's own exits where the study has them."""
        return tuple(self.contribution)

    def dimension(self, name: str) -> Dimension:
        """The dimension of this name."""
        return next(found for found in self.dimensions if found.name == name)


def segments_of(study: StudyResult) -> Segments:
    """Where the result of each judged policy came from; the same study gives the same value."""
    windows = tuple(window.period for window in study.windows)
    keyed = {name: keyed_trades(study, name) for name in study.judged}
    return Segments(
        windows=windows,
        dimensions=dimensions_of(keyed, windows),
        contribution={name: contribution_of(trades) for name, trades in keyed.items()},
        distribution={name: r_distribution(trades) for name, trades in keyed.items()},
        excursions={name: excursions_of(study.policies[name].trades) for name in keyed},
        rolling={name: rolling_of(study.policies[name].daily, study.capital_usd) for name in keyed},
        trade_order={
            name: trade_order_of(trades.net_usd, study.capital_usd, study.seed)
            for name, trades in keyed.items()
        },
        decay={name: decay_of(trades, windows) for name, trades in keyed.items()},
        parameters=tuple(drift_of(study.parameters, windows)),
        auc=auc_by_window(study.candidates, windows),
    )
