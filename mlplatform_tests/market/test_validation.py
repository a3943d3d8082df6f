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
from mlplatform.market.validation import SET_ASIDE, check_timeframe, validate
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


@settings(max_examples=60)
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


def at(minutes: list[int], contract: str = "MESM5", source: str | None = "a") -> pl.DataFrame:
    """Sound rows at minutes after 09:00 on a Tuesday, in that order."""
    return (
        SOUND.head(1)
        .select(pl.exclude("ts", "contract", "source", "row"))
        .join(
            pl.DataFrame(
                {
                    "ts": pl.Series(
                        [chicago(START) + timedelta(minutes=m) for m in minutes],
                        dtype=RAW_BARS.schema["ts"],
                    ),
                    "contract": pl.Series([contract] * len(minutes), dtype=pl.String),
                    "source": pl.Series([source] * len(minutes), dtype=pl.String),
                    "row": pl.int_range(len(minutes), dtype=pl.Int64, eager=True),
                }
            ),
            how="cross",
        )
    )


def reasons(raw: pl.DataFrame) -> list[str | None]:
    """The reason of each row in order of arrival; None where it is valid."""
    numbered = RAW_BARS.frame(raw).with_columns(row=pl.int_range(raw.height, dtype=pl.Int64))
    found = dict.fromkeys(range(raw.height))
    checked = validate(numbered)
    assert checked.bars.height + checked.quarantined.height == raw.height
    assert checked.quarantined["row"].is_sorted()
    found.update(checked.quarantined.select("row", "reason").rows())
    return list(found.values())


EARLIER, LATER = "earlier than a row before it", "later than the rows after it"
AGAIN, RESTATED = "delivered again unchanged", "restated by a later file"
DAY = 1440


@pytest.mark.parametrize("ahead", [2, 60, 2 * DAY, 30 * DAY, 365 * DAY])
def test_a_row_dated_ahead_of_its_neighbours_is_refused_alone(ahead):
    assert reasons(at([0, 1, 2, 3 + ahead, 4, 5, 6])) == [*[None] * 3, LATER, *[None] * 3]
    assert reasons(at([ahead, 1, 2, 3]))[0] == LATER
    assert reasons(at([0, 9 + ahead, 10 + ahead, 3, 4, 5]))[1:3] == [LATER, LATER]


def test_a_row_dated_long_ago_is_refused_alone():
    found = reasons(at([0, 1, -28 * DAY, 3]))
    assert found == [None, None, EARLIER, None]
    assert reasons(at([0, 1, 2, -28 * DAY])) == [None, None, None, EARLIER]


def test_of_equally_long_sequences_the_earlier_rows_are_kept():
    assert reasons(at([0, 1, 3, 2, 4])) == [None, None, None, EARLIER, None]
    assert reasons(at([2, 1, 0])) == [None, EARLIER, EARLIER]
    twice = [0, 1, 2, 0, 1, 2]
    assert reasons(at(twice)) == [None] * 3 + [EARLIER, EARLIER, "duplicate time"]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 12), max_size=12))
def test_the_fewest_rows_are_refused_for_their_order(minutes):
    best = [0] * len(minutes)
    for i, minute in enumerate(minutes):
        best[i] = 1 + max((best[j] for j in range(i) if minutes[j] < minute), default=0)
    kept = [m for m, reason in zip(minutes, reasons(at(minutes)), strict=True) if reason is None]
    assert len(kept) == max(best, default=0)
    assert kept == sorted(set(kept))


def test_order_is_a_matter_of_one_contract_in_one_file():
    raw = pl.concat([at([5, 6]), at([0, 1], "MESU5"), at([0, 1], source="b"), at([2], source=None)])
    assert reasons(raw) == [None] * 7
    assert (
        validate(raw)
        .bars.select("ts", "contract")
        .equals(validate(raw).bars.select("ts", "contract").sort("ts", "contract"))
    )
    mixed = pl.concat([at([0, 1]), at([7], "MESU5"), at([0], source="b"), at([1, 2])])
    assert reasons(mixed)[4] == "duplicate time"
    assert reasons(mixed)[3] == AGAIN


def test_contracts_side_by_side_are_sorted_by_time_then_contract():
    bars = validate(pl.concat([at([0, 1], "MESU5"), at([0, 1], "MESM5")])).bars
    assert bars["contract"].to_list() == ["MESM5", "MESU5", "MESM5", "MESU5"]
    assert bars["ts"].is_sorted()


def other(frame: pl.DataFrame, **values: object) -> pl.DataFrame:
    return frame.with_columns(
        pl.lit(value, RAW_BARS.schema[name]).alias(name) for name, value in values.items()
    )


def test_what_a_later_file_repeats_counts_once():
    raw = pl.concat([at([0, 1]), at([1, 2], source="b"), at([1], source="c")])
    assert reasons(raw) == [None, None, AGAIN, None, AGAIN]
    unknown = other(raw, volume=None)
    assert reasons(unknown) == [None, None, AGAIN, None, AGAIN]


