"""Mean reversion, range breakout and trend continuation on drawn sessions; an ATR of 2."""

import math

import pytest

from mlplatform.setups.mean_reversion import mean_reversion
from mlplatform.setups.range_breakout import range_breakout
from mlplatform.setups.trend_continuation import trend_continuation
from mlplatform.testing.bars import drawn_bars, joined

from .drawn import on_both_sides
from .test_reactions_at_levels import orders

# Bollinger bands at 96 and 104.
REVERSION = drawn_bars(
    "2025-06-03 09:00",
    [
        (98, 98, 95, 95.5),  # 0 outside at an extreme
        (95.5, 97, 95, 96),  # 1 closes on the band: signal
        (96, 97, 96, 97),  # 2 the bar before was inside
        (97, 97, 95, 95),  # 3 outside
        (95, 96, 94, 95.9),  # 4 the near miss: still outside
        (96, 99, 96, 99),  # 5 back inside: signal
        (99, 99, 94, 95),  # 6 outside, but the RSI is no extreme
        (95, 98, 95, 97),  # 7 inside
        (97, 97, 95, 95),  # 8 outside
        (95, 101, 95, 100),  # 9 closes on the middle: nothing left to go for
    ],
)
RSI = [-22.0, -20.0, -12.0, -20.0, -25.0, -10.0, -19.0, -10.0, -21.0, 0.0]
BANDS = {"bollinger_lower20": 96, "bollinger_upper20": 104}


def reversions(setup=None, bars=REVERSION, adx=20.0, rsi=RSI, **bands) -> list[int]:
    drawn = {**BANDS, **bands, "rsi14": rsi, "adx14": adx}
    return on_both_sides(setup or mean_reversion(), bars, **drawn)


def test_mean_reversion_is_an_extreme_close_outside_of_the_bands_that_is_taken_back():
    assert reversions() == [1, 5]


@pytest.mark.parametrize(("adx", "found"), [(24.9, [1, 5]), (25.0, []), (40.0, []), (None, [])])
def test_no_mean_reversion_in_a_strong_trend(adx, found):
    assert reversions(adx=adx) == found


def test_the_extremes_of_mean_reversion_are_parameters():
    assert reversions(mean_reversion(rsi_extreme=25.0)) == [5]
    assert reversions(mean_reversion(rsi_extreme=19.0)) == [1, 5, 7]
    assert reversions(mean_reversion(max_adx=20.0)) == []
    assert mean_reversion(15.0, 30.0).params == {"rsi_extreme": 15.0, "max_adx": 30.0}


def test_mean_reversion_looks_at_the_bands_of_each_bar():
    lower = [96.0, 96.5, *[96.0] * 8]  # a band that rose for a bar: 96 is still outside
    assert reversions(bollinger_lower20=lower) == [2, 5]


def test_no_mean_reversion_outside_of_regular_hours_or_over_a_session():
    quotes = REVERSION.select("open", "high", "low", "close").rows()
    assert reversions(bars=drawn_bars("2025-06-03 05:00", quotes)) == []
    days = joined(REVERSION[:1], drawn_bars("2025-06-04 09:00", quotes[1:2]))
    assert reversions(bars=days, rsi=RSI[:2]) == []


# A range from 94 to 102, four ATR high.
BREAKOUT = drawn_bars(
    "2025-06-03 09:00",
    [
        (100, 101, 99, 100),  # 0 inside
        (100, 103, 100, 102),  # 1 the near miss: closes on the edge
        (102, 104, 101, 103),  # 2 closes beyond it on 1.5 times the volume: signal
        (103, 105, 102, 104),  # 3 the bar before had done so
        (104, 104, 99, 100),  # 4 inside
        (100, 104, 100, 103),  # 5 beyond, but on ordinary volume
        (103, 103, 99, 100),  # 6 inside
        (100, 105, 100, 104),  # 7 beyond on much volume: signal
    ],
)
SURGE = [math.log(1.5)] * 5 + [math.log(1.49), 0.0, 1.0]
EDGES = {"range_high20": 102.0, "range_low20": 94.0}


def breakouts(setup=None, bars=BREAKOUT, **changed) -> list[int]:
    return on_both_sides(
        setup or range_breakout(), bars, **{**EDGES, "volume_ratio20": SURGE, **changed}
    )


def test_a_range_breakout_is_the_first_close_beyond_a_narrow_range_on_high_volume():
    assert breakouts() == [2, 7]


def test_no_breakout_of_a_wide_range_or_without_volume():
    assert breakouts(range_low20=93.9) == []
    assert breakouts(volume_ratio20=None) == []


def test_the_range_is_measured_with_the_atr_before_the_breakout():
    assert breakouts(atr14=[2.0, 2.0, 1.0, 2.0, 2.0, 2.0, 2.0, 1.0]) == [2, 7]
    assert breakouts(atr14=[2.0, 1.9, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]) == [7]


def test_the_terms_of_a_breakout_are_parameters():
    assert breakouts(range_breakout(max_width_atr=3.9)) == []
    assert breakouts(range_breakout(min_surge=1.4)) == [2, 5, 7]
    assert breakouts(range_breakout(min_surge=1.6)) == [7]
    assert range_breakout(3.0, 2.0, 0.1, 5).params == {
        "max_width_atr": 3.0,
        "min_surge": 2.0,
        "beyond_atr": 0.1,
        "expiry_bars": 5,
    }


