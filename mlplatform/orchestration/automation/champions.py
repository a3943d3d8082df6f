"""What happens when the registry has a new champion."""

import json

import dagster as dg

from mlplatform.adapters.tracking.port import Tracker
from mlplatform.orchestration.automation.schedules import SERIES_TAG
from mlplatform.orchestration.planning.axis import SERIES

_EVERY_S = 60


def champion_sensor(tracker: Tracker) -> dg.SensorDefinition:
    """Asks for the comparison of champion and challenger where the alias `champion` was moved,
    whoever moved it. The champions that it finds at its first look are no news.
    """

    @dg.sensor(
        name="new_champion",
        job_name="compare",
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Compares champion and challenger after the champion's alias was moved.",
    )
    def new_champion(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        known = json.loads(context.cursor) if context.cursor else None
        found = {}
        for series in context.instance.get_dynamic_partitions(str(SERIES.name)):
            champion = tracker.champion(series)
            if champion is not None:
                found[series] = champion.version
        moved = [name for name in found if known is not None and known.get(name) != found[name]]
        requests = [
            dg.RunRequest(
                run_key=f"{name}:{found[name]}", partition_key=name, tags={SERIES_TAG: name}
            )
            for name in moved
        ]
        skipped = None if requests else dg.SkipReason("No champion is new.")
        return dg.SensorResult(requests, skipped, cursor=json.dumps(found, sort_keys=True))

    return new_champion