@pytest.mark.parametrize(
    "values",
    [{"high": 101.0}, {"volume": 99.0}, {"volume": None}, {"ask_volume": 1.0}, {"low": 99.0}],
)
def test_what_a_later_file_says_otherwise_replaces_the_earlier(values):
    new = other(at([1], source="b"), **values)
    raw = pl.concat([RAW_BARS.frame(part) for part in (at([0, 1, 2]), new)])
    assert reasons(raw) == [None, RESTATED, None, None]
    back = pl.concat([raw, RAW_BARS.frame(at([1], source="c"))])
    assert reasons(back) == [None, RESTATED, None, RESTATED, None]
    twice = pl.concat([raw, RAW_BARS.frame(other(at([1], source="c"), **values))])
    assert reasons(twice) == [None, RESTATED, None, None, AGAIN]
    undone = pl.concat([RAW_BARS.frame(at([1], source="0")), raw])
    assert reasons(undone) == [RESTATED, None, AGAIN, None, None]


def test_the_order_of_arrival_is_that_of_the_sources_first_rows_broken_ones_included():
    broken_first = RAW_BARS.frame(other(at([9], source="a"), close=None))
    later = RAW_BARS.frame(other(at([0], source="b"), volume=7.0))
    raw = pl.concat([broken_first, later, RAW_BARS.frame(at([0], source="a"))])
    assert reasons(raw) == ["no price", None, RESTATED]


def test_another_contract_or_a_broken_row_restates_nothing():
    broken_row = RAW_BARS.frame(other(at([0], source="b"), close=None))
    raw = pl.concat([RAW_BARS.frame(at([0])), RAW_BARS.frame(at([0], "MESU5", "c")), broken_row])
    assert reasons(raw) == [None, None, "no price"]


@pytest.mark.parametrize("contract", ["ESH5-ESM5", "ES:BF H5-M5-U5", "UD:1V"])
def test_a_spread_is_refused_as_one_whatever_its_price(contract):
    spread = other(at([0]), contract=contract, low=-3.0)
    raw = pl.concat([RAW_BARS.frame(at([0])), RAW_BARS.frame(spread)])
    assert reasons(raw) == [None, "a spread, not an outright"]


@pytest.mark.parametrize("contract", ["", "ES", "ES=F", "ESM5", "ESM2025"])
def test_an_outright_is_no_spread(contract):
    assert reasons(other(at([0]), contract=contract)) == [None]


def test_rows_set_aside_are_told_from_faults():
    assert frozenset({AGAIN, RESTATED, "not the front month"}) == SET_ASIDE


@st.composite
def deliveries(draw: st.DrawFn) -> pl.DataFrame:
    """Files that overlap, contradict each other and themselves, over two contracts and a spread."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    parts = []
    for source in draw(st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=5)):
        for contract in ("MESM5", "MESU5", "MESM5-MESU5")[: int(rng.integers(1, 4))]:
            minutes = np.sort(rng.integers(0, 12, int(rng.integers(0, 10))))
            swaps = rng.random(len(minutes)) < 0.1
            minutes[swaps] += rng.choice([-5000, 3, 40_000], int(swaps.sum()))
            part = at(minutes.tolist(), contract, source).with_columns(
                volume=pl.Series(rng.choice([1.0, 2.0, -1.0], len(minutes), p=[0.6, 0.3, 0.1]))
            )
            parts.append(RAW_BARS.frame(part))
    return pl.concat([RAW_BARS.empty(), *parts])


@settings(max_examples=80)
@given(deliveries())
def test_of_all_files_the_latest_sound_statement_of_a_bar_counts_and_no_row_is_lost(raw):
    raw = raw.with_columns(row=pl.int_range(raw.height, dtype=pl.Int64))
    checked = validate(raw)
    both = pl.concat([checked.bars.select(RAW_BARS.names), checked.quarantined.drop("reason")])
    assert both.sort("row").equals(raw)
    keys = checked.bars.select("ts", "contract")
    assert keys.equals(keys.unique().sort("ts", "contract"))
    # What is no fault in itself states a bar; the last statement in order of arrival counts.
    fault = checked.quarantined.filter(~pl.col("reason").is_in(SET_ASIDE))["row"]
    arrival = {source: i for i, source in enumerate(raw["source"].unique(maintain_order=True))}
    stated = sorted(
        raw.filter(~pl.col("row").is_in(fault.implode())).iter_rows(named=True),
        key=lambda row: (arrival[row["source"]], row["row"]),
    )
    latest = {(row["ts"], row["contract"]): row["volume"] for row in stated}
    counted = checked.bars.select("ts", "contract", "volume").rows()
    assert {(ts, contract): volume for ts, contract, volume in counted} == latest
    for row in checked.quarantined.filter(pl.col("reason") == AGAIN).iter_rows(named=True):
        twins = [r for r in stated if (r["ts"], r["contract"]) == (row["ts"], row["contract"])]
        assert sum(r["volume"] == row["volume"] for r in twins) > 1


@settings(max_examples=40)
@given(deliveries())
def test_a_later_file_changes_no_row_that_it_does_not_speak_of(raw):
    raw = raw.filter(pl.col("source").is_not_null())  # known files: the last one is new
    part = raw.filter(pl.col("source") != "c")
    new = raw.filter(pl.col("source") == "c")
    before = validate(part).bars
    after = validate(pl.concat([part, new])).bars
    untouched = before.join(new, on=["ts", "contract"], how="anti")
    assert after.join(new, on=["ts", "contract"], how="anti").equals(untouched)


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
