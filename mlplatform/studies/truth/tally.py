"""All worlds together: how often the verdict claims an edge, and how much ML made of a real one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlplatform.studies.truth.outcome import Earned, Outcome
from mlplatform.studies.truth.proportion import CONFIDENCE, Proportion, proportion
from mlplatform.studies.truth.worlds import KINDS, NOISE

NOISE_LIMIT = 0.05
"""Of the noise worlds, the largest share with a claim that passes; the nominal one is 0.01."""
CAPTURE_AIM = 0.80
"""Of the attainable expectancy, at the strong level."""
AIM_AT = "strong"
RESAMPLES = 2_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ratio:
    """A ratio of pooled sums with its bootstrap interval over worlds; None where undefined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Tally:
    """One kind of world. Expectancies are mean R a trade, trades of all worlds pooled."""

    kind: str
    worlds: int
    claims: Proportion
    """Verdicts that claim an edge: on noise false, else the power."""
    over_baseline: Proportion
    """Of them, those that claim one over the baseline."""
    day_above_zero: Proportion
    """Lower bound of ML's mean day above zero: the verdict without its hurdle for trials."""
    gross_above_zero: Proportion
    """Lower bound of the mean day before costs above zero: 1 % on noise, by the rule."""
    gross_below_zero: Proportion
    """Upper bound below zero, likewise."""
    ml_r: float | None
    baseline_r: float | None
    attainable_r: float | None
    """The observer's expectancy: it knows what is planted and sees the bars."""
    oracle_r: float | None
    """The oracle's: it sees the hidden spells."""
    capture: Ratio
    """ML's expectancy over the attainable one."""
    capture_of_sum: Ratio
    """ML's sum of R over the observer's: what is missing may be trades not taken."""
    entry_part: Ratio
    """Of the capture, what choosing candidates leaves: R taken by ML over R of the favoured
    candidates, each alone, all under ML's stops."""
    stop_part: Ratio
    """Of the capture, what choosing stops leaves: R of the favoured candidates under ML's stops
    over that under the static algorithm's: above 1 where they are better."""
    precision: Ratio
    """Share of what ML takes that the edge works for."""
    recall: Ratio
    """Share of what the edge works for that ML takes."""
    seconds: float
    """Mean processor time of a world."""


def tally(outcomes: Sequence[Outcome], seed: int) -> tuple[Tally, ...]:
    """One tally a kind that has worlds, noise first. Seeded: the same worlds give the same."""
    by_kind = {kind: [o for o in outcomes if o.world.kind == kind] for kind in KINDS}
    return tuple(
        _tally(kind, sorted(found, key=lambda o: o.world.number), seed)
        for kind, found in by_kind.items()
        if found
    )


def passes(tallies: Sequence[Tally]) -> dict[str, bool | None]:
    """Whether the two aims are met; None where no world says."""
    by_kind = {found.kind: found for found in tallies}
    noise, strong = by_kind.get(NOISE), by_kind.get(AIM_AT)
    share = noise.claims.share if noise else None
    capture = strong.capture.value if strong else None
    return {
        "noise_claims": None if share is None else share <= NOISE_LIMIT,
        "strong_capture": None if capture is None else capture >= CAPTURE_AIM,
    }


def _tally(kind: str, outcomes: list[Outcome], seed: int) -> Tally:
    n = len(outcomes)

    def count(holds: Callable[[Outcome], bool]) -> Proportion:
        return proportion(sum(holds(o) for o in outcomes), n)

    none = Earned(0, 0.0)
    attained = [(o.ml, o.observer or none) for o in outcomes]
    choices = [o.choice for o in outcomes]
    return Tally(
        kind=kind,
        worlds=n,
        claims=count(lambda o: o.claims),
        over_baseline=count(lambda o: o.verdict == "edge"),
        day_above_zero=count(lambda o: o.day_low is not None and o.day_low > 0.0),
        gross_above_zero=count(lambda o: o.gross_low is not None and o.gross_low > 0.0),
        gross_below_zero=count(lambda o: o.gross_high is not None and o.gross_high < 0.0),
        ml_r=_expectancy([o.ml for o in outcomes]),
        baseline_r=_expectancy([o.baseline for o in outcomes]),
        attainable_r=_expectancy([best for _, best in attained]),
        oracle_r=_expectancy([o.oracle or none for o in outcomes]),
        capture=pooled_ratio(
            [(own.sum_r, own.trades, best.sum_r, best.trades) for own, best in attained], seed
        ),
        capture_of_sum=pooled_ratio([(o.sum_r, 1, best.sum_r, 1) for o, best in attained], seed),
        entry_part=pooled_ratio(
            [(c.taken_r, c.taken, c.oracle_r, c.oracle) for c in choices], seed
        ),
        stop_part=pooled_ratio([(c.oracle_r, 1, c.oracle_static_r, 1) for c in choices], seed),
        precision=pooled_ratio([(c.hits, 1, c.taken, 1) for c in choices], seed),
        recall=pooled_ratio([(c.hits, 1, c.oracle, 1) for c in choices], seed),
        seconds=float(np.mean([o.seconds for o in outcomes])),
    )


def _expectancy(earned: list[Earned]) -> float | None:
    return Earned(sum(e.trades for e in earned), sum(e.sum_r for e in earned)).expectancy_r


def pooled_ratio(rows: Sequence[tuple[float, float, float, float]], seed: int) -> Ratio:
    """`(a / b) / (c / d)` of the columns' sums, with its percentile interval where whole worlds
    are drawn again (Efron and Tibshirani 1993, section 13.3). Undefined where nothing is attainable
    or nothing was traded; the interval where it is so in one draw of twenty.
    """
    table = np.array(rows, dtype=np.float64)
    value = _quotients(table.sum(axis=0)[None, :])[0]
    if not np.isfinite(value):
        return Ratio(None, None, None)
    drawn = np.random.default_rng(seed).integers(0, len(table), (RESAMPLES, len(table)))
    found = _quotients(table[drawn].sum(axis=1))
    known = found[np.isfinite(found)]
    if len(table) < 2 or known.size < 0.95 * RESAMPLES:
        return Ratio(float(value), None, None)
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(known, (tail, 1.0 - tail))
    return Ratio(float(value), float(low), float(high))


def _quotients(sums: Floats) -> Floats:
    """(n, 4) sums -> (n,) quotients, NaN where one is undefined."""
    above, n, below, m = sums.T
    usable = (n > 0) & (m > 0) & (below > 0)
    safe = np.where(usable, below * n, 1.0)
    return np.asarray(np.where(usable, above * m / safe, np.nan), dtype=np.float64)
