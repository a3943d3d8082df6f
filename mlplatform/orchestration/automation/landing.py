"""Sensors: they look, and ask for runs; they start stopped, and are started in the UI."""

import dagster as dg

from mlplatform.adapters.bars.landing import Landing
from mlplatform.adapters.home import Home

_EVERY_S = 30
_ABOUT_TO_START = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
]


def landing_sensor(home: Home) -> dg.SensorDefinition:
    """Asks for a sweep of the landing folder where complete files lie in it.

    A sweep that died leaves its files where they were, and is asked for again: taking in is
    idempotent, so a run too many does nothing.
    """

    @dg.sensor(
        name="landing_folder",
        job_name="landing",
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Takes in files dropped into {home.root.name}/landing/.",
    )
    def landing_folder(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        landing = Landing(home)
        waiting = landing.waiting()
        if not waiting:
            return dg.SkipReason("The landing folder is empty.")
        if landing.is_being_swept():
            return dg.SkipReason("A sweep is at work.")
        queued = dg.RunsFilter(job_name="landing", statuses=_ABOUT_TO_START)
        if context.instance.get_runs(queued, limit=1):
            return dg.SkipReason("A sweep is about to start.")
        return dg.RunRequest(run_key=None, tags={"mlplatform/files": str(len(waiting))})

    return landing_folder
