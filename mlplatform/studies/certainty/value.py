"""How sure the figures of a study are: the value that the report shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlplatform.metrics.bootstrap import Interval
from mlplatform.metrics.undefined import Metric, Undefined

Intervals = Mapping[str, Interval | Undefined]
"""By figure: names of `Summary`, and `mean_day_usd`."""


@dataclass(frozen=True)
class Verdict:
    """`kind`: edge, edge_not_over_baseline, none, loss or too_little; `basis`: the figures."""

    kind: str
    sentence: str
    basis: str
    rules: tuple[str, ...]
    """The rules that gave it, in order."""


@dataclass(frozen=True)
class Deflation:
    """The Sharpe ratio of ML held against the luck of the best of many trials."""

    trials: int
    sr0: Metric
    """Annual Sharpe ratio that the best of the trials is expected to show without skill."""
    dsr: Metric
    """Deflated Sharpe ratio: the probability that the true one is above zero nevertheless."""


@dataclass(frozen=True)
class Permutation:
    """What the entry model's scores are worth: mean R, each trade alone, taken against shuffled."""

    p: Metric
    """Share of the shuffles that do as well: small where the scores know something."""
    taken: int
    candidates: int
    mean_taken_r: Metric
    mean_all_r: Metric
    resamples: int


@dataclass(frozen=True)
class CostRow:
    """A policy's trades under other costs; the trades themselves stay as they are."""

    policy: str
    multiple: float
    """Of all costs; 1 where only slippage is added."""
    extra_ticks: float
    """Slippage added per side that pays slippage."""
    net_usd: Metric
    expectancy_r: Metric
    sharpe: Metric


@dataclass(frozen=True)
class Certainty:
    """All of it. Everything is a pure function of the study and its seed."""

    resamples: int
    confidence: float
    ml: Intervals
    baseline: Intervals
    difference: Intervals
    """ML minus baseline, on the same resampled days."""
    strategy: Intervals | None
    """Of a strategy's own exits; None where the study has none."""
    strategy_difference: Intervals | None
    """These minus baseline, on the same resampled days."""
    psr: Metric
    """Probability that ML's true Sharpe ratio is above zero."""
    trials_optuna: int
    sr0: Metric
    dsr: Metric
    """As if the trials of Optuna had seen the judged days: the severest reading."""
    earlier_studies: int
    """Other recipes that were tried on the same series before this one."""
    with_earlier: Deflation
    """As if each earlier study had made as many trials; what depends on it is provenance."""
    looks: Deflation
    """This study and each earlier one as one trial each: what the verdict goes by."""
    pbo: Metric
    """Probability of overfitting in choosing setup and threshold."""
    pbo_variants: int
    permutation: Permutation
    costs: tuple[CostRow, ...]
    slippage: tuple[CostRow, ...]
    break_even_multiple: Mapping[str, Metric]
    """By policy: the multiple of the costs at which nothing is left."""
    verdict: Verdict
    verdict_with_earlier: Verdict
    """What heads the report: never kinder than `verdict`."""

    @property
    def permutation_p(self) -> Metric:
        """The permutation test's p-value."""
        return self.permutation.p
