"""All sensors of a home."""

import dagster as dg

from mlplatform.adapters.home import Home
from mlplatform.adapters.notifications import Notifier
from mlplatform.adapters.tracking.port import Tracker
from mlplatform.orchestration.automation.alerts import failure_sensor
from mlplatform.orchestration.automation.champions import champion_sensor
from mlplatform.orchestration.automation.drift import drift_sensor, drifted_frac
from mlplatform.orchestration.automation.landing import landing_sensor
from mlplatform.orchestration.automation.schedules import JOBS, run_requests
from mlplatform.orchestration.stamp import Stamp
from mlplatform.settings import StudySettings


def sensors(
    home: Home, stamp: Stamp, settings: StudySettings, tracker: Tracker, notifier: Notifier
) -> list[dg.SensorDefinition]:
    """What looks by itself; everything starts stopped, and is started in the UI."""

    def drift() -> dict[str, float]:
        shares = {name: drifted_frac(home.lake, name) for name in stamp.book.series()}
        return {name: share for name, share in shares.items() if share is not None}

    def due(instance: dg.DagsterInstance, series: str) -> list[dg.RunRequest]:
        return list(run_requests(instance, stamp, JOBS["train"], series))

    return [
        landing_sensor(home),
        drift_sensor(drift, due, settings.drift_limit_frac, notifier),
        champion_sensor(tracker),
        failure_sensor(notifier),
    ]
