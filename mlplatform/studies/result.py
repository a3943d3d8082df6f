"""What one walk-forward study of a series found; the value that reports are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import polars as pl

from mlplatform.decisions.exits import STRATEGY
from mlplatform.metrics.summary import Summary, summarise


@dataclass(frozen=True)
class Source:
    """Where the bars came from. `sha256` is over the valid bars' content."""

    kind: str
    """file, yahoo or synthetic."""
    sha256: str
    bars: int
    first_ts: datetime
    last_ts: datetime
    note: str | None = None
    """What was planted, where the bars are synthetic."""


@dataclass(frozen=True)
class Window:
    """One walk-forward window: what its models learned from, and what they were tried on."""

    period: str
    train_from: datetime
    train_to: datetime
    purged_rows: int
    train_rows: int
    test_candidates: int
    notes: tuple[str, ...] = ()
    """What a reader must know, such as a fall-back to the baseline and its reason."""
    trials_run: int = 0
    """Optuna trials that its models' searches judged."""


@dataclass(frozen=True)
class PolicyResult:
    """What one policy did over all windows: table `trades`, and table `daily_equity`."""

    trades: pl.DataFrame
    daily: pl.DataFrame


@dataclass(frozen=True)
class Ambiguity:
    """Bars on which stop and target of one policy were both in reach.

    The stop is taken to come first. `pessimism_usd` is what that took from the net result, told by
    finer bars where `resolved_bars` of them could be; None where there are no finer bars.
    """

    ambiguous_bars: int
    resolved_bars: int = 0
    pessimism_usd: float | None = None


@dataclass(frozen=True)
class StudyResult:
    """One study. `policies` holds baseline, ml and random_entry; money in USD."""

    series: str
    cadence: str
    source: Source
    windows: tuple[Window, ...]
    policies: Mapping[str, PolicyResult]
    buy_and_hold: pl.DataFrame
    """Table `daily_equity` of one contract held over the same trading days."""
    capital_usd: float
    settings: Mapping[str, object]
    provenance: Mapping[str, object]
    ambiguity: Mapping[str, Ambiguity] = field(default_factory=dict)
    """By policy."""
    finer_series: str | None = None
    """The series whose bars told what came first inside a bar."""
    candidates: pl.DataFrame | None = None
    """What the windows' models judged, in order of time, from `quality.judged_candidates`:
    candidate_id, ts, setup, side, period, probability, threshold, take, and `net_r`: the R of each
    under ML's plan, had it been the only trade (null: never filled, or not closed by the end of
    the data)."""
    regimes: pl.DataFrame | None = None
    """By session_date: what the market was like, known before the day."""
    parameters: pl.DataFrame | None = None
    """What the models of each window had settled on: period, parameter, value."""

    @property
    def judged(self) -> tuple[str, ...]:
        """The policies that are judged in detail: a strategy's own exits too, where it has them."""
        return ("baseline", "ml", *((STRATEGY,) if STRATEGY in self.policies else ()))

    @property
    def has_trades(self) -> bool:
        """Whether any judged policy traded."""
        return any(self.policies[name].trades.height for name in self.judged)

    @property
    def seed(self) -> int:
        """Of its resamples: the setting; 0 where the settings name none."""
        seed = self.settings.get("seed")
        return seed if isinstance(seed, int) else 0

    @cached_property
    def summaries(self) -> Mapping[str, Summary]:
        """The figures of each of `policies`, by its name."""
        return {
            name: summarise(policy.trades, policy.daily, self.capital_usd)
            for name, policy in self.policies.items()
        }
