"""What every source of bars gives, and how to find the source again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl

from mlplatform.domain.series import Series

Batches = Callable[[], Iterator[pl.DataFrame]]


@dataclass(frozen=True)
class SourceSpec:
    """Where bars come from: enough to read them again."""

    kind: str
    """file, synthetic, yahoo, ib or dukascopy."""
    path: str | None = None
    timezone: str | None = None
    """Of times without a zone."""
    label: str | None = None
    """Whether bars carry their start or their end; found out where None."""
    seed: int = 7


@dataclass(frozen=True)
class Source:
    """Bars of one series as the vendor has them, brought to table `raw_bars`.

    `batches` gives all rows in the source's order, times in UTC and of the bar's start; it raises
    InputError where the source cannot be had or understood, and repairs nothing.
    """

    spec: SourceSpec
    series: Series
    name: str
    """What a person calls it, such as the file's name."""
    sha256: str
    """Identity of the content."""
    batches: Batches
    note: str | None = None
    """What a reader of a report must know of it, such as what was planted."""
    understood: tuple[tuple[str, str, str], ...] = field(default=())
    """What was understood of the source, as what, and how sure that is."""
