"""The front month, and what is left of a roll in adjusted prices."""

from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlplatform.domain.tables import BARS, QUARANTINED_BARS, RAW_BARS, ROLLS
from mlplatform.market.adjustment import adjusted
from mlplatform.market.contracts import expiry_of, third_friday
from mlplatform.market.rolls import LOOK_BACK, RollRule, front_month, roll_table
from mlplatform.market.sessions import session_calendar
from mlplatform.market.validation import validate

REAL = Path(__file__).parents[3] / "shared" / "data" / "es_5m_by_contract.parquet"
VOLUME, CALENDAR = RollRule.VOLUME, RollRule.CALENDAR
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))
DAYS = session_calendar(date(2025, 1, 2), date(2025, 12, 31))


def bars_of(rows: list[tuple]) -> pl.DataFrame:
    """Valid bars from (number of the session in 2025, hour in it, contract, close, volume)."""
    frame = pl.DataFrame(
        rows,
        schema={
            "day": pl.Int64,
            "hour": pl.Int64,
            "contract": pl.String,
            "close": pl.Float64,
            "volume": pl.Float64,
        },
        orient="row",
    )
    starts = DAYS.with_row_index("day").with_columns(pl.col("day").cast(pl.Int64))
    price = pl.col("close")
    raw = frame.join(starts, on="day", maintain_order="left").with_columns(
        ts=pl.col("session_start") + pl.duration(hours="hour"),
        open=price,
        high=price,
        low=price,
        row=pl.int_range(pl.len(), dtype=pl.Int64),
    )
    checked = validate(RAW_BARS.frame(raw))
    assert checked.quarantined.is_empty(), checked.quarantined
    return checked.bars


def sessions_of(volumes: dict[str, list[float | None]], start: int = 0) -> pl.DataFrame:
    """Two bars a session and contract; None: no bar. Later contracts cost 50 points more each."""
    rows = []
    for number, (contract, each) in enumerate(volumes.items()):
        for day, volume in enumerate(each, start):
            if volume is not None:
                price = 5000.0 + 50 * number + day
                rows += [(day, h, contract, price + h, volume / 2) for h in (0, 1)]
    return bars_of(rows)


def fronts(table: pl.DataFrame) -> list[tuple]:
    """(number of the session, contract, reason) of each row."""
    number = {day: i for i, day in enumerate(DAYS["session_date"])}
    rows = table.select("session_date", "contract", "reason").rows()
    return [(number[day], contract, reason) for day, contract, reason in rows]


def test_the_roll_comes_at_the_start_of_the_session_after_the_one_that_decided():
    bars = sessions_of({"ESH5": [9, 9, 4, 1, 1], "ESM5": [1, 2, 5, 9, 9]})
    table = roll_table(bars, VOLUME, *ALWAYS)
    assert table.schema == ROLLS.schema
    assert fronts(table) == [(0, "ESH5", "opening"), (3, "ESM5", "volume")]
    opening, roll = table.rows(named=True)
    assert opening["previous"] is None
    assert opening["gap_points"] is None
    # Session 2 decided; its last bar of both is the one that the gap is measured on.
    assert (roll["contract_volume"], roll["previous_volume"]) == (5, 4)
    assert (roll["previous"], roll["gap_points"], roll["measured"]) == ("ESH5", 50, "same bar")
    assert roll["gap_ratio"] == 5053 / 5003


def test_equal_volume_is_no_reason_to_roll():
    bars = sessions_of({"ESH5": [9, 5, 9], "ESM5": [1, 5, 9]})
    assert fronts(roll_table(bars, VOLUME, *ALWAYS)) == [(0, "ESH5", "opening")]


def test_there_is_no_way_back_to_an_earlier_expiry():
    bars = sessions_of({"ESH5": [9, 1, 9, 9, 9], "ESM5": [1, 2, 1, 1, 1]})
    assert fronts(roll_table(bars, VOLUME, *ALWAYS)) == [
        (0, "ESH5", "opening"),
        (2, "ESM5", "volume"),
    ]


def test_of_several_later_contracts_the_one_that_traded_most_leads():
    bars = sessions_of({"ESH5": [9, 1, 1], "ESM5": [1, 2, 2], "ESU5": [1, 3, 3]})
    assert fronts(roll_table(bars, VOLUME, *ALWAYS))[1] == (2, "ESU5", "volume")
    equal = sessions_of({"ESU5": [1, 3, 3], "ESH5": [9, 1, 1], "ESM5": [1, 3, 3]})
    assert fronts(roll_table(equal, VOLUME, *ALWAYS))[1] == (2, "ESM5", "volume")


