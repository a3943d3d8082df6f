"""A tracker in memory, for tests and for a first look without MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mlplatform.adapters.tracking.port import (
    PAYLOAD_SHA256,
    RECIPE,
    ModelNote,
    Registered,
    unaltered,
)


@dataclass
class MemoryTracker:
    """Keeps versions and aliases in dictionaries; same promises as the real one."""

    versions: dict[str, list[Registered]] = field(default_factory=dict)
    payloads: dict[tuple[str, str], bytes] = field(default_factory=dict)
    champions: dict[str, str] = field(default_factory=dict)
    notes: list[ModelNote] = field(default_factory=list)
    reports: dict[tuple[str, str], Mapping[str, bytes]] = field(default_factory=dict)
    """Files by series and identity."""

    def register(self, note: ModelNote) -> Registered:
        """Register the version, or find the one with that fingerprint."""
        known = self.find(note.registered_name, note.fingerprint)
        if known is not None:
            return known
        mine = self.versions.setdefault(note.registered_name, [])
        tags = {"fingerprint": note.fingerprint, "period": note.period, **note.tags}
        tags[PAYLOAD_SHA256] = note.payload_sha256
        made = Registered(str(len(mine) + 1), f"run-{len(self.notes)}", tags)
        mine.append(made)
        self.notes.append(note)
        self.payloads[note.registered_name, made.version] = note.payload
        return made

    def find(self, name: str, fingerprint: str) -> Registered | None:
        """The version of that fingerprint."""
        mine = self.versions.get(name, [])
        return next((item for item in mine if item.tags["fingerprint"] == fingerprint), None)

    def champion(self, series: str) -> Registered | None:
        """The policy that the alias points at."""
        version = self.champions.get(series)
        mine = self.versions.get(f"{series}-policy", [])
        return next((item for item in mine if item.version == version), None)

    def promote(self, series: str, version: str, tags: Mapping[str, str]) -> None:
        """Move the alias."""
        name = f"{series}-policy"
        self.versions[name] = [
            replace(item, tags={**item.tags, **tags}) if item.version == version else item
            for item in self.versions[name]
        ]
        self.champions[series] = version

    def champion_payload(self, series: str) -> bytes | None:
        """The packed policy that the alias points at; AlteredModel where it was altered."""
        champion = self.champion(series)
        if champion is None:
            return None
        payload = self.payloads[f"{series}-policy", champion.version]
        return unaltered(payload, champion.tags.get(PAYLOAD_SHA256))

    def keep_report(
        self, series: str, identity: str, files: Mapping[str, bytes], figures: Mapping[str, float]
    ) -> Mapping[str, str]:
        """Keep the files, once by identity."""
        del figures
        self.reports.setdefault((series, identity), dict(files))
        place = list(self.reports).index((series, identity))
        return {"experiment": series, "report_run": f"report-{place}"}

    def recipes(self, series: str) -> frozenset[str]:
        """The recipes of all policies that were registered for the series."""
        mine = self.versions.get(f"{series}-policy", [])
        return frozenset(item.tags[RECIPE] for item in mine if RECIPE in item.tags)
