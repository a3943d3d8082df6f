"""A share counted in trials, with its exact interval."""

from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Proportion:
    """`hits` of `trials`; `low` and `high` bound the true share with `CONFIDENCE`."""

    hits: int
    trials: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """None without trials."""
        return self.hits / self.trials if self.trials else None


def proportion(hits: int, trials: int) -> Proportion:
    """The share with its exact interval; from 0 to 1 without trials.

    Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of
    the binomial: each bound is the share under which what was seen, or more extreme, has a
    probability of half of what is left. Raises ValueError for hits outside 0 .. trials.
    """
    from scipy.special import betaincinv

    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} hits of {trials} trials cannot be")
    tail = (1.0 - CONFIDENCE) / 2.0
    misses = trials - hits
    low = float(betaincinv(hits, misses + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, misses, 1.0 - tail)) if misses else 1.0
    return Proportion(hits, trials, low, high)
