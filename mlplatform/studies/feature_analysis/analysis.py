"""All that can be said of the features of a series, from one sample of its candidates."""

from dataclasses import dataclass

import numpy as np

from mlplatform.studies.feature_analysis.association import Association, association_of
from mlplatform.studies.feature_analysis.drift import Drift, drift_of
from mlplatform.studies.feature_analysis.expectancy import (
    MINIMUM_DAYS,
    Quantiles,
    quantiles_of,
)
from mlplatform.studies.feature_analysis.redundancy import Redundancy, redundancy_of
from mlplatform.studies.feature_analysis.sample import CandidateSample, Ints
from mlplatform.studies.feature_analysis.selection import Proposal, proposed_set
from mlplatform.studies.feature_analysis.stability import Stability, stability_of


@dataclass(frozen=True)
class AnalysisConfig:
    """What an analysis is made with."""

    train_periods: int = 3
    """Periods before the newest that drift compares with it: those a model would learn from."""
    seed: int = 7
    resamples: int = 1_000
    permutations: int = 500


@dataclass(frozen=True, eq=False)
class FeatureAnalysis:
    """The findings. Arrays are in the order of `names`: the inputs that vary."""

    sample: CandidateSample
    """Of the inputs that vary."""
    dropped: tuple[tuple[str, str], ...]
    """Inputs that cannot say anything, and why."""
    quantiles: Quantiles
    association: Association
    stability: Stability
    drift: Drift
    redundancy: Redundancy
    proposals: tuple[Proposal, ...]
    config: AnalysisConfig

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs that vary, in the models' order."""
        return self.sample.names

    @property
    def outcomes(self) -> int:
        """Candidates whose outcome is known."""
        return int(self.sample.has_outcome.sum())

    @property
    def outcome_days(self) -> int:
        """Trading days among them: the observations that count."""
        return len(np.unique(self.sample.day[self.sample.has_outcome]))

    @property
    def mean_r(self) -> float:
        """Of all candidates with an outcome; NaN without."""
        r = self.sample.r[self.sample.has_outcome]
        return float(r.mean()) if r.size else float("nan")

    @property
    def win_rate(self) -> float:
        """Of all candidates with an outcome; NaN without."""
        wins = self.sample.is_win[self.sample.has_outcome]
        return float(wins.mean()) if wins.size else float("nan")

    @property
    def looked_at(self) -> int:
        """Features that were tested: what the correction counts."""
        return int((~np.isnan(self.association.p_value)).sum())

    @property
    def discoveries(self) -> Ints:
        """Places of features that say more than chance would, the surest first."""
        found = np.flatnonzero(self.association.is_discovery)
        return found[np.argsort(self.association.p_value[found], kind="stable")]

    @property
    def limits(self) -> tuple[str, ...]:
        """What could not be looked at, a sentence each."""
        return tuple(_limits(self))


def analyse_features(sample: CandidateSample, config: AnalysisConfig) -> FeatureAnalysis:
    """Everything at once. Seeded: equal samples and configs give equal findings.

    A sample without rows, with one period or one side gives an analysis that says so.
    """
    dropped = _without_variation(sample)
    gone = {name for name, _ in dropped}
    varying = np.array([i for i, name in enumerate(sample.names) if name not in gone], np.int64)
    sample = sample.of_columns(varying)
    known = sample.with_outcome()
    quantiles = quantiles_of(known, config.seed, config.resamples)
    stability = stability_of(known, quantiles)
    drift = drift_of(sample, config.train_periods, config.seed, config.permutations)
    redundancy = redundancy_of(sample.x)
    return FeatureAnalysis(
        sample,
        dropped,
        quantiles,
        association_of(known),
        stability,
        drift,
        redundancy,
        proposed_set(sample.names, redundancy, stability, drift),
        config,
    )


def _without_variation(sample: CandidateSample) -> tuple[tuple[str, str], ...]:
    """Inputs that are null on every candidate, or the same wherever they are known."""
    if len(sample) == 0:
        return tuple((name, "there is no candidate") for name in sample.names)
    found = []
    for place, name in enumerate(sample.names):
        values = sample.x[:, place]
        values = values[~np.isnan(values)]
        if not values.size:
            found.append((name, "null on every candidate"))
        elif values.min() == values.max():
            found.append((name, f"constant: {values[0]:g} on every candidate"))
    return tuple(found)


def _limits(found: FeatureAnalysis) -> list[str]:
    sample = found.sample
    if len(sample) == 0:
        return ["There is no candidate: nothing can be said of any feature."]
    told = []
    if found.outcome_days < MINIMUM_DAYS:
        told.append(
            f"Outcomes are known on {found.outcome_days} trading days, {MINIMUM_DAYS} are needed: "
            "no feature was tested against the outcome."
        )
    if len(sample.periods) == 1:
        told.append(
            f"There is one period, {sample.periods[0]}: nothing can be said of stability and drift."
        )
    elif found.drift.compared.reason is not None:
        told.append(f"Drift is not known: {found.drift.compared.reason}.")
    if len(sample.sides) == 1:
        side = "long" if sample.sides[0] > 0 else "short"
        told.append(f"All candidates are {side}: the other side was not seen.")
    return told
