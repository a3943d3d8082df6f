"""Outcomes of worlds made by hand."""

from dataclasses import replace

from mlplatform.studies.truth.outcome import Choice, Earned, Outcome
from mlplatform.studies.truth.worlds import PlannedWorld


def outcome(kind: str = "noise", number: int = 1, verdict: str = "none", **changes) -> Outcome:
    """A finished world in which nothing was found."""
    made = Outcome(
        world=PlannedWorld(kind, number, number),
        verdict=verdict,
        ml=Earned(10, 1.0),
        baseline=Earned(20, -1.0),
        observer=None if kind == "noise" else Earned(30, 9.0),
        oracle=None if kind == "noise" else Earned(40, 16.0),
        choice=Choice(),
        day_low=-5.0,
        over_baseline_low=-5.0,
        sharpe=0.4,
        sharpe_hurdle=2.5,
        gross_low=-3.0,
        gross_high=4.0,
        seconds=40.0,
    )
    return replace(made, **changes)