def test_order_is_that_of_expiry_not_of_the_alphabet():
    bars = sessions_of({"ESZ4": [9, 1, 1], "ESH5": [1, 9, 9]}, start=0)
    late_2024 = roll_table(bars, VOLUME, *ALWAYS)
    assert [row[1] for row in fronts(late_2024)] == ["ESH5"]  # December 2024 has expired
    bars = sessions_of({"ESH5": [9, 1, 1], "ESZ5": [1, 9, 9]})
    assert fronts(roll_table(bars, VOLUME, *ALWAYS))[1] == (2, "ESZ5", "volume")
    bars = sessions_of({"ESZ5": [9, 1, 1], "ESH6": [1, 9, 9]})
    assert fronts(roll_table(bars, VOLUME, *ALWAYS))[1] == (2, "ESH6", "volume")


def test_a_hole_in_the_fronts_data_is_no_roll():
    bars = sessions_of({"ESM5": [9, 9, None, None, 9], "ESU5": [1, 1, 1, 1, 1]})
    assert fronts(roll_table(bars, VOLUME, *ALWAYS)) == [(0, "ESM5", "opening")]


def test_a_front_without_a_trade_in_three_sessions_has_ended():
    bars = sessions_of({"ESM5": [9, 9, 0, None, None, 9], "ESU5": [1, 1, 1, 1, 1, 1]})
    roll = roll_table(bars, VOLUME, *ALWAYS).row(1, named=True)
    assert fronts(roll_table(bars, VOLUME, *ALWAYS))[1:] == [(5, "ESU5", "only contract left")]
    assert roll["measured"] == "same bar"
    assert roll["gap_points"] == 50  # of session 1: where both traded
    assert roll["previous_volume"] is None


def test_an_expired_contract_gives_way():
    at = DAYS["session_date"].to_list().index(third_friday(2025, 3)) - 2
    bars = sessions_of({"ESH5": [9] * 6, "ESM5": [1] * 6}, start=at)
    assert fronts(roll_table(bars, VOLUME, *ALWAYS)) == [
        (at, "ESH5", "opening"),
        (at + 3, "ESM5", "only contract left"),
    ]


def test_the_calendar_rolls_on_the_monday_before_the_third_friday():
    monday = DAYS["session_date"].to_list().index(date(2025, 3, 17))
    bars = sessions_of({"ESH5": [9] * 12, "ESM5": [1] * 12, "ESU5": [2] * 12}, start=monday - 5)
    table = roll_table(bars, CALENDAR, *ALWAYS)
    assert fronts(table) == [(monday - 5, "ESH5", "opening"), (monday, "ESM5", "calendar")]
    assert table["gap_points"][1] == 50
    late = bars.filter(pl.col("session_date") >= date(2025, 3, 18))
    assert fronts(roll_table(late, CALENDAR, *ALWAYS)) == [(monday + 1, "ESM5", "opening")]


def test_a_calendar_roll_waits_for_a_contract_to_roll_to():
    monday = DAYS["session_date"].to_list().index(date(2025, 3, 17))
    bars = sessions_of({"ESH5": [9] * 8, "ESM5": [None] * 6 + [1] * 2}, start=monday - 5)
    assert fronts(roll_table(bars, CALENDAR, *ALWAYS))[1] == (monday + 2, "ESM5", "calendar")


@pytest.mark.parametrize("rule", RollRule)
def test_contracts_spliced_without_overlap_change_where_the_file_changes_them(rule):
    bars = sessions_of({"ESM5": [9, 9, None, None], "ESU5": [None, None, 3, 3]})
    table = roll_table(bars, rule, *ALWAYS)
    assert fronts(table)[1:] == [(2, "ESU5", "only contract left")]
    roll = table.row(1, named=True)
    assert roll["measured"] == "across the break"
    assert roll["gap_points"] == 50 + (2 - 1) - 1  # less the move of the last bar: an estimate
    assert roll["contract_volume"] is None
    assert front_month(bars, table)[1].is_empty()


def test_a_contract_known_before_does_not_lead_because_the_front_misses_a_bar():
    bars = sessions_of({"ESM5": [9, 9, 9], "ESU5": [1, 1, 1]})
    hole = ~((pl.col("contract") == "ESM5") & (pl.col("ts") == DAYS["session_start"][2]))
    assert fronts(roll_table(bars.filter(hole), VOLUME, *ALWAYS)) == [(0, "ESM5", "opening")]


