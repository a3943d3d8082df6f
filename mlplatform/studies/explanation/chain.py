"""The chain of one candidate, link by link: raw row, bar, inputs, models, orders, fills, result."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Record = Mapping[str, object]
"""One row of a declared table, by column."""


@dataclass(frozen=True)
class Origin:
    """Where a bar came from: the delivery that its row was taken in with."""

    name: str
    """Of the file, folder or vendor."""
    kind: str
    """file, synthetic, or the vendor fetched from."""
    sha256: str
    """Of the delivery, from its manifest; of a folder's listing where it was one."""
    source: str
    """The start of the SHA-256 of the very file that holds the row."""
    row: int
    """The row's number in that file, from 0."""
    path: str | None
    delivered: Record
    """The row as delivered: table `raw_bars`."""
    state: str | None = None
    """unchanged, changed or gone: the file at `path` now; None where that cannot be told."""


@dataclass(frozen=True)
class Input:
    """One model input as the models saw it, and what it added to their say."""

    name: str
    value: float | None
    """Mirrored to the trade's side; None where it was missing."""
    entry_log_odds: float
    """Added to the raw log odds of a win."""
    stop_atr: float
    """Added to the expected advantage of the chosen stop over the one compared with, ATR."""


@dataclass(frozen=True)
class Reading:
    """What the models of the window say of the candidate."""

    inputs: tuple[Input, ...]
    """In the models' column order."""
    entry_base_log_odds: float
    entry_raw_log_odds: float
    """Base and all inputs' contributions: the blend's score before calibration."""
    probability: float
    """Calibrated."""
    threshold: float
    stop_atr: float
    """What the stop model says now, before shaping; the decision's own distance is with the action.
    """
    stop_weight: float
    """How far the stop model departs from the best constant: 0, it found nothing better, to 1."""
    compared_atr: float
    stop_base_atr: float
    stop_advantage_atr: float
    """Base and all inputs' contributions: expected net gain over the stop compared with."""
    risk_frac: float | None
    """Share of the capital to risk before whole contracts; None without a size model."""
    contracts: int
    """0 where the models would not trade."""
    stop_method: str = "outcome"
    """constant, outcome, quantile or regimes: the way that the window's holdout chose."""
    shaped_atr: float | None = None
    """The stop after smoothing and bounds, as the policy decided it then; None where it did not."""


@dataclass(frozen=True)
class ModelLink:
    """One role's model, or the policy: which it was, and what it learned from."""

    role: str
    fingerprint: str
    version: str | None
    """In the registry."""
    train_from: datetime
    train_to: datetime
    train_rows: int
    purged_rows: int
    trials_run: int
    fallback: str | None
    """What to know of it; why there is none."""


@dataclass(frozen=True)
class Action:
    """What one policy did with the candidate."""

    decision: Record
    """Row of table `decisions`: order, size, stop and target, probability and threshold."""
    outcome: str | None
    """What became of the order; None where none was given."""
    fills: tuple[Record, ...]
    """Rows of table `fills`, each with `source` and `row` of its bar's raw row."""
    trade: Record | None
    """Row of table `backtest`; None where nothing was traded."""

    @property
    def policy(self) -> str:
        """baseline, ml or random_entry."""
        return str(self.decision["policy"])


@dataclass(frozen=True)
class Explanation:
    """The whole chain of one candidate."""

    candidate_id: str
    series: str
    origin: Origin | None
    """None where the home's bars do not say where they came from."""
    bar: Record
    """The signal bar: table `bars`."""
    candidate: Record
    """Row of table `candidates`."""
    models: tuple[ModelLink, ...]
    """Stop, entry, size, detector and policy of the window that decided; empty before the first."""
    reading: Reading | None
    unread: str | None
    """Why there is no reading."""
    actions: tuple[Action, ...]
