"""Dukascopy by its recorded tick files."""

import lzma
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from mlplatform.adapters.bars.network import dukascopy_ticks
from mlplatform.adapters.bars.network.download import Downloader
from mlplatform.adapters.bars.network.dukascopy import DukascopyBars, DukascopySettings
from mlplatform.adapters.bars.network.dukascopy_ticks import read_bi5, read_json
from mlplatform.adapters.bars.network.port import Request, Span, TransientError
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.testing.network_sources import (
    TOKEN,
    FakeClock,
    Fault,
    NetworkSourceContract,
    is_one_sentence,
    utc,
)
from mlplatform_tests.adapters.network.recorded_dukascopy import (
    ROOT,
    TICKS,
    RecordedDukascopy,
    bi5,
    json_bodies,
    tick_json,
)

NOW = utc("2025-05-02 15:30:05")
TEN = Request(utc("2025-05-02 10:00"), utc("2025-05-02 11:00"))
TEN_JSON = json_bodies()["ticks/USA500.IDX-USD/2025/5/2/10"]


def source(
    vendor: RecordedDukascopy | None = None, series: str = "ES-1m", clock: FakeClock | None = None
) -> DukascopyBars:
    return DukascopyBars(
        Series.parse(series),
        DukascopySettings(url=ROOT),
        clock or FakeClock(NOW),
        vendor or RecordedDukascopy(),
    )


class TestContract(NetworkSourceContract):
    wanted = Span(utc("2025-05-02 10:00"), utc("2025-05-02 15:31"))
    now = NOW
    first_bar = {
        "ts": utc("2025-05-02 10:01"),
        "open": 5600.75,
        "high": 5601.75,
        "low": 5600.0,
        "close": 5601.0,
        "volume": 4.0,
        "contract": "",
        "bid_volume": None,
    }

    def make(self, clock: FakeClock, faults: Sequence[Fault] = ()) -> DukascopyBars:
        return source(RecordedDukascopy(faults), clock=clock)


class TestJsonContract(TestContract):
    def make(self, clock: FakeClock, faults: Sequence[Fault] = ()) -> DukascopyBars:
        settings = DukascopySettings(ROOT, "json")
        vendor = RecordedDukascopy(faults, json_bodies())
        return DukascopyBars(Series.parse("ES-1m"), settings, clock, vendor)


def test_both_forms_give_the_same_bars() -> None:
    one, other = read_json(TEN_JSON, TEN.first), read_bi5(bi5(TICKS[next(iter(TICKS))]))
    assert one.ms.tolist() == other.ms.tolist()
    assert one.mid.tolist() == other.mid.tolist()
    assert one.liquidity.tolist() == pytest.approx(other.liquidity.tolist())


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"<html>",
        b"[]",
        b"{}",
        tick_json(TEN.first, [(3_600_000, 1.0, 1.0, 1.0, 1.0)]),
        TEN_JSON.replace(b'"askVolumes": [', b'"askVolumes": [1,'),
        TEN_JSON.replace(b"0.001", b"0"),
    ],
)  # fmt: skip
def test_a_json_answer_of_another_form_may_pass_with_another_try(body: bytes) -> None:
    with pytest.raises(TransientError):
        read_json(body, TEN.first)


def test_times_count_from_the_time_that_the_answer_names() -> None:
    start = round(TEN.first.timestamp() * 1000)
    later = TEN_JSON.replace(str(start).encode(), str(start + 500).encode())
    assert (read_json(later, TEN.first).ms - read_json(TEN_JSON, TEN.first).ms).tolist() == [
        500
    ] * 5


def test_a_json_answer_without_ticks_is_empty() -> None:
    assert read_json(tick_json(TEN.first, []), TEN.first).ms.size == 0


def test_each_form_has_its_own_address() -> None:
    assert DukascopySettings().root != DukascopySettings(form="json").root
    assert DukascopySettings("http://mirror/", "json").root == "http://mirror"


