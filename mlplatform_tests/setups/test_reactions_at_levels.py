"""VWAP rejection, rejection bar and gap fill on drawn sessions; an ATR of 2 where none is said."""

import polars as pl
import pytest

from mlplatform.setups.gap_fill import gap_fill
from mlplatform.setups.rejection_bar import LEVELS, rejection_bar
from mlplatform.setups.setup import find_candidates
from mlplatform.setups.vwap_rejection import vwap_rejection
from mlplatform.testing.bars import drawn_bars, joined

from .drawn import on_both_sides, signals

# A VWAP at 100: away is a close above 102, near a low of 100.25 or less.
REJECTION = drawn_bars(
    "2025-06-03 09:00",
    [
        (101, 102, 101, 102),  # 0 not away: exactly one ATR
        (102, 102, 100, 101.5),  # 1 near, but price was not away before
        (101.5, 103, 101, 103),  # 2 away
        (103, 103, 100.5, 102),  # 3 the near miss: turns half a point above
        (102, 102, 100.25, 101.5),  # 4 exactly near, closes in its upper half: signal
        (101.5, 102, 100, 101.5),  # 5 a return counts once
        (101.5, 104, 101.5, 104),  # 6 away
        (104, 104, 100, 102),  # 7 back, but closes in its middle: not turned away
        (102, 105, 102, 105),  # 8 away
        (101, 101.5, 98, 100),  # 9 back, but closes on the VWAP
        (100, 106, 100, 106),  # 10 away
        (101, 101, 99, 100.5),  # 11 through it and back above: signal
    ],
)


def test_a_vwap_rejection_is_the_first_return_to_the_vwap_that_is_turned_away():
    assert on_both_sides(vwap_rejection(), REJECTION, session_vwap=100) == [4, 11]


def test_the_distances_of_a_vwap_rejection_are_parameters():
    assert on_both_sides(vwap_rejection(near_atr=0.25), REJECTION, session_vwap=100) == [3, 11]
    assert on_both_sides(vwap_rejection(away_atr=0.9), REJECTION, session_vwap=100) == [1, 4, 11]
    found = on_both_sides(vwap_rejection(min_close_frac=0.4), REJECTION, session_vwap=100)
    assert found == [4, 7, 11]
    assert vwap_rejection(0.2, 0.9, 0.4).params == {
        "near_atr": 0.2,
        "away_atr": 0.9,
        "min_close_frac": 0.4,
    }


def test_no_vwap_rejection_without_volume_outside_of_regular_hours_or_over_a_session():
    assert on_both_sides(vwap_rejection(), REJECTION, session_vwap=None) == []
    quotes = REJECTION.select("open", "high", "low", "close").rows()
    early = drawn_bars("2025-06-03 05:00", quotes)
    assert on_both_sides(vwap_rejection(), early, session_vwap=100) == []
    days = joined(REJECTION[:3], drawn_bars("2025-06-04 09:00", quotes[4:5]))
    assert on_both_sides(vwap_rejection(), days, session_vwap=100) == []


# The low of the day before is 95; a bar must span 1.5 points, its wick three fifths of that.
WICKS = drawn_bars(
    "2025-06-03 09:00",
    [
        (97, 98, 94, 97),  # 0 through the level, wick 3 of 4: signal
        (97, 98, 95.25, 97),  # 1 exactly near, wick 1.75 of 2.75: signal
        (97, 98, 95.5, 97),  # 2 the near miss: never reached it
        (97, 99.1, 94, 97),  # 3 wick 3 of 5.1, too short
        (97, 99, 94, 97),  # 4 exactly three fifths: signal
        (96, 96.5, 94, 94.9),  # 5 closes below the level
        (95, 97.5, 90, 97),  # 6 its body lies on the level
        (95.25, 95.25, 94, 95.25),  # 7 a wick, but of a small bar
        (95.5, 95.5, 94, 95.5),  # 8 exactly 0.75 ATR: signal
    ],
)
FAR = {name: None for names in LEVELS for name in names}


@pytest.mark.parametrize("level", [support for support, _ in LEVELS])
def test_a_rejection_bar_leaves_a_long_wick_at_any_of_the_known_levels(level):
    assert on_both_sides(rejection_bar(), WICKS, **{**FAR, level: 95}) == [0, 1, 4, 8]


def test_the_levels_of_a_rejection_bar_are_those_that_others_watch():
    assert {support for support, _ in LEVELS} == {
        "previous_low",
        "previous_rth_low",
        "previous_week_low",
        "swing_low",
    }
    assert all(resistance == support.replace("low", "high") for support, resistance in LEVELS)


def test_no_rejection_without_a_level_or_at_one_of_the_other_side():
    assert on_both_sides(rejection_bar(), WICKS, **FAR) == []
    assert on_both_sides(rejection_bar(), WICKS, **{**FAR, "previous_high": 95}) == []
    early = drawn_bars("2025-06-03 05:00", WICKS.select("open", "high", "low", "close").rows())
    assert on_both_sides(rejection_bar(), early, **{**FAR, "previous_low": 95}) == []


