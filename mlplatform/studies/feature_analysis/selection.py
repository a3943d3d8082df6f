"""The proposed reduced set: of features that say the same, the most lasting one."""

from dataclasses import dataclass

import numpy as np

from mlplatform.studies.feature_analysis.drift import Drift
from mlplatform.studies.feature_analysis.redundancy import Redundancy
from mlplatform.studies.feature_analysis.stability import Stability


@dataclass(frozen=True)
class Proposal:
    """Whether a feature is in the proposed set, and why."""

    is_kept: bool
    reason: str


def proposed_set(
    names: tuple[str, ...], redundancy: Redundancy, stability: Stability, drift: Drift
) -> tuple[Proposal, ...]:
    """One feature a cluster: not drifted before drifted, then the one whose sign lasts over more
    periods, then the one whose bins keep their order, then the one nearest to all members.

    What a feature says of the outcome does not count: choosing by that on all periods would be
    hindsight in every walk-forward window.
    """
    chosen: dict[int, int] = {}
    for place in sorted(range(len(names)), key=lambda i: _rank(i, redundancy, stability, drift)):
        chosen.setdefault(int(redundancy.cluster[place]), place)
    return tuple(
        _proposal(
            place, chosen[int(redundancy.cluster[place])], names, redundancy, stability, drift
        )
        for place in range(len(names))
    )


def _rank(
    place: int, redundancy: Redundancy, stability: Stability, drift: Drift
) -> tuple[bool, float, float, float, int]:
    share = float(np.nan_to_num(stability.sign_share[place]))
    consistency = float(np.nan_to_num(stability.rank_consistency[place]))
    return (
        drift.verdict[place] == "drifted",
        -round(share, 9),
        -round(consistency, 9),
        round(float(redundancy.distance[place]), 9),
        place,
    )


def _proposal(
    place: int,
    chosen: int,
    names: tuple[str, ...],
    redundancy: Redundancy,
    stability: Stability,
    drift: Drift,
) -> Proposal:
    members = int((redundancy.cluster == redundancy.cluster[place]).sum())
    if members == 1:
        return Proposal(True, "says what no other feature says")
    share = stability.sign_share[place]
    lasts = "" if np.isnan(share) else f", its sign lasts in {share:.0%} of the periods"
    if place == chosen:
        return Proposal(True, f"the most stable of {members} that say the same{lasts}")
    related = redundancy.correlation[place, chosen]
    tie = "" if np.isnan(related) else f" (rank correlation {related:+.2f})"
    steadier = drift.verdict[place] == "drifted" != drift.verdict[chosen]
    why = "has not drifted" if steadier else "is as stable or more"
    return Proposal(False, f"{names[chosen]} says the same{tie} and {why}")
