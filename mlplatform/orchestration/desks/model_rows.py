"""Rows of tables `models` and `detectors`: what came of fitting a role in a window."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from mlplatform.domain.tables import DETECTORS


class Lessons(Protocol):
    """What a model learned from: `len` rows."""

    @property
    def train_from(self) -> datetime:
        """The first decision."""

    @property
    def train_to(self) -> datetime:
        """The end of the last label."""

    @property
    def purged_rows(self) -> int:
        """Candidates left out: their labels reach the tested period."""

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Fitted:
    """A model with what its inner validation said of it, or the reason why there is none."""

    fingerprint: str
    metrics: str = "{}"
    payload: bytes | None = None
    fallback: str | None = None
    trials_run: int = 0

    @classmethod
    def nothing(cls, role: str, reason: str) -> "Fitted":
        """Where the role could not be had."""
        return cls(absent(f"{role}:{reason}"), fallback=reason)


def absent(reason: str) -> str:
    """The identity of what there is none of: equal reasons, equal identities."""
    return f"none-{hashlib.sha256(reason.encode()).hexdigest()[:12]}"


def model_row(
    role: str, period: str, fitted: Fitted, lessons: Lessons | None, tested_from: datetime
) -> pl.DataFrame:
    """One row of table `detectors`, which is table `models` without what is crossed out of fold.

    Without `lessons` nothing was learned, up to the start of the tested period.
    """
    values = {
        "role": role,
        "period": period,
        "fingerprint": fitted.fingerprint,
        "fallback": fitted.fallback,
        "train_from": lessons.train_from if lessons else tested_from,
        "train_to": lessons.train_to if lessons else tested_from,
        "train_rows": len(lessons) if lessons else 0,
        "purged_rows": lessons.purged_rows if lessons else 0,
        "trials_run": fitted.trials_run,
        "metrics": fitted.metrics,
        "payload": fitted.payload,
    }
    return DETECTORS.frame(pl.DataFrame([values], schema=DETECTORS.schema, orient="row"))