def test_a_contract_is_known_for_the_whole_look_back():
    volumes = {"ESM5": [9.0] * 16, "ESU5": [1.0, *[None] * 14, 1.0]}
    bars = sessions_of(volumes)
    hole = ~((pl.col("contract") == "ESM5") & (pl.col("ts") == DAYS["session_start"][15]))
    assert fronts(roll_table(bars.filter(hole), VOLUME, *ALWAYS)) == [(0, "ESM5", "opening")]


def test_bars_without_volume_do_not_mislead():
    """A deferred contract's stale quotes: no trade, the price of long ago."""
    rows = [(0, 0, "ESM5", 5000.0, 9.0), (0, 0, "ESU5", 5050.0, 1.0)]
    rows += [(1, 0, "ESM5", 5100.0, 2.0), (1, 0, "ESU5", 5150.0, 5.0)]
    rows += [(1, h, "ESM5", 5110.0, 1.0) for h in (1, 2)]
    rows += [(1, h, "ESU5", 5050.0, 0.0) for h in (1, 2)]
    rows += [(2, 0, "ESU5", 5150.0, 9.0)]
    table = roll_table(bars_of(rows), VOLUME, *ALWAYS)
    assert fronts(table)[1:] == [(2, "ESU5", "volume")]
    assert table["gap_points"][1] == 50
    stale = sessions_of({"ESM5": [9, 9, 9], "ESU5": [None, 0, 0]})
    assert fronts(roll_table(stale, VOLUME, *ALWAYS)) == [(0, "ESM5", "opening")]
    silent = sessions_of({"ESM5": [9, 9, 0, 0], "ESU5": [None, None, 3, 3]})
    assert fronts(roll_table(silent, VOLUME, *ALWAYS))[1:] == [(2, "ESU5", "only contract left")]


def test_names_without_a_month_come_in_order_of_appearance():
    bars = sessions_of({"NEW": [None, 1, 9, 9], "OLD": [9, 9, 1, 1]})
    assert fronts(roll_table(bars, VOLUME, *ALWAYS)) == [
        (0, "OLD", "opening"),
        (3, "NEW", "volume"),
    ]
    one = sessions_of({"": [9, 9]})
    assert fronts(roll_table(one, VOLUME, *ALWAYS)) == [(0, "", "opening")]


def test_volume_that_nobody_knows_moves_no_front():
    bars = sessions_of({"ESM5": [9, 9, 9], "ESU5": [9, 9, 9]}).with_columns(
        volume=pl.lit(None, pl.Float64)
    )
    assert fronts(roll_table(bars, VOLUME, *ALWAYS)) == [(0, "ESM5", "opening")]


def test_the_first_row_tells_the_front_of_the_first_session():
    bars = sessions_of({"ESH5": [9, 9, 4, 1, 1], "ESM5": [1, 2, 5, 9, 9]})
    days = DAYS["session_date"]
    assert fronts(roll_table(bars, VOLUME, days[4], days[5])) == [(4, "ESM5", "opening")]
    on_the_day = roll_table(bars, VOLUME, days[3], days[5])
    assert fronts(on_the_day) == [(3, "ESM5", "volume")]
    assert on_the_day["gap_points"].to_list() == [50]
    assert roll_table(bars, VOLUME, days[5], days[9]).equals(ROLLS.empty())
    assert roll_table(BARS.empty(), VOLUME, *ALWAYS).equals(ROLLS.empty())


def test_every_bar_is_in_front_or_set_aside():
    bars = sessions_of({"ESH5": [9, 9, 4, 1, 1], "ESM5": [1, 2, 5, 9, 9]})
    front, back = front_month(bars, roll_table(bars, VOLUME, *ALWAYS))
    assert front["contract"].to_list() == ["ESH5"] * 6 + ["ESM5"] * 4
    assert front.schema == BARS.schema
    assert back.schema == QUARANTINED_BARS.schema
    assert set(back["reason"]) == {"not the front month"}
    both = pl.concat([front.select(RAW_BARS.names), back.drop("reason")]).sort("row")
    assert both.equals(bars.select(RAW_BARS.names).sort("row"))
    with pytest.raises(ValueError, match="begin before their roll table"):
        front_month(bars, roll_table(bars, VOLUME, DAYS["session_date"][1], ALWAYS[1]))