def test_each_bar_is_held_against_the_range_before_itself():
    # Bar 2 closed beyond the range before it, though not beyond the one that bar 3 has before it.
    grown = [102.0, 102.0, 102.0, 103.5, 105.0, 105.0, 105.0, 105.0]
    assert breakouts(range_high20=grown, range_low20=97.0) == [2]


def test_no_breakout_outside_of_regular_hours():
    quotes = BREAKOUT.select("open", "high", "low", "close").rows()
    assert breakouts(bars=drawn_bars("2025-06-03 05:00", quotes)) == []


def test_a_breakout_is_entered_on_a_stop_beyond_its_bar():
    up = BREAKOUT[1:3]
    surge = {"volume_ratio20": 1.0}
    assert orders(range_breakout(), up, **EDGES, **surge) == [(1, "stop", 104.1, 3)]
    down = drawn_bars("2025-06-03 09:00", [(95, 96, 94, 95), (95, 96, 92, 93)])
    assert orders(range_breakout(), down, **EDGES, **surge) == [(-1, "stop", 91.9, 3)]


# Rising to 110, resting quietly above an EMA 20 at 105, and going on.
REST = [
    (104, 106, 104, 106),  # 0
    (106, 108, 106, 108),  # 1
    (108, 110, 108, 109),  # 2 the peak, 110
    (109, 109.5, 108, 108.5),  # 3 rests
    (108.5, 109, 107.5, 108),  # 4 rests
    (108, 108.5, 107, 107.5),  # 5 rests: 3 points or 1.5 ATR deep
]
GOES_ON = (107.5, 109, 107.5, 108.6)  # 6 closes above the high of the bar before: signal
AND_ON = (108.6, 110, 108.5, 109.5)  # 7 so did the bar before
CONTINUATION = drawn_bars("2025-06-03 09:00", [*REST, GOES_ON, AND_ON])
QUIET = [0.4, 0.4, 0.4, -0.2, -0.1, -0.3, 0.1, 0.5]


def continuations(setup=None, bars=CONTINUATION, **changed) -> list[int]:
    drawn = {"ema20": 105, "trend_regime": 1, "volume_ratio20": QUIET, **changed}
    return on_both_sides(setup or trend_continuation(), bars, **drawn)


def resumed(*bars: tuple[float, float, float, float]) -> list[int]:
    return continuations(
        bars=drawn_bars("2025-06-03 09:00", [*REST, *bars]), volume_ratio20=QUIET[: 6 + len(bars)]
    )


def test_a_trend_continuation_is_the_first_close_above_the_bar_before_after_a_quiet_rest():
    assert continuations() == [6]


def test_the_near_misses_of_a_continuation():
    assert resumed((107.5, 109, 107.5, 108.5)) == []  # closes on the high of the bar before
    assert continuations(trend_regime=0) == continuations(trend_regime=-1) == []
    assert continuations(trend_regime=[1, 1, 1, 1, 1, 1, 0, 0]) == []


def test_a_rest_is_shallow_and_above_its_average():
    assert continuations(atr14=1.5) == [6]  # two ATR deep
    assert continuations(atr14=1.49) == []
    assert continuations(atr14=6.0) == [6]  # half an ATR
    assert continuations(atr14=6.01) == []
    assert continuations(ema20=107) == []
    assert continuations(ema20=106.9) == [6]
    assert continuations(ema20=[105.0, 105.0, 105.0, 108.0, 105.0, 105.0, 105.0, 105.0]) == []


def test_a_rest_has_less_volume_than_usual():
    assert continuations(volume_ratio20=None) == []
    loud = [0.5, 0.5, 0.5, -0.25, -0.25, 0.5, 0.5, 0.5]
    assert continuations(volume_ratio20=loud) == []
    assert continuations(volume_ratio20=[9.0, 9.0, 9.0, 0.3, -0.1, -0.21, 9.0, 9.0]) == [6]


def test_without_a_bar_that_gave_way_there_was_no_rest():
    rising = [(100 + i, 102 + i, 100 + i, 100.5 + i) for i in range(8)]
    bars = drawn_bars("2025-06-03 09:00", [*rising, (108, 112, 108, 111.5)])
    assert continuations(bars=bars, ema20=90, atr14=3.0, volume_ratio20=-0.1) == []


def test_a_peak_is_looked_for_in_ten_bars():
    slow = [(107.5, 108.4, 107.2, 107.5)] * 6
    bars = drawn_bars("2025-06-03 09:00", [*REST, *slow, (107.5, 109, 107.5, 108.6)])
    volume = [0.4, 0.4, 0.4] + [-0.1] * 10
    assert continuations(bars=bars, volume_ratio20=volume) == [12]
    # An ATR of 1.2 allows 2.4 points: 110 lies 2.8 above the rest, the 109.5 after it 2.3.
    assert continuations(bars=bars, volume_ratio20=volume, atr14=1.2) == []
    later = drawn_bars("2025-06-03 09:00", [*REST, *slow, slow[0], (107.5, 109, 107.5, 108.6)])
    assert continuations(bars=later, volume_ratio20=[*volume, -0.1], atr14=1.2) == [13]


def test_the_depths_of_a_rest_are_parameters():
    assert continuations(trend_continuation(min_depth_atr=1.6)) == []
    assert continuations(trend_continuation(max_depth_atr=1.4)) == []
    assert trend_continuation(0.6, 1.5).params == {"min_depth_atr": 0.6, "max_depth_atr": 1.5}


def test_no_continuation_outside_of_regular_hours():
    quotes = CONTINUATION.select("open", "high", "low", "close").rows()
    assert continuations(bars=drawn_bars("2025-06-03 05:00", quotes)) == []
