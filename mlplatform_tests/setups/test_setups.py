"""Each setup on a drawn session whose candidates are counted by hand."""

import polars as pl
import pytest

from mlplatform.domain.tables import CANDIDATES
from mlplatform.setups.ema_pullback import ema_pullback
from mlplatform.setups.orb_retest import orb_retest
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import Setup, find_candidates
from mlplatform.testing.bars import chicago, drawn_bars, joined

from .drawn import mirrored, signals

# Above an EMA 20 that stands at 100: held above; dips and closes above (signal); dips again, but
# the bar before had not held; held; touches exactly (signal); held; dips and closes below;
# held; dips and closes exactly on the average.
PULLBACK = drawn_bars(
    "2025-06-03 09:00",
    [
        (102, 103, 101, 102),
        (101, 102, 99, 101),
        (101, 102, 99, 101),
        (102, 103, 101, 102),
        (101, 102, 100, 101),
        (102, 103, 101, 102),
        (101, 102, 98, 99),
        (102, 103, 101, 102),
        (101, 102, 99, 100),
    ],
)


def test_an_ema_pullback_is_a_dip_to_the_average_that_closes_above_it():
    found = signals(ema_pullback(), PULLBACK, ema20=100, ema_spread_atr=0.3)
    assert found == [(1, 1), (4, 1)]


def test_a_bar_that_touches_the_average_has_not_held_above_it():
    touching = drawn_bars("2025-06-03 09:00", [(101, 102, 100, 101), (101, 102, 99, 101)])
    assert signals(ema_pullback(), touching, ema20=100, ema_spread_atr=0.3) == []


def test_an_ema_pullback_is_mirrored_in_a_down_trend():
    found = signals(ema_pullback(), mirrored(PULLBACK), ema20=100, ema_spread_atr=-0.3)
    assert found == [(1, -1), (4, -1)]


@pytest.mark.parametrize("spread", [0.25, 0.0, -0.3])
def test_no_pullback_without_a_trend_on_its_side(spread):
    assert signals(ema_pullback(), PULLBACK, ema20=100, ema_spread_atr=spread) == []
    assert signals(ema_pullback(), mirrored(PULLBACK), ema20=100, ema_spread_atr=-spread) == []


def test_the_trend_that_a_pullback_needs_is_a_parameter():
    assert signals(ema_pullback(0.2), PULLBACK, ema20=100, ema_spread_atr=0.25) == [(1, 1), (4, 1)]
    assert ema_pullback(0.2).params == {"min_spread_atr": 0.2}


def test_no_pullback_outside_of_regular_hours():
    early = drawn_bars("2025-06-03 07:00", PULLBACK.select("open", "high", "low", "close").rows())
    assert signals(ema_pullback(), early, ema20=100, ema_spread_atr=0.3) == []
    # 08:25 holds above, 08:30 dips: the bar before may lie before the open, the signal not.
    over = drawn_bars("2025-06-03 08:25", PULLBACK.select("open", "high", "low", "close").rows())
    assert signals(ema_pullback(), over, ema20=100, ema_spread_atr=0.3) == [(1, 1), (4, 1)]


def test_no_setup_looks_back_over_the_start_of_a_session_or_a_roll():
    held, dip = PULLBACK.select("open", "high", "low", "close").rows()[:2]
    days = joined(drawn_bars("2025-06-03 14:55", [held]), drawn_bars("2025-06-04 08:30", [dip]))
    assert signals(ema_pullback(), days, ema20=100, ema_spread_atr=0.3) == []
    rolled = joined(
        drawn_bars("2025-06-03 09:00", [held]),
        drawn_bars("2025-06-03 09:05", [dip], contract="MESU5"),
    )
    assert signals(ema_pullback(), rolled, ema20=100, ema_spread_atr=0.3) == []


# An opening range from 90 to 100, ATR 2: away is a close above 101, near is a low of 100.5 or less.
RETEST = drawn_bars(
    "2025-06-03 09:00",
    [
        (100, 101, 99, 101),  # 0 not away: exactly half an ATR
        (101, 101, 100, 101),  # 1 near, but price was not away before
        (101, 103, 101, 102),  # 2 away
        (102, 103, 101, 101),  # 3 neither
        (101, 102, 100.5, 101),  # 4 back at the edge, exactly near: signal
        (101, 102, 100, 101),  # 5 a retest counts once
        (101, 104, 101, 103),  # 6 away
        (103, 103, 100, 100),  # 7 back, but closes on the edge: failed
        (100, 102, 100, 101),  # 8 near again, not away since
        (101, 104, 101, 104),  # 9 away
        (104, 104, 95, 101.5),  # 10 deep, but closes beyond: signal, and away again by its close
        (101, 102, 100, 100.5),  # 11 signal
        (100, 100, 95, 96),  # 12 inside
    ],
)
RANGE = {"opening_range_high": 100, "opening_range_low": 90}


