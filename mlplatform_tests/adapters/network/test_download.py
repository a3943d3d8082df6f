"""The downloader with a source in memory: order, patience, pace, gaps, updates."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from mlplatform.adapters.bars.network.cache import RequestCache
from mlplatform.adapters.bars.network.download import Downloader
from mlplatform.adapters.bars.network.pacing import Pacer, Retry
from mlplatform.adapters.bars.network.port import (
    NotOfferedError,
    Pace,
    Request,
    Span,
    TransientError,
)
from mlplatform.adapters.bars.network.spans import fixed_cells
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.domain.tables import RAW_BARS
from mlplatform.testing.network_sources import FakeClock, is_one_sentence, utc

HOUR = timedelta(hours=1)
NOW = utc("2025-06-04 15:30")
WANTED = Span(utc("2025-06-04 12:00"), NOW)


class MemorySource:
    """One bar at the start of each hour; what is planted comes first."""

    kind, vendor, note = "memory", "Memory", None
    series = Series.parse("ES-5m")
    pace = Pace()
    settle = timedelta(minutes=10)

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.planted: dict[datetime, list[Exception | pl.DataFrame]] = {}
        self.asked: list[datetime] = []
        self.closed = 0
        self.oldest: datetime | None = None
        self.price = 100.0

    def requests(self, wanted: Span) -> list[Request]:
        return [Request(cell.first, cell.last) for cell in fixed_cells(wanted, HOUR)]

    def offered_from(self, now: datetime) -> datetime | None:
        return self.oldest

    def fetch(self, request: Request) -> pl.DataFrame:
        self.asked.append(request.first)
        if self.planted.get(request.first):
            thing = self.planted[request.first].pop(0)
            if isinstance(thing, Exception):
                raise thing
            return thing
        return bars(request.first, price=self.price)

    def close(self) -> None:
        self.closed += 1


def bars(*times: datetime, price: float = 100.0) -> pl.DataFrame:
    values = {name: [price] * len(times) for name in ("open", "high", "low", "close", "volume")}
    rows = {"contract": [""] * len(times), "row": range(len(times))}
    return RAW_BARS.frame({"ts": pl.Series(times, dtype=RAW_BARS.schema["ts"])} | values | rows)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def source(clock: FakeClock) -> MemorySource:
    return MemorySource(clock)


def loader(source: MemorySource, cache: Path, **more: object) -> Downloader:
    return Downloader(source, cache, source.clock, source.clock.sleep, **more)  # type: ignore[arg-type]


def test_the_answers_lie_in_one_file_each_by_kind_and_series(
    source: MemorySource, tmp_path: Path
) -> None:
    result = loader(source, tmp_path).download(WANTED)
    assert (result.fetched, result.cached, result.note) == (4, 0, None)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.parquet")) == [
        "memory/ES-5m/20250604T120000-20250604T130000.parquet",
        "memory/ES-5m/20250604T130000-20250604T140000.parquet",
        "memory/ES-5m/20250604T140000-20250604T150000.parquet",
        "memory/ES-5m/20250604T150000-20250604T160000.open.parquet",
    ]
    assert result.frame["row"].to_list() == [0, 1, 2, 3]
    assert source.closed == 1


def test_bars_outside_of_what_is_wanted_are_fetched_and_not_given(
    source: MemorySource, tmp_path: Path
) -> None:
    wanted = Span(utc("2025-06-04 12:30"), utc("2025-06-04 14:30"))
    late = utc("2025-06-04 14:30")
    source.planted[utc("2025-06-04 14:00")] = [bars(late - HOUR / 12, late)]
    result = loader(source, tmp_path).download(wanted)
    assert result.frame["ts"].to_list() == [utc("2025-06-04 13:00"), late - HOUR / 12]
    assert len(source.asked) == 3


def test_an_open_answer_is_asked_again_until_it_is_final(
    source: MemorySource, tmp_path: Path, clock: FakeClock
) -> None:
    last = utc("2025-06-04 15:00")
    loader(source, tmp_path).download(WANTED)
    clock.now = utc("2025-06-04 16:09:59")
    source.price = 101.0
    wanted = Span(WANTED.first, utc("2025-06-04 16:00"))
    again = loader(source, tmp_path).download(wanted)
    assert source.asked[4:] == [last]
    assert again.frame["close"].to_list() == [100.0, 100.0, 100.0, 101.0]
    clock.now = utc("2025-06-04 16:10")
    loader(source, tmp_path).download(wanted)
    assert source.asked[5:] == [last]
    assert not list(tmp_path.rglob("*.open.parquet"))
    loader(source, tmp_path).download(wanted)
    assert len(source.asked) == 6


def test_an_answer_that_grew_old_while_waiting_is_still_taken_as_open(
    source: MemorySource, tmp_path: Path, clock: FakeClock
) -> None:
    last = utc("2025-06-04 15:00")
    source.planted[last] = [TransientError("busy", pause_s=7200.0)]
    loader(source, tmp_path).download(WANTED)
    assert len(list(tmp_path.rglob("*.open.parquet"))) == 1


def test_a_vendor_that_wants_a_pause_gets_it(
    source: MemorySource, tmp_path: Path, clock: FakeClock
) -> None:
    source.planted[WANTED.first] = [TransientError("busy", pause_s=77.0)]
    loader(source, tmp_path).download(WANTED)
    assert clock.sleeps == [77.0]


def test_pauses_grow_to_a_limit_and_are_the_same_for_the_same_seed() -> None:
    retry = Retry(attempts=9, base_s=2.0, cap_s=60.0)
    pauses = [retry.pause_s("k", attempt) for attempt in range(9)]
    assert pauses == [retry.pause_s("k", attempt) for attempt in range(9)]
    assert all(
        min(60, 2 * 2**n) / 2 <= pause <= min(60, 2 * 2**n) for n, pause in enumerate(pauses)
    )
    assert pauses != [Retry(seed=8, cap_s=60.0).pause_s("k", attempt) for attempt in range(9)]
    assert pauses != [retry.pause_s("other", attempt) for attempt in range(9)]


@pytest.mark.parametrize(
    "times",
    [(WANTED.first, WANTED.first), (WANTED.first + 2 * HOUR / 12, WANTED.first)],
    ids=["double", "backwards"],
)
def test_bars_out_of_order_are_never_stored(
    source: MemorySource, tmp_path: Path, times: tuple[datetime, ...]
) -> None:
    source.planted[WANTED.first] = [bars(*times)] * 3
    with pytest.raises(InputError, match="out of order") as told:
        loader(source, tmp_path, retry=Retry(attempts=3)).download(WANTED)
    is_one_sentence(str(told.value))
    assert not list(tmp_path.rglob("*.parquet"))


def test_what_a_vendor_does_not_offer_is_told_and_the_rest_goes_on(
    source: MemorySource, tmp_path: Path
) -> None:
    source.planted[WANTED.first] = [NotOfferedError("not this far back")]
    result = loader(source, tmp_path).download(WANTED)
    assert result.frame.height == 3
    assert result.missing[0].span.first == WANTED.first
    assert result.note == (
        "Missing: 1 of the spans asked for, between 2025-06-04 12:00 and 2025-06-04 13:00 UTC "
        "(not this far back)."
    )


def test_what_is_older_than_the_vendor_keeps_is_not_asked(
    source: MemorySource, tmp_path: Path
) -> None:
    source.oldest = utc("2025-06-04 13:30")
    result = loader(source, tmp_path).download(WANTED)
    assert source.asked[0] == utc("2025-06-04 13:00")
    assert [gap.span.last for gap in result.missing] == [utc("2025-06-04 13:00"), source.oldest]


def test_an_empty_answer_in_open_hours_is_a_gap_that_is_asked_again(
    source: MemorySource, tmp_path: Path
) -> None:
    source.planted[WANTED.first] = [RAW_BARS.empty()]
    first = loader(source, tmp_path).download(WANTED)
    assert [gap.reason for gap in first.missing] == ["an empty answer"]
    second = loader(source, tmp_path).download(WANTED)
    assert second.missing == ()
    assert second.frame.height == 4


def test_an_empty_answer_in_closed_hours_is_kept(source: MemorySource, tmp_path: Path) -> None:
    friday = Span(utc("2025-05-30 20:00"), utc("2025-05-30 23:00"))  # the market closes at 21:00
    for hour in (21, 22):
        source.planted[friday.first.replace(hour=hour)] = [RAW_BARS.empty()]
    result = loader(source, tmp_path).download(friday)
    assert result.missing == ()
    loader(source, tmp_path).download(friday)
    assert len(source.asked) == 3


def test_offline_tells_what_the_cache_lacks(source: MemorySource, tmp_path: Path) -> None:
    loader(source, tmp_path).download(Span(WANTED.first, utc("2025-06-04 14:00")))
    result = loader(source, tmp_path).download(WANTED, offline=True)
    assert result.frame.height == 2
    assert {gap.reason for gap in result.missing} == {"not in the cache"}
    assert len(result.missing) == 2
    with pytest.raises(InputError) as told:
        loader(source, tmp_path / "empty").download(WANTED, offline=True)
    is_one_sentence(str(told.value))
    assert len(source.asked) == 2


def test_an_update_begins_at_the_newest_answer(
    source: MemorySource, tmp_path: Path, clock: FakeClock
) -> None:
    loader(source, tmp_path).download(WANTED)
    clock.now = utc("2025-06-04 18:20")
    result = loader(source, tmp_path).update()
    assert [f"{at:%H}" for at in source.asked[4:]] == ["15", "16", "17", "18"]
    assert result.frame["ts"][0] == utc("2025-06-04 15:00")
    assert loader(source, tmp_path).everything().frame.height == 7


def test_an_update_without_anything_new_is_empty_and_no_error(
    source: MemorySource, tmp_path: Path, clock: FakeClock
) -> None:
    last = utc("2025-06-04 15:00")
    source.planted[last] = [RAW_BARS.empty()] * 2
    loader(source, tmp_path).download(WANTED)
    assert loader(source, tmp_path).update().frame.is_empty()


def test_an_update_of_nothing_says_what_to_do(source: MemorySource, tmp_path: Path) -> None:
    for act in (loader(source, tmp_path).update, loader(source, tmp_path).everything):
        with pytest.raises(InputError) as told:
            act()
        is_one_sentence(str(told.value))


def test_the_future_is_not_asked(source: MemorySource, tmp_path: Path) -> None:
    result = loader(source, tmp_path).download(Span(WANTED.first, NOW + 9 * HOUR))
    assert (len(source.asked), result.missing) == (4, ())
    with pytest.raises(InputError) as told:
        loader(source, tmp_path).download(Span(NOW + HOUR, NOW + 2 * HOUR))
    is_one_sentence(str(told.value))


def test_progress_is_told_before_each_question(source: MemorySource, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    loader(source, tmp_path, progress=lambda n, of, _: told.append((n, of))).download(WANTED)
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_a_damaged_cache_file_is_told_in_one_sentence(source: MemorySource, tmp_path: Path) -> None:
    loader(source, tmp_path).download(WANTED)
    path = RequestCache(tmp_path / "memory" / "ES-5m").path(source.requests(WANTED)[0])
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match="damaged") as told:
        loader(source, tmp_path).download(WANTED)
    is_one_sentence(str(told.value))


def test_a_foreign_file_in_the_cache_is_left_alone(source: MemorySource, tmp_path: Path) -> None:
    loader(source, tmp_path).download(WANTED)
    (tmp_path / "memory" / "ES-5m" / "mine.parquet").write_bytes(b"x")
    assert loader(source, tmp_path).everything().frame.height == 4


def test_a_pacer_keeps_interval_window_and_identical_questions_apart(clock: FakeClock) -> None:
    pacer = Pacer(Pace(1.0, 3, 10.0, identical_s=5.0), clock, clock.sleep)
    made = []
    for key in ("a", "b", "b", "c", "d"):
        pacer.wait(key)
        made.append((clock.now - NOW).total_seconds())
    assert made == [0.0, 1.0, 6.0, 10.0, 11.0]
