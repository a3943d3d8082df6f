"""Interactive Brokers by a recorded client."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mlplatform.adapters.bars.network.download import Downloader
from mlplatform.adapters.bars.network.ib import IbBars
from mlplatform.adapters.bars.network.ib_gateway import IbSettings, connect_ib
from mlplatform.adapters.bars.network.port import Span, TransientError
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
from mlplatform_tests.adapters.network.recorded_ib import RecordedIb, RequestError

NOW = utc("2025-06-10 14:00:05")
SERVICE = "Historical Market Data Service error message:"
WANTED = Span(utc("2025-05-27 00:00"), utc("2025-06-10 14:05"))


def started(
    *faults: Fault | Exception, series: str = "ES-5m", clock: FakeClock | None = None, **more: Any
) -> tuple[IbBars, RecordedIb]:
    clock = clock or FakeClock(NOW)
    vendor = RecordedIb(clock, faults)
    settings = IbSettings(account=TOKEN)
    return IbBars(
        Series.parse(series), settings, clock=clock, connect=vendor.connect, **more
    ), vendor


class TestContract(NetworkSourceContract):
    wanted = WANTED
    now = NOW
    first_bar = {
        "ts": utc("2025-05-28 13:30"),
        "open": 5925.0,
        "high": 5931.25,
        "low": 5922.5,
        "close": 5930.0,
        "volume": 21_344.0,
        "contract": "ESM5",
    }

    def make(self, clock: FakeClock, faults: Sequence[Fault] = ()) -> IbBars:
        return started(*faults, clock=clock)[0]


def test_two_contracts_are_asked_for_where_the_front_month_may_change(tmp_path: Path) -> None:
    source, _ = started()
    requests = source.requests(WANTED)
    assert [(r.contract, f"{r.first:%m-%d %H:%M}") for r in requests] == [
        ("ESM5", "05-23 22:00"),
        ("ESM5", "05-30 22:00"),
        ("ESU5", "05-30 22:00"),
        ("ESM5", "06-06 22:00"),
        ("ESU5", "06-06 22:00"),
    ]
    bars = Downloader(source, tmp_path, source._clock, source._clock.sleep).download(WANTED).frame
    assert bars["ts"].is_sorted()
    same = bars.filter(ts=utc("2025-06-03 13:30"))
    assert same["contract"].to_list() == ["ESM5", "ESU5"]
    assert bars["row"].to_list() == list(range(bars.height))


@pytest.mark.parametrize(
    ("series", "bar_size", "duration", "days"),
    [
        ("ES-30s", "30 secs", "28800 S", 1 / 3),
        ("ES-1m", "1 min", "1 D", 1),
        ("ES-5m", "5 mins", "1 W", 7),
        ("ES-1h", "1 hour", "1 M", 28),
    ],
)
def test_a_request_is_as_long_as_ib_documents_for_its_bar_size(
    series: str, bar_size: str, duration: str, days: float
) -> None:
    source, vendor = started(series=series)
    request = source.requests(WANTED)[0]
    assert request.last - request.first == timedelta(days=days)
    source.fetch(request)
    assert (vendor.asked[0].barSizeSetting, vendor.asked[0].durationStr) == (bar_size, duration)
    # In the daily break, so that a day means the session that ended.
    assert vendor.asked[0].endDateTime == request.last - timedelta(seconds=1)


def test_the_present_is_asked_for_with_an_empty_end() -> None:
    source, vendor = started()
    source.fetch(source.requests(WANTED)[-1])
    assert vendor.asked[0].endDateTime == ""


def test_no_minute_request_is_made_for_days_on_which_cme_is_closed() -> None:
    source, _ = started(series="ES-1m")
    span = Span(utc("2025-04-17 00:00"), utc("2025-04-22 00:00"))  # Good Friday is the 18th
    days = [f"{request.last:%a %d}" for request in source.requests(span)]
    assert days == ["Thu 17", "Mon 21", "Tue 22"]


def test_regular_hours_have_their_own_answers(tmp_path: Path) -> None:
    source, vendor = started(rth_only=True)
    assert all(request.key.endswith("-rth") for request in source.requests(WANTED))
    source.fetch(source.requests(WANTED)[0])
    assert vendor.asked[0].useRTH is True
    assert source.note is not None
    small, _ = started(series="ES-5s", rth_only=True)
    hours = {
        r.first.hour for r in small.requests(Span(utc("2025-06-03 00:00"), utc("2025-06-04 00:00")))
    }
    assert hours == set(range(13, 21))  # 08:30 to 16:00 Chicago


def test_an_update_goes_on_from_its_own_answers_only(tmp_path: Path) -> None:
    early = Span(utc("2025-05-27 00:00"), utc("2025-05-30 00:00"))
    source, vendor = started()
    clock = source._clock
    Downloader(source, tmp_path, clock, clock.sleep).download(early)
    regular, _ = started(rth_only=True)
    Downloader(regular, tmp_path, clock, clock.sleep).download(WANTED)
    vendor.asked.clear()
    result = Downloader(source, tmp_path, clock, clock.sleep).update()
    assert len(vendor.asked) == len(source.requests(WANTED)) - 1
    assert result.frame.height == 6


def test_a_pacing_violation_waits_until_ib_has_forgotten(tmp_path: Path) -> None:
    violation = f"{SERVICE}Historical data request pacing violation"
    clock = FakeClock(NOW)
    source, vendor = started(*[RequestError(162, violation)] * 4, clock=clock)
    Downloader(source, tmp_path, clock, clock.sleep).download(WANTED)
    assert len(vendor.asked) == 4 + len(source.requests(WANTED))
    assert sum(clock.sleeps) >= 600


def test_sixty_requests_are_the_most_in_ten_minutes(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    source, vendor = started(series="ES-5s", clock=clock)
    times = []
    vendor.bars = {name: {} for name in vendor.bars}
    ask = vendor.reqHistoricalData
    vendor.reqHistoricalData = lambda *a, **k: (times.append(clock()), ask(*a, **k))[1]  # type: ignore[method-assign]
    with pytest.raises(InputError, match="empty answer"):
        Downloader(source, tmp_path, clock, clock.sleep).download(
            Span(utc("2025-06-02 00:00"), utc("2025-06-06 00:00"))
        )
    assert len(times) > 75
    assert all((b - a).total_seconds() > 600 for a, b in zip(times, times[60:], strict=False))
    assert all((b - a).total_seconds() > 2 for a, b in zip(times, times[5:], strict=False))


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        (354, "Requested market data is not subscribed.", "subscribe"),
        (162, f"{SERVICE}No market data permissions for CME FUT", "subscribe"),
        (200, "No security definition has been found for the request", "two years"),
        (321, "Error validating request.-'bd' : cause - Invalid duration", "settings"),
    ],
)  # fmt: skip
def test_what_the_user_has_to_solve_is_told_at_once(code: int, message: str, words: str) -> None:
    source, vendor = started(RequestError(code, message))
    with pytest.raises(InputError, match=words) as told:
        source.fetch(source.requests(WANTED)[0])
    is_one_sentence(str(told.value))
    assert len(vendor.asked) == 1


def test_a_contract_that_ib_no_longer_has_is_told_at_once() -> None:
    source, vendor = started()
    with pytest.raises(InputError, match="ESM3"):
        source.fetch(source.requests(Span(utc("2023-06-01 00:00"), utc("2023-06-02 00:00")))[0])
    assert vendor.asked == []


@pytest.mark.parametrize(
    "error",
    [
        RequestError(162, f"{SERVICE}API historical data query cancelled"),
        RequestError(1100, "Connectivity between IBKR and Trader Workstation has been lost."),
        TimeoutError(),
        ConnectionResetError(104, "Connection reset by peer"),
    ],
)  # fmt: skip
def test_what_may_pass_is_told_as_such(error: Exception) -> None:
    source, _ = started(error)
    with pytest.raises(TransientError):
        source.fetch(source.requests(WANTED)[0])


def test_a_lost_connection_is_opened_again() -> None:
    source, vendor = started(ConnectionError("Not connected"))
    request = source.requests(WANTED)[0]
    with pytest.raises(TransientError):
        source.fetch(request)
    assert source.fetch(request).height == 1
    assert vendor.connections == 2


def test_no_data_is_an_empty_answer() -> None:
    said = f"{SERVICE}HMDS query returned no data: ESM5@CME Trades"
    source, _ = started(RequestError(162, said))
    assert source.fetch(source.requests(WANTED)[0]).is_empty()


def test_a_volume_that_ib_does_not_have_is_null() -> None:
    source, vendor = started()
    vendor.bars = {"ESM5": {utc("2025-05-28 13:30"): (1.0, 1.0, 1.0, 1.0, -1)}}
    assert source.fetch(source.requests(WANTED)[0])["volume"].to_list() == [None]


def test_a_download_ends_its_connection(tmp_path: Path) -> None:
    source, vendor = started()
    Downloader(source, tmp_path, source._clock, source._clock.sleep).download(WANTED)
    assert (vendor.connections, vendor.disconnections) == (1, 1)


def test_without_ib_async_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ib_async", None)
    with pytest.raises(InputError, match=r"pip install 'mlplatform\[ib\]'") as told:
        connect_ib(IbSettings())
    is_one_sentence(str(told.value))


def test_the_settings_do_not_show_the_account() -> None:
    assert TOKEN not in repr(IbSettings(account=TOKEN))


@pytest.mark.parametrize("series", ["ES-4m", "ES-4h", "ES-1d"])
def test_a_bar_size_that_ib_has_not_is_refused(series: str) -> None:
    with pytest.raises(InputError) as told:
        started(series=series)
    is_one_sentence(str(told.value))
