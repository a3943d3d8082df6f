"""Spans, durations, grids, requests and quarterly contracts."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.adapters.bars.network.ib_contracts import Quarterly, fronts_within
from mlplatform.adapters.bars.network.port import Request, Span
from mlplatform.adapters.bars.network.spans import fixed_cells, span_before, trading_day_cells
from mlplatform.domain.errors import InputError
from mlplatform.testing.network_sources import is_one_sentence, utc

TIMES = st.integers(0, 20 * 366 * 86400).map(lambda s: utc("2010-01-01") + timedelta(seconds=s))
WANTED = st.tuples(TIMES, st.integers(1, 5_000_000)).map(
    lambda drawn: Span(drawn[0], drawn[0] + timedelta(seconds=drawn[1]))
)


@pytest.mark.parametrize(
    ("duration", "first"),
    [
        ("1 Y", "2024-03-31 10:00"),
        ("1 M", "2025-02-28 10:00"),
        ("13 M", "2024-02-29 10:00"),
        ("30 D", "2025-03-01 10:00"),
        ("2 w", "2025-03-17 10:00"),
        ("1D", "2025-03-30 10:00"),
        ("3600 S", "2025-03-31 09:00"),
    ],
)
def test_a_duration_counts_back_by_the_calendar(duration: str, first: str) -> None:
    end = utc("2025-03-31 10:00")
    assert span_before(duration, end) == Span(utc(first), end)


@pytest.mark.parametrize("text", ["", "1", "Y", "0 D", "-1 D", "1 H", "1.5 Y", "9999 Y", "1 Y 2"])
def test_a_duration_that_cannot_be_read_is_told_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError) as told:
        span_before(text, utc("2025-03-31 10:00"))
    is_one_sentence(str(told.value))


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputError) as told:
        Span(utc("2025-03-31"), utc("2025-03-30"))
    is_one_sentence(str(told.value))


@given(WANTED, st.sampled_from([timedelta(hours=1), timedelta(days=7), timedelta(days=28)]))
def test_fixed_cells_cover_a_span_without_gap_and_do_not_depend_on_it(
    wanted: Span, length: timedelta
) -> None:
    cells = list(fixed_cells(wanted, length))
    assert cells[0].first <= wanted.first < cells[0].last
    assert cells[-1].first < wanted.last <= cells[-1].last
    assert all(a.last == b.first for a, b in pairwise(cells))
    alone = Span(cells[-1].first, cells[-1].first + timedelta(seconds=1))
    assert list(fixed_cells(alone, length)) == cells[-1:]
    if length >= timedelta(days=7):
        assert {cell.first.weekday() for cell in cells} == {0}


@given(WANTED, st.sampled_from([1, 7, 28]))
def test_cells_of_trading_days_cover_a_span_and_begin_at_17_chicago(
    wanted: Span, days: int
) -> None:
    cells = list(trading_day_cells(wanted, days))
    assert cells[0].first <= wanted.first < cells[0].last
    assert cells[-1].first < wanted.last <= cells[-1].last
    assert all(a.last == b.first for a, b in pairwise(cells))
    assert {cell.first.hour for cell in cells} <= {22, 23}
    alone = Span(cells[-1].first, cells[-1].first + timedelta(seconds=1))
    assert list(trading_day_cells(alone, days)) == cells[-1:]
    if days > 1:
        assert {cell.first.weekday() for cell in cells} == {4}


def test_a_key_names_the_span_the_contract_and_the_variant() -> None:
    request = Request(utc("2025-05-02 22:00"), utc("2025-05-09 22:00"), "ESM5", "rth")
    assert request.key == "20250502T220000-20250509T220000-ESM5-rth"
    assert Request.span_of_key(request.key) == request.span
    assert Request.span_of_key("notes") is None


@pytest.mark.parametrize(
    ("contract", "expiry"),
    [
        (Quarterly("ES", 2025, 6), date(2025, 6, 20)),
        (Quarterly("MES", 2024, 3), date(2024, 3, 15)),
        (Quarterly("NQ", 2023, 9), date(2023, 9, 15)),
        (Quarterly("ES", 2026, 12), date(2026, 12, 18)),
    ],
)
def test_a_quarterly_contract_expires_on_the_third_friday(
    contract: Quarterly, expiry: date
) -> None:
    assert contract.expiry == expiry


def test_names_and_neighbours_cross_the_year() -> None:
    december = Quarterly("ES", 2025, 12)
    assert (december.name, december.month_code) == ("ESZ5", "202512")
    assert december.next.name == "ESH6"
    assert december.next.previous == december


@given(WANTED)
def test_at_every_time_the_front_month_and_around_a_roll_both_contracts_are_asked(
    wanted: Span,
) -> None:
    contracts = list(fronts_within("ES", wanted))
    for at in (wanted.first, wanted.last - timedelta(seconds=1)):
        live = [one for one in contracts if one.front.first <= at < one.front.last]
        nearest = min(live, key=lambda one: one.expiry)
        assert nearest.expiry >= at.date()
        assert nearest.previous.expiry < at.date()
        assert len(live) == (2 if nearest.expiry - at.date() <= timedelta(days=14) else 1)
