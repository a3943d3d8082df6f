"""What the platform asks of an experiment tracker and model registry."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mlplatform.models.errors import AlteredModel

CHAMPION = "champion"
RECIPE = "recipe"
"""Tag of a policy's version: the identity of the settings and code that made it."""
PAYLOAD_SHA256 = "payload_sha256"
"""Tag of a version."""


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


def unaltered(payload: bytes, sha256: str | None) -> bytes:
    """The payload, if it is what was registered; raises AlteredModel. None: nothing to compare."""
    if sha256 is not None and hashlib.sha256(payload).hexdigest() != sha256:
        raise AlteredModel(
            "the registered model was altered: its checksum does not match; train again"
        )
    return payload
