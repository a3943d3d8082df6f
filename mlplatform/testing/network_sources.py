"""The contract of a network source: what every source and its recording have to hold."""

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.bars.network.download import Downloader
from mlplatform.adapters.bars.network.pacing import Retry
from mlplatform.adapters.bars.network.port import NetworkSource, Request, Span
from mlplatform.domain.errors import InputError
from mlplatform.domain.tables import RAW_BARS

TOKEN = "S3CRET-t0ken-7731"
"""Planted in each source's settings and in what its vendor says: it must not come out."""


class Fault(StrEnum):
    """What a recorded vendor does in place of an answer."""

    PASSING = "passing"
    """An error that may pass, such as HTTP 503."""
    TIMEOUT = "timeout"
    REFUSED = "refused"
    """An error that no other try will change, such as HTTP 403 or missing permissions."""


class FakeClock:
    """A clock that only moves when somebody sleeps; `sleeps` are the seconds slept."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.sleeps: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.sleeps.append(seconds)
        self.now += timedelta(seconds=seconds)


class Watched:
    """A source that notes which requests were asked when, and stops where it is told."""

    def __init__(self, source: NetworkSource, clock: FakeClock, stop_after: int = -1) -> None:
        self._source = source
        self._clock = clock
        self._stop_after = stop_after
        self.asked: list[str] = []
        self.times: list[datetime] = []
        self.kind, self.vendor, self.series = source.kind, source.vendor, source.series
        self.note, self.pace, self.settle = source.note, source.pace, source.settle

    def requests(self, wanted: Span) -> list[Request]:
        """As the source."""
        return self._source.requests(wanted)

    def offered_from(self, now: datetime) -> datetime | None:
        """As the source."""
        return self._source.offered_from(now)

    def fetch(self, request: Request) -> pl.DataFrame:
        """As the source; KeyboardInterrupt after `stop_after` requests."""
        if len(self.asked) == self._stop_after:
            raise KeyboardInterrupt
        self.asked.append(request.key)
        self.times.append(self._clock())
        return self._source.fetch(request)

    def close(self) -> None:
        """As the source."""
        self._source.close()


class NetworkSourceContract(ABC):
    """Inherit it in a test class, name a recording, and the laws are tested."""

    wanted: Span
    """A span of at least three requests, of which the recording has the answers."""
    now: datetime
    """The time of the test, inside the last wanted bar: that one is not complete."""
    first_bar: dict[str, object]
    """What the recording says of the first bar: ts (its start), open, high, low, close."""

    @abstractmethod
    def make(self, clock: FakeClock, faults: Sequence[Fault] = ()) -> NetworkSource:
        """A source with TOKEN in its settings whose vendor first does the faults, one a question,
        with TOKEN in their texts, and then answers as recorded.
        """

    def started(self, faults: Sequence[Fault] = (), stop_after: int = -1) -> Watched:
        """A watched source at the time of the test."""
        clock = FakeClock(self.now)
        return Watched(self.make(clock, faults), clock, stop_after)

    def loader(self, source: Watched, cache: Path, attempts: int = 4) -> Downloader:
        """A downloader that never really sleeps."""
        clock = source._clock
        return Downloader(source, cache, clock, clock.sleep, Retry(attempts=attempts))

    def frame(self, cache: Path) -> pl.DataFrame:
        """All wanted bars, without any fault."""
        return self.loader(self.started(), cache).download(self.wanted).frame

    def test_bars_are_labelled_by_their_start_in_utc_ascending_and_unique(
        self, tmp_path: Path
    ) -> None:
        source = self.started()
        frames = [source.fetch(request) for request in source.requests(self.wanted)]
        assert sum(frame.height for frame in frames) > 3
        for frame in frames:
            assert frame.schema == RAW_BARS.schema
            assert frame["ts"].diff().drop_nulls().gt(timedelta(0)).all()
            grid = frame["ts"].dt.epoch("s") % source.series.timeframe.seconds
            assert grid.eq(0).all()
            assert frame["row"].to_list() == list(range(frame.height))
        first = self.frame(tmp_path).row(0, named=True)
        assert {name: first[name] for name in self.first_bar} == self.first_bar

    def test_the_bars_of_a_request_lie_in_its_span(self) -> None:
        source = self.started()
        for request in source.requests(self.wanted):
            times = source.fetch(request)["ts"]
            assert times.is_between(request.first, request.last, closed="left").all()

    def test_only_complete_bars_are_given(self, tmp_path: Path) -> None:
        length = self.started().series.timeframe.delta
        last = self.frame(tmp_path)["ts"][-1]
        assert last + length <= self.now
        assert last + 2 * length > self.now, "only the bar that is under way is left out"

    def test_the_same_request_gives_equal_frames(self) -> None:
        source, again = self.started(), self.started()
        for request in source.requests(self.wanted):
            one = source.fetch(request)
            assert one.equals(source.fetch(request))
            assert one.equals(again.fetch(request))

    def test_requests_are_stable_and_cover_what_is_wanted(self) -> None:
        source = self.started()
        requests = source.requests(self.wanted)
        assert requests == self.started().requests(self.wanted)
        assert len(requests) >= 3
        assert len({request.key for request in requests}) == len(requests)
        assert all(Request.span_of_key(r.key) == r.span for r in requests)
        middle = requests[1]
        inner = Span(middle.first + timedelta(seconds=1), middle.last - timedelta(seconds=1))
        assert middle in source.requests(inner), "a part of a span asks the same questions"

    def test_an_interrupted_download_goes_on_and_asks_nothing_twice(self, tmp_path: Path) -> None:
        whole = self.frame(tmp_path / "whole")
        broken = self.started(stop_after=2)
        with pytest.raises(KeyboardInterrupt):
            self.loader(broken, tmp_path / "cache").download(self.wanted)
        resumed = self.started()
        result = self.loader(resumed, tmp_path / "cache").download(self.wanted)
        assert result.frame.equals(whole)
        assert max(Counter(broken.asked + resumed.asked).values()) == 1

    @pytest.mark.parametrize("fault", [Fault.PASSING, Fault.TIMEOUT])
    def test_what_may_pass_is_tried_again_after_a_growing_pause(
        self, tmp_path: Path, fault: Fault
    ) -> None:
        source = self.started([fault, fault])
        result = self.loader(source, tmp_path / "cache").download(self.wanted)
        assert result.frame.equals(self.frame(tmp_path / "whole"))
        assert Counter(source.asked)[source.asked[0]] == 3
        waited = [b - a for a, b in pairwise(source.times[:3])]
        assert timedelta(0) < waited[0]
        assert waited[1] >= waited[0]

    def test_what_will_not_pass_is_told_at_once_in_one_sentence(self, tmp_path: Path) -> None:
        source = self.started([Fault.REFUSED])
        with pytest.raises(InputError) as told:
            self.loader(source, tmp_path).download(self.wanted)
        assert len(source.asked) == 1
        is_one_sentence(str(told.value))

    def test_a_vendor_that_keeps_failing_ends_in_one_sentence_and_keeps_what_came(
        self, tmp_path: Path
    ) -> None:
        first = self.started(stop_after=1)
        with pytest.raises(KeyboardInterrupt):
            self.loader(first, tmp_path).download(self.wanted)
        failing = self.started([Fault.PASSING] * 4)
        with pytest.raises(InputError) as told:
            self.loader(failing, tmp_path, attempts=4).download(self.wanted)
        is_one_sentence(str(told.value))
        assert "4 tries" in str(told.value)
        assert len(failing.asked) == 4
        assert len(list(tmp_path.rglob("*.parquet"))) == 1
        assert not [path for path in tmp_path.rglob(".*") if path.is_file()]

    def test_the_cache_offline_gives_what_came_online(self, tmp_path: Path) -> None:
        online = self.loader(self.started(), tmp_path).download(self.wanted)
        silent = self.started([Fault.REFUSED] * 99)
        offline = self.loader(silent, tmp_path).download(self.wanted, offline=True)
        assert silent.asked == []
        assert offline.frame.equals(online.frame)
        assert offline.fetched == 0

    def test_an_update_asks_only_what_is_newer_and_what_was_open(self, tmp_path: Path) -> None:
        source = self.started()
        self.loader(source, tmp_path).download(self.wanted)
        requests = source.requests(self.wanted)
        still_open = {r.key for r in requests if r.is_open(self.now, source.settle)}
        assert still_open, "the recording has to reach into the present"
        again = self.started()
        result = self.loader(again, tmp_path).update()
        asked_before = set(source.asked)
        assert set(again.asked) & asked_before <= still_open
        assert requests[-1].key in again.asked
        assert result.frame["ts"][-1] == self.frame(tmp_path / "whole")["ts"][-1]

    def test_the_pace_is_kept(self, tmp_path: Path) -> None:
        source = self.started([Fault.PASSING])
        self.loader(source, tmp_path).download(self.wanted)
        pace, times = source.pace, source.times
        gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
        assert min(gaps) >= pace.min_interval_s > 0
        assert gaps[0] >= pace.identical_s
        for index, first in enumerate(times):
            later = [t for t in times[index:] if (t - first).total_seconds() < pace.window_s]
            assert not pace.max_per_window or len(later) <= pace.max_per_window

    @pytest.mark.parametrize("fault", list(Fault))
    def test_nothing_secret_is_written_anywhere(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Fault
    ) -> None:
        caplog.set_level(logging.DEBUG)
        source = self.started([fault] * 2)
        with pytest.raises(InputError) as told:
            self.loader(source, tmp_path, attempts=2).download(self.wanted)
        # What was raised on the way may hold the secret: a traceback must not show it.
        assert told.value.__suppress_context__ or told.value.__context__ is None
        assert TOKEN not in f"{told.value} {told.value.__cause__!r}"
        assert TOKEN not in caplog.text
        assert TOKEN not in f"{source.note}{source._source!r}{vars(source._source)!r}"
        for path in tmp_path.rglob("*"):
            assert TOKEN not in str(path)
            assert not path.is_file() or TOKEN.encode() not in path.read_bytes()


def is_one_sentence(text: str) -> None:
    """One line that ends with the only full stop, and is of a length to read."""
    assert text.endswith(".")
    assert "\n" not in text
    assert ". " not in text
    assert 40 < len(text) < 400


def utc(text: str) -> datetime:
    """A time such as "2025-05-02 13:30", UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
