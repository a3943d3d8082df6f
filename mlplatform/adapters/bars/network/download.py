"""Downloading: resumable, patient, paced, and the same again from the cache."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from mlplatform.adapters.bars.network.answers import clause
from mlplatform.adapters.bars.network.cache import RequestCache
from mlplatform.adapters.bars.network.pacing import Clock, Pacer, Retry, Sleep
from mlplatform.adapters.bars.network.port import (
    NetworkSource,
    NotOfferedError,
    Request,
    Span,
    TransientError,
    UnreachableError,
)
from mlplatform.domain.errors import InputError
from mlplatform.domain.tables import RAW_BARS
from mlplatform.market.sessions import session_calendar

_LOG = logging.getLogger(__name__)
FIRST_ATTEMPTS = 2
"""Where nobody ever answered there may be no network: the user waits seconds, not minutes."""
Progress = Callable[[int, int, Request], None]
"""Told before each request that is asked: how many are done, of how many, and which comes."""


def utc_now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Missing:
    """A span that gave no bars though the market was open, and why."""

    span: Span
    contract: str
    reason: str


@dataclass(frozen=True)
class Download:
    """What was wanted, as far as it could be had.

    `frame`: table `raw_bars` in time order, rows numbered from 0; `source` is null.
    """

    frame: pl.DataFrame
    fetched: int
    """Requests that were asked now."""
    cached: int
    """Requests that the cache answered."""
    missing: tuple[Missing, ...]

    @property
    def note(self) -> str | None:
        """One sentence on what is missing; None where nothing is."""
        if not self.missing:
            return None
        first, last = self.missing[0], self.missing[-1]
        reasons = ", ".join(sorted({gap.reason for gap in self.missing})[:3])
        return (
            f"Missing: {len(self.missing)} of the spans asked for, between "
            f"{first.span.first:%Y-%m-%d %H:%M} and {last.span.last:%Y-%m-%d %H:%M} UTC "
            f"({reasons})."
        )


class Downloader:
    """Fetches what a source has and the cache lacks.

    Each answered request is one file in `<cache>/<kind>/<series>/`, so an interrupted download
    goes on where it was when the same is asked again. Not safe for two processes at a time.
    """

    def __init__(
        self,
        source: NetworkSource,
        cache: Path,
        clock: Clock = utc_now,
        sleep: Sleep = time.sleep,
        retry: Retry | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.source = source
        self.cache = RequestCache(cache / source.kind / source.series.name)
        self._clock = clock
        self._sleep = sleep
        self._retry = retry or Retry()
        self._pacer = Pacer(source.pace, clock, sleep)
        self._progress = progress or (lambda *_: None)
        self._was_answered = False

    def download(self, wanted: Span, offline: bool = False) -> Download:
        """The bars that start in a span. `offline`: as the cache has it, the vendor is not asked.

        Raises InputError, one sentence, where the vendor keeps failing or the user has to act;
        what was fetched by then stays in the cache; also where there is no bar at all.
        """
        found = self._gather(wanted, offline)
        if found.frame.is_empty():
            raise InputError(self._nothing(f"no bars from {wanted}", found.missing))
        return found

    def _gather(self, wanted: Span, offline: bool = False) -> Download:
        begun = self._clock()
        requests = [one for one in self.source.requests(wanted) if one.first < begun]
        missing: dict[Request, Missing] = {}
        asked: set[Request] = set()
        try:
            for number, request in enumerate(requests):
                if self.cache.has(request) or offline:
                    continue
                self._progress(number, len(requests), request)
                if self._obtain(request, missing):
                    asked.add(request)
        finally:
            self.source.close()
        return self._result(wanted, requests, asked, missing)

    def update(self) -> Download:
        """What is newer than the cache, from the start of the newest cached request on: that
        request comes along, asked again only where it was open. Where nothing traded since, the
        frame has no rows. Raises InputError where nothing was downloaded before.
        """
        known = self.known()
        if not known:
            raise InputError(
                f"Nothing of {self.source.series.name} was downloaded from {self.source.vendor} "
                "yet: say from when with --from or --duration."
            )
        return self._gather(Span(known[-1].first, self._clock()))

    def everything(self) -> Download:
        """All that the cache has, without asking; raises InputError where it has nothing."""
        known = self.known()
        if not known:
            raise InputError(self._nothing("nothing was downloaded yet"))
        whole = Span(known[0].first, max(request.last for request in known))
        return self.download(whole, offline=True)

    def known(self) -> list[Request]:
        """What the cache has of this source, in time order; other variants lie beside it."""
        spans = self.cache.spans()
        if not spans:
            return []
        whole = Span(spans[0].first, max(span.last for span in spans))
        return [one for one in self.source.requests(whole) if self.cache.find(one)]

    def _obtain(self, request: Request, missing: dict[Request, Missing]) -> bool:
        """Ask for one request and store the answer; whether the vendor was asked."""
        now = self._clock()
        offered = self.source.offered_from(now)
        if offered is not None and request.first < offered:
            lost = Span(request.first, min(request.last, offered))
            missing[request] = Missing(lost, request.contract, "older than what the vendor keeps")
            if request.last <= offered:
                return False
        try:
            frame = self._fetch(request)
        except NotOfferedError as error:
            missing[request] = Missing(request.span, request.contract, str(error))
            return True
        # Judged by the time before the asking: an answer that was open then may lack its end.
        is_open = request.is_open(now, self.source.settle)
        if frame.is_empty() and not is_open and _market_was_open(request.span):
            # Vendors give empty answers when they stumble: kept, it would be a hole for ever.
            missing[request] = Missing(request.span, request.contract, "an empty answer")
        else:
            self.cache.write(request, frame, is_open)
        return True

    def _fetch(self, request: Request) -> pl.DataFrame:
        reason = ""
        for attempt in range(self._retry.attempts):
            self._pacer.wait(request.key)
            try:
                frame = self._checked(self.source.fetch(request))
                self._was_answered = True
                return frame
            except TransientError as error:
                reason = clause(str(error))
                is_first = isinstance(error, UnreachableError) and not self._was_answered
                if is_first and attempt + 1 >= FIRST_ATTEMPTS:
                    break
                if attempt + 1 < self._retry.attempts:
                    pause_s = max(error.pause_s, self._retry.pause_s(request.key, attempt))
                    _LOG.info("%s: %s, next try in %.0f s", self.source.vendor, reason, pause_s)
                    self._sleep(pause_s)
        raise InputError(
            f"{self.source.vendor} did not give {self.source.series.name} {request} after "
            f"{attempt + 1} tries ({reason}): what was fetched is kept, so run the same "
            "command again later to go on."
        )

    def _checked(self, answer: pl.DataFrame) -> pl.DataFrame:
        frame = RAW_BARS.frame(answer)
        if not frame["ts"].diff().drop_nulls().gt(timedelta(0)).all():
            raise TransientError("its bars are out of order or double")
        return frame

    def _result(
        self,
        wanted: Span,
        requests: list[Request],
        asked: set[Request],
        missing: dict[Request, Missing],
    ) -> Download:
        found = {request: path for request in requests if (path := self.cache.find(request))}
        for request in requests:
            if request not in found and request not in missing:
                gap = Missing(request.span, request.contract, "not in the cache")
                missing[request] = gap
        inside = (pl.col("ts") >= wanted.first) & (pl.col("ts") < wanted.last)
        # Each answer is in order: this merges those of two contracts.
        frame = self.cache.read(list(found.values())).filter(inside)
        frame = frame.sort("ts", "contract", maintain_order=True)
        gaps = tuple(missing[request] for request in requests if request in missing)
        numbered = frame.with_columns(row=pl.int_range(frame.height, dtype=pl.Int64))
        return Download(numbered, len(asked), len(found.keys() - asked), gaps)

    def _nothing(self, what: str, missing: tuple[Missing, ...] = ()) -> str:
        why = f" ({missing[0].reason})" if missing else ""
        return (
            f"{self.source.vendor} gave {self.source.series.name} nothing to use, {what}{why}: "
            "ask for another span, or online where this was offline."
        )


def _market_was_open(span: Span) -> bool:
    first, last = span.first.date(), span.last.date() + timedelta(days=1)
    sessions = session_calendar(first, last)
    return not sessions.filter(
        (pl.col("session_start") < span.last) & (pl.col("session_end") > span.first)
    ).is_empty()
