"""What a home holds that could ever be removed, as plain values: the rules need nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from mlplatform.adapters.tracking.port import Tracked

Kind = Literal["file", "part", "study", "version", "report", "run"]


@dataclass(frozen=True)
class HeldFile:
    """One partition in the lake that the event log knows."""

    asset: str
    series: str
    period: str
    made: datetime
    in_graph: bool
    """Whether the asset graph still has the asset."""
    has_source: bool
    """Whether the series' deliveries still hold the period."""
    has_series: bool = True
    """Whether there are deliveries of the series at all."""

    @property
    def name(self) -> str:
        """Its place in the lake, without ending."""
        return f"{self.asset}/{self.series}/{self.period}"


@dataclass(frozen=True)
class HeldPart:
    """A hidden file that becomes another when it is whole: somebody writes it, or was killed."""

    name: str
    """Its place in the home."""
    written: datetime
    """When it was last written to."""


@dataclass(frozen=True)
class HeldRun:
    """One run of Dagster."""

    run_id: str
    job: str
    ended: datetime | None
    """None while it has not ended."""
    newest_of: frozenset[str] = frozenset()
    """Names of the lake's partitions whose newest materialisation it recorded: the planner's
    witness."""
    made_report: bool = False
    """Whether it made a report: reports count how often somebody looked."""


@dataclass(frozen=True)
class HeldStudy:
    """One Optuna study."""

    series: str
    name: str
    last: datetime
    """When its newest trial began or ended."""


@dataclass(frozen=True)
class Referred:
    """What reports and the lake name."""

    runs: frozenset[str] = frozenset()
    """Dagster's, by id."""
    policies: frozenset[tuple[str, str]] = frozenset()
    """Series and registry version."""
    models: frozenset[tuple[str, str, str]] = frozenset()
    """Series, role and fingerprint of what the lake's windows were decided by."""
    tracked: frozenset[str] = frozenset()
    """The tracker's runs, by id."""


@dataclass(frozen=True)
class Holdings:
    """Everything at one moment."""

    at: datetime
    files: tuple[HeldFile, ...] = ()
    parts: tuple[HeldPart, ...] = ()
    runs: tuple[HeldRun, ...] = ()
    studies: tuple[HeldStudy, ...] = ()
    tracked: tuple[Tracked, ...] = ()
    referred: Referred = field(default_factory=Referred)


@dataclass(frozen=True)
class Removal:
    """One thing that may go."""

    kind: Kind
    name: str
    """For people, and unique within its kind."""
    why: str
    what: HeldFile | HeldPart | HeldRun | HeldStudy | Tracked


@dataclass(frozen=True)
class Plan:
    """What goes, in the order in which it goes, and what is spared though its age is up."""

    removals: tuple[Removal, ...]
    spared: tuple[str, ...]
    """Sentences."""

    def counts(self) -> Mapping[Kind, int]:
        """How many of each kind go."""
        found = {kind: sum(item.kind == kind for item in self.removals) for kind in get_args(Kind)}
        return {kind: count for kind, count in found.items() if count}