@pytest.mark.parametrize(
    ("name", "day", "expires"),
    [
        ("ESM5", "2025-01-02", "2025-06-20"),
        ("ESM5", "2015-01-02", "2015-06-19"),
        ("ESM5", "2025-09-01", "2025-06-20"),  # a late bar, not one of 2035
        ("ESM5", "2027-01-01", "2035-06-15"),
        ("ESZ9", "2019-12-01", "2019-12-20"),
        ("ESH0", "2019-12-01", "2020-03-20"),
        ("MNQU25", "2024-12-01", "2025-09-19"),
        ("M2KH26", "2025-12-01", "2026-03-20"),
        ("ES", "2025-01-02", None),
        ("", "2025-01-02", None),
        ("ESA5", "2025-01-02", None),
    ],
)
def test_a_name_says_the_month_and_its_bars_the_decade(name, day, expires):
    found = expiry_of(name, date.fromisoformat(day))
    assert found == (None if expires is None else date.fromisoformat(expires))


QUARTERS = [("ESH5", date(2025, 3, 21)), ("ESM5", date(2025, 6, 20)), ("ESU5", date(2025, 9, 19))]


@lru_cache(maxsize=300)
def drawn_world(seed: int) -> pl.DataFrame:
    """A year of three bars a session: volume moves on in the two weeks before each expiry, with
    noise; some bars, and some whole sessions of one contract, are missing."""
    rng = np.random.default_rng(seed)
    rows, price = [], 5000.0
    listed = [*QUARTERS, ("ESZ5", date(2025, 12, 19))]
    for number, day in enumerate(DAYS["session_date"].head(190)):
        price += rng.normal(0, 10)
        for order, (contract, expires) in enumerate(listed):
            left = (expires - day).days
            if not 0 <= left <= 115 or rng.random() < 0.02:
                continue
            usual = 1000.0 / (1 + np.exp((left - 91 - 4) / 1.5) + np.exp((4 - left) / 1.5))
            for hour in (0, 7, 14):
                if rng.random() < 0.97:
                    volume = float(rng.poisson(usual * rng.lognormal(0, 0.3)))
                    level = round((price + 50 * order + rng.normal()) * 4) / 4
                    rows.append((number, hour, contract, level, volume))
    return bars_of(rows)


