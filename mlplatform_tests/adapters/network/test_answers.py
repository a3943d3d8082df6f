"""What is kept of an answer, and the words of errors."""

from datetime import timedelta

import pytest

from mlplatform.adapters.bars.network.answers import clause, complete_bars
from mlplatform.adapters.bars.network.port import Request
from mlplatform.domain.series import Timeframe
from mlplatform.testing.network_sources import utc
from mlplatform_tests.adapters.network.test_download import bars

HOUR = Request(utc("2025-06-04 12:00"), utc("2025-06-04 13:00"))


def test_a_bar_is_kept_from_the_moment_of_its_end() -> None:
    frame = bars(utc("2025-06-04 12:05"))
    end = utc("2025-06-04 12:10")
    assert complete_bars(frame, HOUR, Timeframe("5m"), end).height == 1
    assert complete_bars(frame, HOUR, Timeframe("5m"), end - timedelta(seconds=1)).is_empty()


def test_bars_from_the_start_of_a_span_to_before_its_end_are_kept_and_numbered() -> None:
    times = [utc(f"2025-06-04 {clock}") for clock in ("11:55", "12:00", "12:55", "13:00")]
    kept = complete_bars(bars(*times), HOUR, Timeframe("5m"), utc("2025-06-05"))
    assert kept["ts"].to_list() == times[1:3]
    assert kept["row"].to_list() == [0, 1]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Not subscribed. Ask sales!\n Now.", "Not subscribed; Ask sales; Now"),
        ("GET https://a:b@host/x?crumb=abc&i=1m", "GET https://***@host/x?crumb=***&i=1m"),
        ("Authorization: Bearer abc.def", "Authorization; ***"),
        ("order for DU1234567 and U7654321", "order for *** and ***"),
        ("my sesame", "my ***"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_vendors_words_become_one_clause_without_secrets(said: str, kept: str) -> None:
    assert clause(said, "sesame", "") == kept
