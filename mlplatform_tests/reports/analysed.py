"""Feature analyses to draw pages of."""

from dataclasses import replace

import numpy as np

from mlplatform.studies.feature_analysis.analysis import (
    AnalysisConfig,
    FeatureAnalysis,
    analyse_features,
)
from mlplatform_tests.studies.feature_analysis.drawn import noise, sample_from


def usual() -> FeatureAnalysis:
    """Sixty inputs: two that say something, twins, a drifted one, a flag, a constant, an empty."""
    x = noise(2_400, 60, seed=1)
    x[:, 1] = x[:, 0] + 0.1 * x[:, 1]
    x[:, 5] = x[:, 5] > 1
    x[:, 6], x[:, 7] = 3.0, np.nan
    p = 0.45 + 0.1 * np.tanh(x[:, 0]) + 0.1 * (np.abs(x[:, 3]) - 0.8)
    names = tuple(f"input_with_a_long_name_{i}" for i in range(60))
    sample = sample_from(x, np.clip(p, 0, 1), days=120, names=names)
    x[sample.period == 5, 4] += 2.0
    return analyse_features(sample, AnalysisConfig())


def without_candidates() -> FeatureAnalysis:
    """Inputs, but not one candidate."""
    return analyse_features(sample_from(np.empty((0, 3))), AnalysisConfig())


def one_period_one_side() -> FeatureAnalysis:
    """Longs of one month."""
    sample = sample_from(noise(600, 8), days=20, periods=1)
    return analyse_features(replace(sample, sides=(1,)), AnalysisConfig())


def without_outcomes() -> FeatureAnalysis:
    """Candidates whose trades never ended."""
    sample = sample_from(noise(900, 4))
    sample.r[:], sample.is_win[:] = np.nan, np.nan
    return analyse_features(sample, AnalysisConfig())


def one_input() -> FeatureAnalysis:
    """A single input, of noise."""
    return analyse_features(sample_from(noise(900, 1)), AnalysisConfig())