def test_an_orb_retest_is_the_first_return_to_the_broken_edge_that_holds():
    assert signals(orb_retest(), RETEST, **RANGE) == [(4, 1), (10, 1), (11, 1)]


def test_an_orb_retest_is_mirrored_below_the_range():
    below = {"opening_range_high": 110, "opening_range_low": 100}
    assert signals(orb_retest(), mirrored(RETEST), **below) == [(4, -1), (10, -1), (11, -1)]


def test_the_distances_of_a_retest_are_parameters():
    assert signals(orb_retest(near_atr=0.2), RETEST, **RANGE) == [(5, 1), (10, 1), (11, 1)]
    assert signals(orb_retest(away_atr=0.4), RETEST, **RANGE)[0] == (1, 1)
    assert orb_retest(0.2, 0.4).params == {"near_atr": 0.2, "away_atr": 0.4}


def test_no_retest_without_an_opening_range_or_after_regular_hours():
    assert signals(orb_retest(), RETEST, opening_range_high=None, opening_range_low=None) == []
    late = drawn_bars("2025-06-03 14:45", RETEST.select("open", "high", "low", "close").rows())
    assert signals(orb_retest(), late, **RANGE) == []
    days = joined(RETEST[:3], drawn_bars("2025-06-04 09:00", [(101, 102, 100, 101)]))
    assert signals(orb_retest(), days, **RANGE) == []


ALWAYS = Setup("always", "a long at each bar", pl.lit(True), pl.lit(False), {})
BLIND = Setup("blind", "both sides at each bar", pl.lit(True), pl.lit(True), {})
UNKNOWN = Setup(
    "unknown", "nobody knows", pl.lit(None, pl.Boolean), (pl.col("session") == "rth"), {}
)


def test_both_sides_on_one_bar_say_nothing_and_an_unknown_side_is_no_side():
    assert signals(BLIND, PULLBACK) == []
    assert signals(UNKNOWN, PULLBACK) == [(row, -1) for row in range(9)]


def test_a_signal_needs_an_atr():
    atr = [2.0, None, 0.0, 2.0] + [None] * 5
    assert signals(ALWAYS, PULLBACK, atr14=atr) == [(0, 1), (3, 1)]


@pytest.mark.parametrize(
    ("first", "last"), [("2025-06-03 15:30", "15:35"), ("2026-11-27 11:45", "11:50")]
)
def test_no_entry_in_the_last_15_minutes_of_a_session(first, last):
    # Decided at the end of the bar, entered with the next one: 15:40 opens 20 minutes before 16:00.
    bars = drawn_bars(first, [100.0] * 6)
    rows = signals(ALWAYS, bars)
    assert bars["ts"][rows[-1][0]] == chicago(f"{first[:10]} {last}")
    assert len(rows) == 2


def test_a_candidate_says_all_about_its_signal_bar():
    features = PULLBACK.select("ts").with_columns(
        atr14=pl.lit(2.5), ema20=pl.lit(100.0), ema_spread_atr=pl.lit(0.3)
    )
    found = find_candidates("MES-5m", (ema_pullback(),), PULLBACK, features, 300)
    assert found.schema == CANDIDATES.schema
    assert found.row(0, named=True) == {
        "candidate_id": "MES-5m:ema_pullback:20250603T140500",
        "ts": chicago("2025-06-03 09:05"),
        "setup": "ema_pullback",
        "side": 1,
        "reference_price": 101.0,
        "atr_points": 2.5,
        "session_date": PULLBACK["session_date"][0],
        "session_end": chicago("2025-06-03 16:00"),
        "order_type": "market",
        "order_price": None,
        "expiry_bars": 0,
    }


def test_candidates_of_all_setups_are_in_order_of_time_then_name_with_their_own_names():
    setups = (ALWAYS, Setup("also", "too", pl.lit(True), pl.lit(False), {}))
    features = PULLBACK.select("ts").with_columns(atr14=pl.lit(2.0))
    found = find_candidates("MES-5m", setups, PULLBACK, features, 300)
    assert found.height == 18
    assert found["candidate_id"].n_unique() == 18
    assert found.select("ts", "setup").rows() == sorted(found.select("ts", "setup").rows())
    without = find_candidates("MES-5m", SETUPS, PULLBACK[:0], _no_features(), 300)
    assert without.schema == CANDIDATES.schema


def _no_features() -> pl.DataFrame:
    names = sorted(set().union(*(setup.needs for setup in SETUPS)))
    return PULLBACK[:0].select("ts").with_columns(pl.lit(1.0).alias(name) for name in names)
