"""The port of a network source: it splits a wanted span into requests and fetches one of them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import polars as pl

from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series

_STAMP = "%Y%m%dT%H%M%S"
_KEY = re.compile(r"(\d{8}T\d{6})-(\d{8}T\d{6})((?:-[A-Za-z0-9]+)*)")


class TransientError(Exception):
    """What may pass: a time-out, HTTP 429 or 5xx, a reset connection, a pacing violation.

    The message is a clause without secrets. `pause_s`: how long the vendor wants to be left alone.
    """

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class UnreachableError(TransientError):
    """Nobody answered at all: where that is the first thing heard, there may be no network."""


class NotOfferedError(Exception):
    """The vendor says that it has no such bars; the message is a clause that says why."""


@dataclass(frozen=True)
class Span:
    """The times from `first` (included) to `last` (excluded), both UTC."""

    first: datetime
    last: datetime

    def __post_init__(self) -> None:
        if self.first.utcoffset() != timedelta(0) or self.last.utcoffset() != timedelta(0):
            raise ValueError("a span is in UTC")
        if self.first >= self.last:
            raise InputError(
                f"Nothing lies between {self.first:%Y-%m-%d %H:%M} and "
                f"{self.last:%Y-%m-%d %H:%M} UTC: give a start before the end."
            )

    def overlaps(self, other: "Span") -> bool:
        """Whether some time lies in both."""
        return self.first < other.last and other.first < self.last

    def __str__(self) -> str:
        return f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, order=True)
class Request:
    """One question to a vendor. Its span comes from a fixed grid, so that its key is stable.

    Bars of all of the span are asked for, also where only a part is wanted.
    """

    first: datetime
    last: datetime
    contract: str = ""
    """The contract, such as ESM5; empty where the vendor does not say."""
    variant: str = ""
    """What else makes the answer differ, such as `rth`."""

    @property
    def span(self) -> Span:
        """The times that it asks for."""
        return Span(self.first, self.last)

    @property
    def key(self) -> str:
        """Its file name in the cache."""
        words = (f"{self.first:{_STAMP}}", f"{self.last:{_STAMP}}", self.contract, self.variant)
        return "-".join(word for word in words if word)

    @staticmethod
    def span_of_key(key: str) -> Span | None:
        """The span of the request of that key; None where it is no key."""
        match = _KEY.fullmatch(key)
        if match is None:
            return None
        first, last = (datetime.strptime(match[i], _STAMP).replace(tzinfo=UTC) for i in (1, 2))
        return Span(first, last)

    def is_open(self, now: datetime, settle: timedelta) -> bool:
        """Whether its answer may still grow or change: it is fetched again, never kept for ever."""
        return now < self.last + settle

    def __str__(self) -> str:
        return f"{self.contract} {self.span}".strip()


@dataclass(frozen=True)
class Pace:
    """How often a vendor may be asked."""

    min_interval_s: float = 0.0
    max_per_window: int = 0
    """At most so many requests in any `window_s` seconds; 0 for no such limit."""
    window_s: float = 0.0
    identical_s: float = 0.0
    """Least time between two identical requests."""


class NetworkSource(Protocol):
    """Bars of one series at one vendor.

    A `fetch` raises TransientError where another try may help, NotOfferedError where the vendor
    has no such bars, and InputError, one sentence, where the user has to do something.
    """

    kind: str
    """Its name in the cache and on the command line."""
    vendor: str
    """Its name in a sentence."""
    series: Series
    note: str | None
    """What a reader of a report must know of these bars."""
    pace: Pace
    settle: timedelta
    """How long after the end of a span its answer may still change."""

    def requests(self, wanted: Span) -> list[Request]:
        """The requests that cover a span, in time order; needs no network, is always the same."""

    def offered_from(self, now: datetime) -> datetime | None:
        """The time before which the vendor has nothing; None where that is not known."""

    def fetch(self, request: Request) -> pl.DataFrame:
        """Table `raw_bars`: complete bars only, times of the bar's start, ascending, unique."""

    def close(self) -> None:
        """Let go of connections; a later fetch opens them again."""