def test_a_bar_holds_the_ticks_from_its_start_to_before_the_next() -> None:
    bars = source().fetch(TEN)
    assert bars["ts"].to_list() == [utc("2025-05-02 10:01"), utc("2025-05-02 10:02")]
    assert bars["open"].to_list() == [5600.75, 5601.25]
    whole = source(series="ES-1h").fetch(TEN)
    assert whole["ts"].to_list() == [TEN.first]
    assert whole.select("open", "close").row(0) == (5600.75, 5601.25)
    assert whole["volume"].to_list() == pytest.approx([4.5])


def test_the_month_in_the_address_counts_from_zero() -> None:
    vendor = RecordedDukascopy()
    source(vendor).fetch(TEN)
    source(vendor, "NQ-1m").fetch(Request(utc("2024-12-31 05:00"), utc("2024-12-31 06:00")))
    assert vendor.asked == [
        "USA500IDXUSD/2025/04/02/10h_ticks.bi5",
        "USATECHIDXUSD/2024/11/31/05h_ticks.bi5",
    ]


@pytest.mark.parametrize("symbol", ["ES", "MES", "NQ", "MNQ"])
def test_its_note_says_that_it_is_no_future(symbol: str) -> None:
    note = source(series=f"{symbol}-1m").note
    assert note is not None
    assert "CFD" in note
    assert "not contracts" in note


def test_nothing_is_asked_for_a_saturday() -> None:
    requests = source().requests(Span(utc("2025-05-02 23:00"), utc("2025-05-04 01:00")))
    assert [request.first for request in requests] == [
        utc("2025-05-02 23:00"),
        utc("2025-05-04 00:00"),
    ]


def test_an_hour_without_ticks_is_an_answer_where_the_market_is_closed_and_else_a_gap(
    tmp_path: Path,
) -> None:
    clock = FakeClock(utc("2025-05-03 12:00"))
    vendor = RecordedDukascopy(bodies={"USA500IDXUSD/2025/04/02/12h_ticks.bi5": b""})
    loader = Downloader(source(vendor, clock=clock), tmp_path, clock, clock.sleep)
    wanted = Span(utc("2025-05-02 10:00"), utc("2025-05-02 22:00"))
    first = loader.download(wanted)
    gaps = [gap.span.first.hour for gap in first.missing]
    assert gaps == [12, 14, 16, 17, 18, 19, 20]  # 21:00 to 22:00 UTC is the daily break
    assert first.note is not None
    is_one_sentence(first.note.replace("Missing: ", ""))
    vendor.bodies["USA500IDXUSD/2025/04/02/12h_ticks.bi5"] = bi5([(0, 5607.0, 5606.5, 1.0, 1.0)])
    second = loader.download(wanted)
    assert second.fetched == len(gaps), "a gap is asked again, an answer is not"
    assert utc("2025-05-02 12:00") in second.frame["ts"].to_list()


@pytest.mark.parametrize(
    "body",
    [
        b"no lzma at all, but long enough to be one",
        bi5(TICKS["USA500IDXUSD/2025/04/02/10h_ticks.bi5"])[:-6],
        lzma.compress(b"x" * 21, lzma.FORMAT_ALONE),
        bi5([(3_600_000, 1.0, 1.0, 1.0, 1.0)]),
    ],
    ids=["noise", "cut", "half a record", "a time of another hour"],
)
def test_a_damaged_file_may_pass_with_another_try(body: bytes) -> None:
    with pytest.raises(TransientError):
        read_bi5(body)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dukascopy_ticks, "_LARGEST_BYTES", 1000)
    with pytest.raises(InputError, match="too large"):
        read_bi5(lzma.compress(bytes(100_000), lzma.FORMAT_ALONE))


@pytest.mark.parametrize("series", ["ES-7m", "ES-4h"])
def test_a_timeframe_that_does_not_divide_the_hour_is_refused(series: str) -> None:
    with pytest.raises(InputError) as told:
        source(series=series)
    is_one_sentence(str(told.value))


def test_the_settings_do_not_show_their_address() -> None:
    assert TOKEN not in repr(DukascopySettings(url=ROOT))


def test_an_hour_is_final_three_hours_later() -> None:
    settle = source().settle
    assert TEN.is_open(TEN.last + settle - timedelta(seconds=1), settle)
    assert not TEN.is_open(TEN.last + settle, settle)
