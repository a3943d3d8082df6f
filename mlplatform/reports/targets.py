"""The targets that a study is held against."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlplatform.metrics.summary import Summary
from mlplatform.metrics.undefined import Metric, Undefined


@dataclass(frozen=True)
class Target:
    """A figure's target: strictly above `value`, or strictly below it."""

    metric: str
    value: float
    above: bool = True

    def met_by(self, figure: Metric) -> bool:
        """Whether a figure reaches the target; a figure that does not exist reaches none."""
        if isinstance(figure, Undefined):
            return False
        return figure > self.value if self.above else figure < self.value


TARGETS = (
    Target("sharpe_ratio", 1.0),
    Target("calmar_ratio", 2.0),
    Target("profit_factor", 1.7),
    Target("win_rate", 0.55),
    Target("max_drawdown_frac", 0.10, above=False),
    Target("payoff_ratio", 2.0),
)


@dataclass(frozen=True)
class TargetRow:
    """A target with what baseline and ML came to; `met` is about ML."""

    target: Target
    baseline: Metric
    ml: Metric
    met: bool


def judge_targets(figures: Mapping[str, Summary]) -> list[TargetRow]:
    """Every target in order, judged on the figures of policy `ml`."""
    rows = []
    for target in TARGETS:
        baseline = getattr(figures["baseline"], target.metric)
        ml = getattr(figures["ml"], target.metric)
        rows.append(TargetRow(target, baseline, ml, target.met_by(ml)))
    return rows