def months(table: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(table).filter(pl.col("previous").is_not_null())


@settings(max_examples=12)
@given(st.integers(0, 40), st.sampled_from(list(RollRule)))
def test_month_by_month_with_look_back_the_rolls_are_those_of_the_whole(seed, rule):
    bars = drawn_world(seed)
    whole = roll_table(bars, rule, *ALWAYS)
    starts = [date(2025, month, 1) for month in range(1, 11)]
    parts = []
    for first, end in pairwise(starts):
        seen = bars.filter(pl.col("session_date").is_between(first - LOOK_BACK, end, closed="left"))
        parts.append(roll_table(seen, rule, first, end))
    assert months(parts).equals(whole.filter(pl.col("previous").is_not_null()))
    assert whole.height >= 3
    assert whole["previous"].null_count() == 1
    for before, after in pairwise(parts):  # the months join without a break
        assert (after["previous"][0] or after["contract"][0]) == before["contract"][-1]
    monthly, _ = front_month(bars, pl.concat(parts))
    assert monthly.equals(front_month(bars, whole)[0])


@settings(max_examples=15)
@given(st.integers(0, 40), st.sampled_from(list(RollRule)), st.data())
def test_what_comes_after_a_time_changes_no_roll_up_to_it(seed, rule, data):
    bars = drawn_world(seed)
    first, end = date(2025, 2, 10), date(2025, 10, 1)
    later = bars["ts"].unique().sort().filter(bars["ts"].unique().sort() > DAYS["session_end"][30])
    cut = later[data.draw(st.integers(0, later.len() - 1))]
    whole = roll_table(bars, rule, first, end)
    day = bars.filter(pl.col("ts") <= cut)["session_date"].max()
    part = roll_table(bars.filter(pl.col("ts") <= cut), rule, first, end)
    known = whole.filter(pl.col("session_date") <= day)
    if known.height and known["measured"][-1] == "across the break":
        known, part = known[:-1], part[: known.height - 1]  # measured on a bar after the cut
    assert part.equals(known)
    rank = [expiry_of(contract, date(2025, 2, 1)) for contract in whole["contract"]]
    assert rank == sorted(set(rank))


@settings(max_examples=15)
@given(st.integers(0, 40), st.sampled_from(["difference", "ratio"]), st.integers(1, 9))
def test_a_later_roll_changes_no_earlier_row(seed, how, month):
    bars = drawn_world(seed)
    rolls = roll_table(bars, VOLUME, *ALWAYS)
    front, _ = front_month(bars, rolls)
    whole = adjusted(front, rolls, how)
    end = date(2025, month + 1, 1)
    early = front.filter(pl.col("session_date") < end)
    part = adjusted(early, rolls.filter(pl.col("session_date") < end), how)
    assert part.equals(whole.head(part.height))
    assert whole.columns == front.columns
    assert whole.drop("open", "high", "low", "close").equals(
        front.drop("open", "high", "low", "close")
    )
    oldest = front["contract"] == front["contract"][0]
    assert whole.filter(oldest).equals(front.filter(oldest))


def test_adjusted_prices_follow_the_gaps_so_far():
    volumes = {"ESH5": [9, 1, 1, 1, 1], "ESM5": [1, 9, 9, 1, 1], "ESU5": [None, 1, 1, 9, 9]}
    bars = sessions_of(volumes)
    rolls = roll_table(bars, VOLUME, *ALWAYS)
    front, _ = front_month(bars, rolls)
    assert front["contract"].unique(maintain_order=True).to_list() == ["ESH5", "ESM5", "ESU5"]
    flat = adjusted(front, rolls, "difference")
    assert flat["close"].to_list() == [5000.0 + d + h for d in range(5) for h in (0, 1)]
    ratio = adjusted(front, rolls, "ratio")
    first, second = rolls["gap_ratio"].to_list()[1:]
    assert ratio["close"][-1] == pytest.approx(front["close"][-1] / (first * second))
    assert ratio["close"][4] == pytest.approx(front["close"][4] / first)
    assert (ratio["high"] == ratio["close"]).all()


@lru_cache
def real_bars() -> pl.DataFrame:
    if not REAL.is_file():
        pytest.skip("real ES bars by contract are not at hand")
    raw = pl.read_parquet(REAL).rename({"symbol": "contract"}).with_row_index("row")
    return validate(raw.with_columns(pl.col("row").cast(pl.Int64))).bars


REAL_ROLLS = {
    VOLUME: [
        ("2024-06-18", "ESU4", 67.75),
        ("2024-09-17", "ESZ4", 61.0),
        ("2024-12-17", "ESH5", 73.25),
        ("2025-03-18", "ESM5", 51.5),
        ("2025-06-17", "ESU5", 53.5),
    ],
    CALENDAR: [
        ("2024-06-17", "ESU4", 64.5),
        ("2024-09-16", "ESZ4", 60.75),
        ("2024-12-16", "ESH5", 70.25),
        ("2025-03-17", "ESM5", 52.25),
        ("2025-06-16", "ESU5", 51.75),
    ],
}


@pytest.mark.parametrize("rule", RollRule)
def test_real_contracts_roll_once_a_quarter_with_the_gap_of_the_whole_day_before(rule):
    bars = real_bars()
    table = roll_table(bars, rule, *ALWAYS).filter(pl.col("previous").is_not_null())
    found = table.select(pl.col("session_date").cast(pl.String), "contract", "gap_points").rows()
    assert found == REAL_ROLLS[rule]
    assert set(table["measured"]) == {"same bar"}
    for roll in table.iter_rows(named=True):
        ours, theirs = (
            bars.filter(
                pl.col("contract") == name,
                pl.col("volume") > 0,
                pl.col("session_date").is_between(
                    roll["session_date"] - timedelta(days=3),
                    roll["session_date"] - timedelta(days=1),
                ),
            )
            for name in (roll["contract"], roll["previous"])
        )
        both = ours.join(theirs, on="ts", suffix="_old")
        usual = (both["close"] - both["close_old"]).median()
        assert abs(roll["gap_points"] - usual) < 4.0


@pytest.mark.parametrize("rule", RollRule)
@pytest.mark.parametrize("how", ["difference", "ratio"])
def test_no_jump_is_left_at_real_rolls(rule, how):
    bars = real_bars()
    rolls = roll_table(bars, rule, *ALWAYS)
    front, back = front_month(bars, rolls)
    assert front.height + back.height == bars.height == 105_606
    assert front["ts"].is_unique().all()
    view = adjusted(front, rolls, how).with_columns(
        move=(pl.col("open") / pl.col("close").shift(1) - 1) * pl.col("close").shift(1)
    )
    changed = view.filter(pl.col("contract") != pl.col("contract").shift(1))
    assert changed.height == 5
    old = rolls.drop_nulls("previous").select("session_date", before="previous")
    own = (
        bars.sort("contract", "ts")
        .with_columns(own=(pl.col("open") - pl.col("close").shift(1)).over("contract"))
        .select("ts", "own", before="contract")
    )
    both = changed.join(old, on="session_date").join(own, on=["ts", "before"])
    assert both.height == 5
    # What the old contract itself did over the same bars, to within the quotes' own noise.
    assert (both["move"] - both["own"]).abs().max() <= (1.0 if how == "difference" else 2.0)
