"""A tracker in memory, for tests and for a first look without MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from mlplatform.adapters.tracking.port import (
    CHAMPION,
    PAYLOAD_SHA256,
    POLICY,
    RECIPE,
    REPORT,
    ModelNote,
    Registered,
    Tracked,
    unaltered,
)

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
"""When the first run of a tracker in memory began."""


@dataclass
class MemoryTracker:
    """Keeps versions and aliases in dictionaries; same promises as the real one."""

    versions: dict[str, list[Registered]] = field(default_factory=dict)
    payloads: dict[tuple[str, str], bytes] = field(default_factory=dict)
    champions: dict[str, str] = field(default_factory=dict)
    notes: list[ModelNote] = field(default_factory=list)
    reports: dict[tuple[str, str], Mapping[str, bytes]] = field(default_factory=dict)
    """Files by series and identity."""
    forgotten: set[tuple[str, str]] = field(default_factory=set)
    """Reports that are kept no more."""

    def register(self, note: ModelNote) -> Registered:
        """Register the version, or find the one with that fingerprint."""
        known = self.find(note.registered_name, note.fingerprint)
        if known is not None:
            return known
        mine = self.versions.setdefault(note.registered_name, [])
        tags = {"fingerprint": note.fingerprint, "period": note.period, **note.tags}
        tags[PAYLOAD_SHA256] = note.payload_sha256
        number = 1 + sum(one.registered_name == note.registered_name for one in self.notes)
        made = Registered(str(number), f"run-{len(self.notes)}", tags)
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

    def tracked(self, series: str) -> tuple[Tracked, ...]:
        """Versions in the order in which they were made, a minute each; then reports."""
        models = [
            Tracked(
                made.run_id,
                series,
                role,
                made.tags["fingerprint"],
                BEGAN + timedelta(minutes=int(made.run_id.rpartition("-")[2])),
                made.version,
                frozenset({CHAMPION} if self._is_champion(series, role, made) else ()),
                made.tags,
            )
            for name, mine in self.versions.items()
            if (role := name.removeprefix(f"{series}-")) != name and "-" not in role
            for made in mine
        ]
        reports = [
            Tracked(f"report-{place}", series, REPORT, identity, BEGAN + timedelta(minutes=place))
            for place, (held, identity) in enumerate(self.reports)
            if held == series and (held, identity) not in self.forgotten
        ]
        return (*models, *reports)

    def forget(self, item: Tracked) -> None:
        """Remove a version or a report; numbers are never given twice."""
        if item.role == REPORT:
            self.forgotten.add((item.series, item.fingerprint))
            return
        name = f"{item.series}-{item.role}"
        self.versions[name] = [one for one in self.versions[name] if one.run_id != item.run_id]

    def _is_champion(self, series: str, role: str, made: Registered) -> bool:
        return role == POLICY and self.champions.get(series) == made.version
