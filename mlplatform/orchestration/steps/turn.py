"""Whose turn it is: runs of one partition go one after the other, whoever started them."""

import dagster as dg

from mlplatform.adapters.turns import Turns

OWNER_TAG = "mlplatform/turn"
"""On a run whose command has the turn for it, from before it began until it has ended."""
INTAKE = "intake"
_GOING_ON = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_PARTITION_TAG = "dagster/partition"
_GONE = (
    "The process that ran this has ended without a word: it was killed, or the machine went down. "
    "The same command goes on where it was."
)


def owner_of(run: dg.DagsterRun) -> str:
    """Who has the turn while a run works: the command that started it, else the run itself."""
    return run.tags.get(OWNER_TAG, run.run_id)


def place_of(run: dg.DagsterRun) -> str | None:
    """What a run works on; None where it is of no partition."""
    return run.tags.get(_PARTITION_TAG)


def close_abandoned(instance: dg.DagsterInstance, turns: Turns) -> int:
    """Tell Dagster of runs of commands that were killed; how many there were.

    Left as they are they would be going on for ever, and the queue would wait for them.
    """
    closed = 0
    for run in instance.get_runs(dg.RunsFilter(statuses=_GOING_ON)):
        if OWNER_TAG in run.tags and turns.is_free(place_of(run) or INTAKE):
            instance.report_run_failed(run, _GONE)
            closed += 1
    return closed
