"""What Dagster's event log says of each partition: content, inputs and code of the last time."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import dagster as dg

from mlplatform.orchestration.planning.axis import Partition

CONTENT_TAG = "dagster/data_version"
CODE_TAG = "dagster/code_version"
INPUTS_TAG = "mlplatform/inputs"
BLOCKED_TAG = "mlplatform/blocked"
"""Names the blocking checks that failed on what was made."""


@dataclass(frozen=True)
class Entry:
    """The last materialisation of one partition."""

    content: str
    code: str
    inputs: str
    blocked: str = ""
    """Blocking checks that failed on it."""


@dataclass
class Ledger:
    """The last entry of each asset's partitions."""

    instance: dg.DagsterInstance
    entries: dict[str, dict[Partition, Entry]] = field(default_factory=dict)

    def load(self, assets: Iterable[str]) -> None:
        """Read those assets' entries afresh: two queries an asset."""
        for asset in assets:
            self.entries[asset] = self._read(asset)

    def get(self, asset: str, partition: Partition) -> Entry | None:
        """The entry, or None where it was never materialised."""
        if asset not in self.entries:
            self.load([asset])
        return self.entries[asset].get(partition)

    def put(self, asset: str, partition: Partition, entry: Entry) -> None:
        """Take note of what is about to be recorded."""
        self.get(asset, partition)
        self.entries[asset][partition] = entry

    def _read(self, asset: str) -> dict[Partition, Entry]:
        key, kind = dg.AssetKey(asset), dg.DagsterEventType.ASSET_MATERIALIZATION
        log = self.instance.event_log_storage
        newest = {
            identity: Partition.parse(name)
            for name, identity in log.get_latest_storage_id_by_partition(key, kind).items()
        }
        if not newest:
            return {}
        wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=list(newest))
        found = self.instance.fetch_materializations(wanted, limit=len(newest))
        entries = {}
        for record in found.records:
            materialization = record.asset_materialization
            tags = (materialization.tags if materialization else None) or {}
            entries[newest[record.storage_id]] = Entry(
                tags.get(CONTENT_TAG, ""),
                tags.get(CODE_TAG, ""),
                tags.get(INPUTS_TAG, ""),
                tags.get(BLOCKED_TAG, ""),
            )
        return entries


def inputs_hash(contents: Iterable[tuple[str, str, str]]) -> str:
    """One hash over what went in: (asset, partition key, content) of each parent partition."""
    digest = hashlib.sha256()
    for item in sorted(contents):
        digest.update("|".join(item).encode() + b"\n")
    return digest.hexdigest()[:16]
