"""Yahoo by its recorded answers."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
import yfinance
from yfinance.exceptions import YFRateLimitError

from mlplatform.adapters.bars.network.download import Downloader
from mlplatform.adapters.bars.network.port import NotOfferedError, Request, Span, TransientError
from mlplatform.adapters.bars.network.yahoo import YahooBars, yfinance_history
from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Series
from mlplatform.testing.network_sources import (
    FakeClock,
    Fault,
    NetworkSourceContract,
    is_one_sentence,
    utc,
)
from mlplatform_tests.adapters.network.recorded_yahoo import Answer, RecordedYahoo, chart, refusal

NOW = utc("2025-06-03 13:32:05")
WEEK = Request(utc("2025-06-02 00:00"), utc("2025-06-09 00:00"))


@pytest.fixture(scope="module", autouse=True)
def zones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """yfinance keeps the time zones of symbols in a small database: not in the user's folder."""
    yfinance.set_tz_cache_location(str(tmp_path_factory.mktemp("zones")))
    yield
    yfinance.cache._TzDBManager.close_db()


class TestContract(NetworkSourceContract):
    wanted = Span(utc("2025-05-20 00:00"), utc("2025-06-03 14:00"))
    now = NOW
    first_bar = {
        "ts": utc("2025-05-20 14:30"),
        "open": 5951.25,
        "high": 5953.0,
        "low": 5950.5,
        "close": 5952.0,
        "volume": 1211.0,
        "contract": "",
    }

    def make(self, clock: FakeClock, faults: Sequence[Fault] = ()) -> YahooBars:
        return YahooBars(Series.parse("ES-1m"), clock, RecordedYahoo(faults))


def source(*answers: Answer, series: str = "ES-1m") -> YahooBars:
    return YahooBars(Series.parse(series), FakeClock(NOW), RecordedYahoo(answers=answers))


def test_a_minute_request_asks_for_seven_days_at_most_and_never_for_the_future() -> None:
    vendor = RecordedYahoo()
    bars = YahooBars(Series.parse("ES-1m"), FakeClock(NOW), vendor)
    for request in bars.requests(TestContract.wanted):
        bars.fetch(request)
    assert all(asked["period2"] - asked["period1"] <= 7 * 86400 for asked in vendor.asked)
    assert all(asked["period2"] <= NOW.timestamp() for asked in vendor.asked)
    assert {asked["interval"] for asked in vendor.asked} == {"1m"}


@pytest.mark.parametrize(("timeframe", "days"), [("1m", 30), ("5m", 60), ("15m", 60), ("1h", 730)])
def test_no_question_reaches_further_back_than_yahoo_keeps(timeframe: str, days: int) -> None:
    vendor = RecordedYahoo()
    bars = YahooBars(Series.parse(f"ES-{timeframe}"), FakeClock(NOW), vendor)
    oldest = bars.offered_from(NOW)
    assert oldest is not None
    assert abs((NOW - oldest).days - days) <= 1
    requests = bars.requests(Span(utc("2020-01-01 00:00"), NOW))
    bars.fetch(next(request for request in requests if request.last > oldest))
    assert vendor.asked[0]["period1"] >= int(oldest.timestamp())


def test_what_yahoo_no_longer_keeps_stays_in_the_cache_and_else_is_told_as_missing(
    tmp_path: Path,
) -> None:
    wanted = Span(utc("2025-05-20 00:00"), utc("2025-06-03 13:00"))
    clock = FakeClock(NOW)
    early = YahooBars(Series.parse("ES-1m"), clock, RecordedYahoo())
    kept = Downloader(early, tmp_path, clock, clock.sleep).download(wanted)
    assert kept.note is None
    later = utc("2025-08-01 00:00")
    clock = FakeClock(later)
    silent = YahooBars(Series.parse("ES-1m"), clock, RecordedYahoo([Fault.REFUSED] * 9))
    again = Downloader(silent, tmp_path, clock, clock.sleep).download(wanted)
    assert again.frame["ts"][0] == kept.frame["ts"][0]
    assert again.missing[0].reason == "older than what the vendor keeps"
    assert again.missing[0].span.first >= utc("2025-06-02 00:00")


def test_the_live_price_that_yahoo_appends_is_no_bar() -> None:
    times = source().fetch(WEEK)["ts"].to_list()
    assert times == [utc("2025-06-03 13:30"), utc("2025-06-03 13:31")]


def test_a_price_that_yahoo_leaves_out_is_null() -> None:
    rows = [(utc("2025-06-03 13:30"), (5941.5, None, 5938.25, 5939.0, 10))]
    assert source(Answer(200, chart(rows))).fetch(WEEK)["high"].to_list() == [None]


def test_a_span_that_yahoo_does_not_offer_is_told_as_such() -> None:
    said = "1m data not available for startTime=1 and endTime=2. Only 7 days worth are allowed."
    with pytest.raises(NotOfferedError, match="7 days"):
        source(Answer(422, refusal(said))).fetch(WEEK)


def test_an_unknown_symbol_is_the_users_to_solve() -> None:
    with pytest.raises(InputError, match="ES=F") as told:
        source(Answer(404, refusal("No data found, symbol may be delisted"))).fetch(WEEK)
    is_one_sentence(str(told.value))


@pytest.mark.parametrize("text", ["", "<html></html>", "Will be right back"])
def test_an_answer_that_is_no_data_may_pass(text: str) -> None:
    with pytest.raises(TransientError):
        source(Answer(200, text)).fetch(WEEK)


def test_an_answer_of_another_form_is_told_in_one_sentence() -> None:
    odd = (
        '{"chart": {"result": [{"meta": {}, "indicators": {"quote": [{"a": 1}]}}], "error": null}}'
    )
    with pytest.raises(InputError, match="not understood") as told:
        source(Answer(200, odd)).fetch(WEEK)
    is_one_sentence(str(told.value))


def test_a_fault_that_yahoo_explains_may_pass() -> None:
    with pytest.raises(TransientError, match="Internal server error"):
        source(Answer(500, refusal("Internal server error"))).fetch(WEEK)


def test_too_many_requests_wait_longer() -> None:
    def limited(*_: object) -> object:
        raise YFRateLimitError

    with (
        patch.object(yfinance.Ticker, "history", lambda *_, **__: limited()),
        pytest.raises(TransientError, match="429") as told,
    ):
        yfinance_history("ES=F", "1m", utc("2025-06-02 00:00"), NOW)
    assert told.value.pause_s >= 30


def test_a_timeframe_that_yahoo_has_not_is_refused() -> None:
    with pytest.raises(InputError, match="1m, 2m, 5m"):
        source(series="ES-3m")
