"""All schedules of a home in one process: what each would ask for is run, until nothing is left.

    python -m mlplatform_tests.endurance.scheduled HOME

The daemon has each of these runs carried out in a process of its own, as here.
"""

import sys
from pathlib import Path

import dagster as dg

from mlplatform.orchestration.automation.schedules import JOBS, run_requests
from mlplatform.orchestration.build import Platform, build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.settings import load_settings

LOOKED_AT = ("ingest", "train", "decide", "report")


def look(platform: Platform, instance: dg.DagsterInstance, name: str) -> int:
    """Run all that one schedule asks for; how many runs that were."""
    requests = list(run_requests(instance, platform.stamp, JOBS[name]))
    for request in requests:
        result = platform.definitions.resolve_job_def(name).execute_in_process(
            partition_key=request.partition_key,
            asset_selection=request.asset_selection,
            tags=request.tags,
            instance=instance,
        )
        assert result.success
    return len(requests)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    platform = build_platform(home, load_settings(home))
    with open_instance(platform.home) as instance:
        while sum(look(platform, instance, name) for name in LOOKED_AT):
            pass
