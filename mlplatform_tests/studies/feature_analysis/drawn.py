"""Samples whose truth is known."""

import numpy as np

from mlplatform.studies.feature_analysis.sample import CandidateSample, Floats

WIN_R, LOSS_R = 1.3, -1.0


def sample_from(
    x: Floats,
    win_probability: Floats | float = 0.45,
    days: int = 120,
    periods: int = 6,
    seed: int = 1,
    names: tuple[str, ...] = (),
) -> CandidateSample:
    """Candidates spread evenly over days and periods; each wins with its probability."""
    n = len(x)
    rng = np.random.default_rng(seed)
    day = np.arange(n) * days // max(n, 1)
    win = (rng.random(n) < win_probability).astype(np.float64)
    return CandidateSample(
        names or tuple(f"f{i}" for i in range(x.shape[1])),
        x,
        np.where(win > 0, WIN_R, LOSS_R),
        win,
        day,
        day * periods // days,
        tuple(f"2025-{m + 1:02d}" for m in range(periods)) if n else (),
        (-1, 1) if n else (),
        1.5,
    )


def noise(n: int, width: int, seed: int = 0) -> Floats:
    """(n, width) independent normals."""
    return np.random.default_rng(seed).normal(size=(n, width))
