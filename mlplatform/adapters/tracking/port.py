"""What the platform asks of an experiment tracker and model registry."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mlplatform.models.errors import AlteredModel

CHAMPION = "champion"
RECIPE = "recipe"
"""Tag of a policy's version: the identity of the settings and code that made it."""
PAYLOAD_SHA256 = "payload_sha256"
"""Tag of a version."""
POLICY, REPORT = "policy", "report"
"""Roles of what is tracked, beside those of the models."""
_PIN = "_version"


@dataclass(frozen=True)
class TrialNote:
    """One judged Optuna trial, for the study's table and its child run."""

    number: int
    params: Mapping[str, object]
    value: float | None
    part: str = ""
    """The family or step whose study it belongs to."""
    state: str = "complete"
    """complete, pruned or fail."""
    fold_losses: tuple[float, ...] = ()
    """Its loss so far after each fold that it ran, oldest first, where the study tells them."""


@dataclass(frozen=True)
class ModelNote:
    """One fitted model or policy, as it is tracked and registered."""

    series: str
    role: str
    """stop, entry, size or policy: the registered model is `<series>-<role>`."""
    period: str
    fingerprint: str
    payload: bytes
    params: Mapping[str, object]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    input_names: tuple[str, ...]
    example: npt.NDArray[np.float64]
    """Rows of inputs, (n, input_names)."""
    trials: tuple[TrialNote, ...] = field(default=())
    sample: npt.NDArray[np.float64] | None = None
    """Rows of training inputs, (n, input_names), to explain the model on in plots."""
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Validation loss by round or epoch, by family, where the family keeps it."""

    @property
    def payload_sha256(self) -> str:
        """What loading compares with."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def registered_name(self) -> str:
        """For example MES-1m-stop."""
        return f"{self.series}-{self.role}"


@dataclass(frozen=True)
class Registered:
    """A version in the registry."""

    version: str
    run_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Tracked:
    """A run that the tracker keeps, with the version that was registered of it."""

    run_id: str
    series: str
    role: str
    """A model's, or policy, or report."""
    fingerprint: str
    at: datetime
    """When it began, UTC."""
    version: str | None = None
    """None for a report, and for what an interrupted step left unregistered."""
    aliases: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the version."""


def pins_of(item: Tracked) -> frozenset[tuple[str, str, str]]:
    """Series, role and version of the models that a policy is made of; of another, none."""
    if item.role != POLICY:
        return frozenset()
    return frozenset(
        (item.series, name.removesuffix(_PIN), version)
        for name, version in item.tags.items()
        if name.endswith(_PIN) and version != "none"
    )


class Tracker(Protocol):
    """Registration is idempotent by fingerprint; an alias moves in one atomic step."""

    def register(self, note: ModelNote) -> Registered:
        """Track the run and register the version, or find the one with that fingerprint."""
        ...

    def find(self, name: str, fingerprint: str) -> Registered | None:
        """The version of that fingerprint."""
        ...

    def champion(self, series: str) -> Registered | None:
        """The policy that the alias points at."""
        ...

    def promote(self, series: str, version: str, tags: Mapping[str, str]) -> None:
        """Move the alias to a policy version, with the evidence as the version's tags."""
        ...

    def champion_payload(self, series: str) -> bytes | None:
        """The packed policy that the alias points at; AlteredModel where it is not what was
        registered.
        """
        ...

    def keep_report(
        self, series: str, identity: str, files: Mapping[str, bytes], figures: Mapping[str, float]
    ) -> Mapping[str, str]:
        """Track a report of this identity as a run of the series' experiment: its files (by name)
        as artifacts, its figures as metrics. The same identity is kept once. Gives where it is, by
        what it is: links where the tracker is a server.
        """
        ...

    def recipes(self, series: str) -> frozenset[str]:
        """Of all policies ever registered for the series: how often it was looked at with another
        recipe (settings and code), which the overfitting statistics must know.
        """
        ...

    def tracked(self, series: str) -> tuple[Tracked, ...]:
        """Every run of the series' models, policies and reports that was not forgotten."""
        ...

    def forget(self, item: Tracked) -> None:
        """Remove version, files and run, in this order: what an interruption leaves is found again
        by `tracked`. What was registered may be registered again.
        """
        ...


def unaltered(payload: bytes, sha256: str | None) -> bytes:
    """The payload, if it is what was registered; raises AlteredModel. None: nothing to compare."""
    if sha256 is not None and hashlib.sha256(payload).hexdigest() != sha256:
        raise AlteredModel(
            "the registered model was altered: its checksum does not match; train again"
        )
    return payload