def test_the_sizes_of_a_rejection_bar_are_parameters():
    drawn = {**FAR, "swing_low": 95}
    assert on_both_sides(rejection_bar(min_wick_frac=0.7), WICKS, **drawn) == [0, 8]
    assert on_both_sides(rejection_bar(min_range_atr=0.6), WICKS, **drawn) == [0, 1, 4, 7, 8]
    assert on_both_sides(rejection_bar(near_atr=0.25), WICKS, **drawn) == [0, 1, 2, 4, 8]
    assert rejection_bar(0.5, 0.7, 0.2, 0.3, 2).params == {
        "min_wick_frac": 0.5,
        "min_range_atr": 0.7,
        "near_atr": 0.2,
        "retrace_frac": 0.3,
        "expiry_bars": 2,
    }


def orders(setup, bars: pl.DataFrame, **features: float | None) -> list[tuple]:
    table = bars.select("ts").with_columns(
        atr14=pl.lit(2.0), **{name: pl.lit(v, pl.Float64) for name, v in features.items()}
    )
    found = find_candidates("MES-5m", (setup,), bars, table, 300)
    return found.select("side", "order_type", "order_price", "expiry_bars").rows()


def test_a_rejection_is_entered_on_a_limit_within_the_bar():
    below = drawn_bars("2025-06-03 09:00", [(97, 98, 94, 97.5)])
    assert orders(rejection_bar(), below, **{**FAR, "swing_low": 95}) == [(1, "limit", 96.5, 3)]
    above = drawn_bars("2025-06-03 09:00", [(103, 106, 102, 102.5)])
    assert orders(rejection_bar(), above, **{**FAR, "swing_high": 105}) == [(-1, "limit", 103.5, 3)]


# Regular hours open at 100, 6 below the last regular close; the day before spanned 20 points.
GAP = drawn_bars(
    "2025-06-03 08:25",
    [
        (100, 100, 99, 99),  # 08:25 not yet regular hours
        (100, 102, 99, 101),  # 08:30 above the open at once: it has not turned
        (101, 102, 98, 100),  # 08:35 back: closes on the open
        (100, 103, 97, 98),  # 08:40
        (98, 100, 97, 100),  # 08:45 the near miss: closes on the open
        (100, 103, 99, 102),  # 08:50 turns: signal
        (102, 102, 98, 99),  # 08:55
        (99, 104, 99, 103),  # 09:00 turns again: only the day's first counts
    ],
)
YESTERDAY = {"rth_open": 100, "previous_rth_close": 106, "previous_high": 112, "previous_low": 92}


def gap_rows(setup=None, bars: pl.DataFrame = GAP, since: int = -5, **changed: float) -> list[int]:
    minutes = [float(since + 5 * row) for row in range(bars.height)]
    drawn = {**YESTERDAY, **changed, "minutes_since_rth_open": minutes}
    return on_both_sides(setup or gap_fill(), bars, **drawn)


def test_a_gap_fill_is_the_days_first_turn_from_the_open_towards_the_last_close():
    assert gap_rows() == [5]


def test_no_gap_fill_away_from_the_last_close_or_without_one():
    assert gap_rows(previous_rth_close=None) == []
    minutes = [float(-5 + 5 * row) for row in range(8)]
    other_way = {**YESTERDAY, "previous_rth_close": 94, "minutes_since_rth_open": minutes}
    assert signals(gap_fill(), GAP, **other_way) == [(3, -1)]


@pytest.mark.parametrize(("goal", "found"), [(102, []), (103.5, [5]), (112, [5]), (112.5, [])])
def test_a_gap_is_neither_tiny_nor_huge_for_the_day_before(goal, found):
    # Of 20 points a tenth is 2 (then the high of 08:30 fills it), three fifths are 12.
    assert gap_rows(previous_rth_close=goal) == found
    assert gap_rows(previous_rth_close=101.9) == []
    assert gap_rows(gap_fill(min_gap_frac=0.31)) == gap_rows(gap_fill(max_gap_frac=0.29)) == []
    assert gap_rows(gap_fill(0.3, 0.3)) == [5]


def test_a_gap_that_was_filled_is_none():
    assert gap_rows(previous_rth_close=103) == []  # the high of 08:40
    overnight = GAP.with_columns(high=pl.when(pl.int_range(8) == 0).then(110).otherwise("high"))
    assert gap_rows(bars=overnight) == [5]  # what the night did is not the regular session's


def test_a_gap_fill_is_a_trade_of_the_first_hours():
    assert gap_rows(since=64) == [5]  # the turn begins 89 minutes after the open
    assert gap_rows(since=65) == []
    assert gap_rows(gap_fill(window_minutes=91), since=65) == [5]
    assert gap_fill(0.2, 0.5, 60).params == {
        "min_gap_frac": 0.2,
        "max_gap_frac": 0.5,
        "window_minutes": 60,
    }


def test_the_first_turn_is_counted_anew_each_day():
    quotes = GAP.select("open", "high", "low", "close").rows()
    days = joined(GAP, drawn_bars("2025-06-04 08:25", quotes))
    minutes = [float(-5 + 5 * (row % 8)) for row in range(16)]
    found = signals(gap_fill(), days, **YESTERDAY, minutes_since_rth_open=minutes)
    assert found == [(5, 1), (13, 1)]
