"""The asset graph is public: its snapshot changes only on purpose.

To accept a change: MLPLATFORM_ACCEPT_GRAPH=1 pytest mlplatform_tests/orchestration/test_graph.py
"""

import json
import os
from pathlib import Path

import dagster as dg

from mlplatform.orchestration.build import build_platform
from mlplatform.orchestration.instance import open_instance
from mlplatform.settings import StudySettings

SNAPSHOT = Path(__file__).with_name("asset_graph.json")


def described(mapping: object) -> str:
    if isinstance(mapping, dg.MultiPartitionMapping):
        window = mapping.downstream_mappings_by_upstream_dimension["period"].partition_mapping
        return f"periods {window.start_offset} to {window.end_offset}"
    return "all periods" if mapping is not None else "same partition"


def graph_of(root: Path, settings: StudySettings) -> dict[str, object]:
    platform = build_platform(root, settings)
    platform.home.create()
    # Dagster resolves definitions against the last instance that was opened: it must be alive.
    with open_instance(platform.home):
        repository = platform.definitions.get_repository_def()
    assets = {}
    for key, asset in sorted(repository.assets_defs_by_key.items()):
        spec = asset.specs_by_key[key]
        assets[key.path[-1]] = {
            "group": spec.group_name,
            "kinds": sorted(spec.kinds),
            "owners": list(spec.owners),
            "described": bool(spec.description),
            "schema": "dagster/column_schema" in spec.metadata,
            "partitions": type(asset.partitions_def).__name__,
            "parents": {
                parent.path[-1]: described(asset.get_partition_mapping(parent))
                for parent in sorted(asset.asset_deps[key])
            },
        }
    checks = {
        f"{key.asset_key.path[-1]}:{key.name}": repository.asset_graph.get(key).blocking
        for key in sorted(repository.asset_graph.asset_check_keys)
    }
    schedules = {
        s.name: [s.cron_schedule, s.execution_timezone, s.job_name, s.default_status.value]
        for s in repository.schedule_defs
    }
    return {"assets": assets, "blocking checks": checks, "schedules": schedules}


def test_the_asset_graph_is_as_published(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, StudySettings())
    if os.environ.get("MLPLATFORM_ACCEPT_GRAPH"):
        SNAPSHOT.write_text(json.dumps(graph, indent=1) + "\n")
    assert graph == json.loads(SNAPSHOT.read_text())


def test_weeks_read_more_periods_for_the_same_warm_up(tmp_path: Path) -> None:
    weekly = StudySettings(cadence="week", first_period="2025-01-06")
    graph = graph_of(tmp_path, weekly)
    assert graph["assets"]["features"]["parents"]["bars"] == "periods -5 to 0"
