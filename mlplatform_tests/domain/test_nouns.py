"""Instruments, timeframes, series and tables."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlplatform.domain.errors import InputError
from mlplatform.domain.instrument import INSTRUMENTS, instrument_of
from mlplatform.domain.schema import Column, Table
from mlplatform.domain.series import Series, Timeframe

TABLE = Table("things", (Column("a", pl.Int64, "a"), Column("b", pl.Float64, "b", nullable=True)))


def test_the_contracts_cost_what_the_exchange_says_they_are_worth():
    money = {s: (i.tick_points, i.multiplier_usd) for s, i in INSTRUMENTS.items()}
    assert money == {"ES": (0.25, 50), "MES": (0.25, 5), "NQ": (0.25, 20), "MNQ": (0.25, 2)}
    assert all(i.commission_usd > 0 and i.slippage_ticks > 0 for i in INSTRUMENTS.values())
    assert all(i.yahoo_symbol == f"{i.symbol}=F" for i in INSTRUMENTS.values())


def test_an_instrument_is_found_in_any_case_and_an_unknown_one_names_the_known():
    assert instrument_of("mes") is INSTRUMENTS["MES"]
    with pytest.raises(InputError, match="'CL': use one of ES, MES, NQ, MNQ"):
        instrument_of("CL")


@pytest.mark.parametrize(
    ("name", "seconds"), [("15s", 15), ("1m", 60), ("5m", 300), ("1h", 3600), ("2d", 172_800)]
)
def test_a_timeframe_is_a_count_and_a_unit(name, seconds):
    timeframe = Timeframe(name)
    assert timeframe.seconds == seconds
    assert timeframe.delta == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "name", ["", "m", "5", "0m", "05m", "-1m", "1.5m", "5M", "5m ", "1w", "m5"]
)
def test_what_is_no_timeframe_is_refused_with_an_example(name):
    with pytest.raises(InputError, match="such as 5m"):
        Timeframe(name)


@given(st.sampled_from(sorted(INSTRUMENTS)), st.integers(1, 999), st.sampled_from("smhd"))
def test_a_series_is_parsed_back_from_its_name(symbol, count, unit):
    series = Series(instrument_of(symbol), Timeframe(f"{count}{unit}"))
    assert series.name == f"{symbol}-{count}{unit}"
    assert Series.parse(series.name) == series


@pytest.mark.parametrize(
    "name", ["", "MES", "MES-", "-1m", "MES-1x", "mes-1m", "MES-1m-5m", "MES 1m"]
)
def test_what_is_no_series_is_refused_with_an_example(name):
    with pytest.raises(InputError, match="such as MES-1m"):
        Series.parse(name)


@pytest.mark.parametrize("name", ["CL-1m", "MES-0m"])
def test_a_series_of_an_unknown_instrument_or_timeframe_is_refused(name):
    with pytest.raises(InputError, match="Unknown"):
        Series.parse(name)


def test_a_table_puts_columns_in_order_and_gives_them_their_type():
    frame = TABLE.frame({"b": [1, None], "more": [0, 0], "a": [1.0, 2.0]})
    assert frame.schema == TABLE.schema == TABLE.empty().schema
    assert frame.rows() == [(1, 1.0), (2, None)]


def test_a_table_refuses_a_missing_column_a_null_and_a_value_that_does_not_fit():
    with pytest.raises(ValueError, match=r"things lacks \['b'\]"):
        TABLE.frame({"a": [1]})
    with pytest.raises(ValueError, match=r"things has nulls in \['a'\]"):
        TABLE.frame({"a": [None], "b": [1.0]})
    with pytest.raises(pl.exceptions.InvalidOperationError):
        TABLE.frame({"a": ["x"], "b": [1.0]})
