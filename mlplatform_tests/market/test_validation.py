"""Bars at the door."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.domain.errors import InputError
from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS, QUARANTINED_BARS, RAW_BARS
from mlplatform.market.validation import check_timeframe, validate
from mlplatform.testing.bars import chicago, raw_bars

START = "2025-06-03 09:00"
SOUND = raw_bars(START, [100 + i for i in range(8)], minutes=1)
NAN, INF = float("nan"), float("inf")


def broken(row: int, **values: object) -> pl.DataFrame:
    """The sound bars with other values in one row."""
    at = pl.int_range(pl.len()) == row
    changes = {
        name: pl.when(at).then(pl.lit(value, SOUND.schema[name])).otherwise(name)
        for name, value in values.items()
    }
    return SOUND.with_columns(**changes)


CASES = [
    ({"ts": None}, "no time"),
    ({"close": None}, "no price"),
    ({"open": NAN}, "no price"),
    ({"high": INF}, "price not finite and positive"),
    ({"low": 0.0}, "price not finite and positive"),
    ({"low": -3.0}, "price not finite and positive"),
    ({"high": 99.0}, "high or low contradicts the other prices"),  # below all
    ({"low": 103.5}, "high or low contradicts the other prices"),
    ({"open": 104.0}, "high or low contradicts the other prices"),
    ({"close": 102.0}, "high or low contradicts the other prices"),
    ({"open": 102.0}, "high or low contradicts the other prices"),
    ({"close": 104.0}, "high or low contradicts the other prices"),
    ({"volume": -1.0}, "negative volume"),
    ({"volume": NAN}, "volume not finite"),
    ({"volume": INF}, "volume not finite"),
    ({"ts": chicago("2025-06-03 08:59")}, "earlier than a row before it"),
    ({"ts": chicago("2025-06-03 09:01")}, "earlier than a row before it"),
    ({"ts": chicago("2025-06-03 09:02")}, "duplicate time"),
    ({"ts": chicago("2025-06-03 16:30")}, "outside the CME session calendar"),
    ({"ts": chicago("2025-06-07 12:00")}, "outside the CME session calendar"),
    ({"ts": chicago("2025-04-18 12:00")}, "outside the CME session calendar"),
    ({"ts": chicago("9000-04-18 12:00")}, "outside the CME session calendar"),
]


@pytest.mark.parametrize(("values", "reason"), CASES)
def test_a_broken_row_is_refused_with_its_reason_and_condemns_no_other(values, reason):
    raw = broken(3, **values)
    checked = validate(raw)
    assert checked.quarantined["reason"].to_list() == [reason]
    assert checked.quarantined.drop("reason").equals(raw[3:4])
    assert checked.bars["row"].to_list() == [0, 1, 2, 4, 5, 6, 7]


@pytest.mark.parametrize("values", [{"volume": None}, {"volume": 0.0}, {"high": 200.0}])
def test_a_bar_without_volume_or_with_a_long_wick_is_valid(values):
    raw = broken(3, **values)
    checked = validate(raw)
    assert checked.quarantined.is_empty()
    assert checked.bars.select(RAW_BARS.names).equals(raw)


def test_a_row_is_refused_for_the_first_of_its_reasons():
    raw = broken(3, ts=None, close=None, volume=-1.0)
    assert validate(raw).quarantined["reason"].to_list() == ["no time"]
    raw = broken(3, ts=chicago("2025-06-03 16:30"), volume=-1.0)
    assert validate(raw).quarantined["reason"].to_list() == ["negative volume"]


def test_the_first_of_bars_with_one_time_is_kept():
    raw = pl.concat([SOUND, SOUND[2:4]]).with_columns(row=pl.int_range(10, dtype=pl.Int64))
    checked = validate(raw)
    assert checked.bars["row"].to_list() == list(range(8))
    assert checked.quarantined.rows()
    assert set(checked.quarantined["reason"]) == {"earlier than a row before it"}


@pytest.mark.parametrize(
    ("timeframe", "seconds", "kept"),
    [("1m", 0, True), ("1m", 1, False), ("5m", 0, False), ("15s", 15, True), (None, 1, True)],
)
def test_a_bar_between_the_bars_is_refused_where_the_timeframe_is_known(timeframe, seconds, kept):
    known = Timeframe(timeframe) if timeframe else None
    at = chicago("2025-06-03 09:03") + timedelta(seconds=seconds)
    checked = validate(broken(3, ts=at)[3:4], known)
    assert checked.bars.height == kept
    assert checked.quarantined["reason"].to_list() == ["off the timeframe's grid"] * (not kept)
    if timeframe == "1m":
        whole = validate(broken(3, ts=at), known)
        assert whole.bars.height == 7 + kept


def test_bars_longer_than_an_hour_have_no_grid():
    assert validate(SOUND[3:4], Timeframe("4h")).bars.height == 1


def test_nothing_in_gives_nothing_out():
    checked = validate(RAW_BARS.empty())
    assert checked.bars.schema == BARS.schema
    assert checked.quarantined.schema == QUARANTINED_BARS.schema
    assert (checked.bars.height, checked.quarantined.height) == (0, 0)


@st.composite
def dirty_bars(draw: st.DrawFn) -> pl.DataFrame:
    """Bars in which anything may be wrong."""
    n = draw(st.integers(0, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    start = chicago("2025-06-06 15:30")
    hours = draw(st.sampled_from([1, 60]))
    steps = np.cumsum(rng.choice([-1, 0, 1, 1, 1, 3], n)) * hours
    price = 100 + rng.choice(
        [0.0, 1.0, -1.0, NAN, INF, -200.0], (4, n), p=[0.7, 0.1, 0.1, 0.04, 0.03, 0.03]
    )
    columns = dict(zip(("open", "high", "low", "close"), price, strict=True))
    raw = pl.DataFrame(columns).with_columns(
        ts=pl.Series(
            [start + timedelta(minutes=int(s)) for s in steps], dtype=RAW_BARS.schema["ts"]
        ),
        volume=pl.Series(rng.choice([0.0, 5.0, -1.0, NAN], n)),
        contract=pl.lit("MESM5"),
        row=pl.int_range(n, dtype=pl.Int64),
    )
    missing = [
        pl.when(pl.Series(rng.random(n) > 0.05, dtype=pl.Boolean)).then(name).alias(name)
        for name in ("ts", "open", "high", "low", "close", "volume")
    ]
    return RAW_BARS.frame(raw.with_columns(missing))


@settings(deadline=None, max_examples=60)
@given(dirty_bars())
def test_bars_in_are_bars_out_and_quarantined_and_what_is_out_is_sound(raw):
    checked = validate(raw)
    refused = checked.quarantined.drop("reason")
    both = pl.concat([checked.bars.select(RAW_BARS.names), refused]).sort("row")
    assert both.equals(raw)
    bars = checked.bars
    assert (bars["ts"].diff().drop_nulls() > timedelta(0)).all()
    assert (
        bars["high"] >= bars.select(pl.max_horizontal("open", "low", "close")).to_series()
    ).all()
    assert (bars["low"] <= bars.select(pl.min_horizontal("open", "close")).to_series()).all()
    # Sound on the second look too: nothing valid depends on the rows that were refused.
    assert validate(bars.select(RAW_BARS.names)).bars.equals(bars)


@settings(deadline=None, max_examples=40)
@given(dirty_bars(), st.integers(0, 40))
def test_whether_a_row_is_valid_does_not_depend_on_rows_after_it(raw, cut):
    part, whole = validate(raw.head(cut)), validate(raw)
    assert part.bars.equals(whole.bars.filter(pl.col("row") < cut))
    assert part.quarantined.equals(whole.quarantined.filter(pl.col("row") < cut))


def stamps(*seconds: int) -> pl.Series:
    start = chicago(START)
    return pl.Series([start + timedelta(seconds=s) for s in seconds], dtype=RAW_BARS.schema["ts"])


def test_the_commonest_step_is_the_timeframe_whatever_gaps_and_disorder():
    check_timeframe(stamps(0, 60, 120, 180, 9000, 9060, 9060, 60), Timeframe("1m"))
    check_timeframe(stamps(0, 3600, 7200), Timeframe("1h"))
    check_timeframe(
        pl.concat([stamps(0), pl.Series([None], dtype=RAW_BARS.schema["ts"]), stamps(60)]),
        Timeframe("1m"),
    )


@pytest.mark.parametrize(
    ("seconds", "said", "found"),
    [
        ((0, 300, 600), "1m", "5m"),
        ((0, 60, 120), "5m", "1m"),
        ((0, 15, 30), "1m", "15s"),
        ((0, 60, 360), "5m", "1m"),  # of equally common steps the smaller one
        ((0, 300, 360), "5m", "1m"),
    ],
)
def test_another_timeframe_is_refused_with_the_one_found(seconds, said, found):
    with pytest.raises(InputError, match=f"are {found} apart, not {said}: use --timeframe {found}"):
        check_timeframe(stamps(*seconds), Timeframe(said))


@pytest.mark.parametrize("seconds", [(), (0,), (0, 0)])
def test_a_source_without_two_times_is_refused(seconds):
    with pytest.raises(InputError, match="fewer than two bars"):
        check_timeframe(stamps(*seconds), Timeframe("1m"))
