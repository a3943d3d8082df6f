"""Formulas of our own, computed by hand on drawn bars."""

import math

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.series import Timeframe
from mlplatform.features.catalog import (
    averages,
    bollinger,
    distances,
    flow,
    higher,
    levels,
    microstructure,
    price,
    shape,
    technical,
    time,
    volatility,
    volume,
    vwap,
)
from mlplatform.features.graph import Feature
from mlplatform.testing.bars import chicago, drawn_bars, joined, seeded_bars

from .drawn import ATR_2, FOUR, LN, close_to, values


def test_parkinson_is_the_root_of_the_mean_squared_log_range_over_four_log_two():
    two = math.sqrt((LN(12 / 9) ** 2 + LN(16 / 10) ** 2) / 2 / (4 * LN(2)))
    three = math.sqrt((LN(16 / 10) ** 2 + LN(14 / 7) ** 2) / 2 / (4 * LN(2)))
    four = math.sqrt(LN(14 / 7) ** 2 / 2 / (4 * LN(2)))
    assert values(volatility.parkinson(2), FOUR) == close_to(None, two, three, four)


def test_the_range_of_the_bar_and_its_true_range():
    assert values(shape.bar_range(), FOUR) == close_to(1.5, 3.0, 3.5, 0.0)
    gapped = drawn_bars("2025-06-02 17:00", [(10, 12, 9, 11), (15, 16, 14, 15), (9, 10, 8, 9)])
    assert values(volatility.true_range(), gapped) == close_to(None, 16 - 11, 15 - 8)


def test_the_atr_is_compared_with_the_plain_mean_of_many_true_ranges():
    ranges = Feature("true_range", ("open",), 0, lambda c: pl.Series([4.0, 2.0, 0.0, 0.0]), "TR")
    ratio = values(volatility.atr_ratio(2), FOUR, ATR_2, ranges)
    assert ratio == close_to(None, 2 / 3, 2.0, None)


def test_moves_are_changes_of_the_close_in_atr():
    assert values(price.move(1), FOUR) == close_to(None, 1.5, -3.0, 0.0)
    assert values(price.move(3), FOUR) == close_to(None, None, None, -1.5)


def test_the_place_in_the_range_of_several_bars():
    # Two bars: 9..16 close 14; 7..16 close 8; 7..14 close 8.
    expected = (None, (28 - 25) / 7, (16 - 23) / 9, (16 - 21) / 7)
    assert values(price.range_position(2), FOUR) == close_to(*expected)


def test_efficiency_is_net_change_per_path():
    # Closes 11, 14, 8, 8: over two bars -3 of 9, then -6 of 6.
    assert values(microstructure.efficiency(2), FOUR) == close_to(None, None, -3 / 9, -1.0)


def test_the_shape_of_a_bar_and_none_without_a_range():
    assert values(shape.body(), FOUR) == close_to(1 / 3, 3 / 6, -6 / 7, None)
    assert values(shape.close_location(), FOUR) == close_to(1 / 3, 2 / 6, -5 / 7, None)


def test_volume_against_its_own_past():
    assert values(volume.volume_ratio(2), FOUR) == close_to(None, LN(3 / 2), LN(4 / 3.5), LN(2 / 3))
    trend = values(volume.volume_trend(1, 3), FOUR)
    assert trend == close_to(None, None, LN(4 / (8 / 3)), LN(2 / 3))


def test_flow_weighs_volume_by_the_close_within_its_bar():
    places = (1 / 3, 1 / 3, -5 / 7, 0.0)  # a bar without range says nothing
    two = (1 * places[0] + 3 * places[1]) / 4
    three = (3 * places[1] + 4 * places[2]) / 7
    four = (4 * places[2] + 0) / 6
    assert values(flow.flow_imbalance(2), FOUR) == close_to(None, two, three, four)


def test_the_session_vwap_starts_anew_with_the_session():
    first = drawn_bars("2025-06-03 15:50", [(10, 12, 8, 10), (10, 16, 10, 13)], volumes=[1.0, 3.0])
    second = drawn_bars("2025-06-03 17:00", [(20, 26, 20, 23), (20, 20, 20, 20)], volumes=[5, 0])
    mean = (1 * 10 + 3 * 13) / 4
    expected = ((10 - 10) / 2, (13 - mean) / 2, (23 - 23) / 2, (20 - 23) / 2)
    assert values(vwap.vwap_gap(), joined(first, second)) == close_to(*expected)


OF_VOLUME = (
    vwap.vwap_gap(),
    flow.flow_imbalance(2),
    volume.volume_ratio(2),
    volume.volume_trend(1, 2),
    volume.volume_for_time(276),
)


@pytest.mark.parametrize("feature", OF_VOLUME, ids=lambda feature: feature.name)
def test_without_volume_what_needs_it_is_null_never_zero(feature):
    bars = seeded_bars(3).with_columns(volume=pl.lit(None, pl.Float64))
    assert values(feature, bars) == [None] * bars.height
    silent = bars.with_columns(volume=pl.lit(0.0))
    assert values(feature, silent) == [None] * bars.height


def days_at(minutes: str, volumes: list[list[float]], step: float = 5) -> pl.DataFrame:
    """Bars from that Chicago time on, on consecutive trading days of June 2025."""
    return joined(
        *(
            drawn_bars(f"2025-06-{3 + day:02d} {minutes}", [100.0] * len(v), step, volumes=v)
            for day, v in enumerate(volumes)
        )
    )


def test_volume_for_the_time_compares_with_the_same_minute_of_days_before():
    bars = days_at("10:00", [[1, 2, 3, 7], [2, 4, 6, 2], [3, 3, 9, 3], [4, 4, 4, 4]])
    found = values(volume.volume_for_time(276), bars)
    # Means of three bars by day: at 10:10 they are 2, 4, 5, 4; at 10:15 they are 4, 4, 5, 4.
    early, start = [None] * 4, [None, None]
    third = close_to(LN(5 / 3), LN(5 / 4))
    fourth = close_to(LN(4 / (11 / 3)), LN(4 / (13 / 3)))
    assert found == [*early, *early, *start, *third, *start, *fourth]


def test_volume_for_the_time_tells_bars_within_a_minute_apart():
    bars = days_at("10:00", [[1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2], [4, 4, 4, 4, 4, 4]], step=0.25)
    found = values(volume.volume_for_time(5520), bars)
    assert found == [None] * 14 + close_to(*[LN(4 / 1.5)] * 4)


def rth_day(day: str, prices: list) -> pl.DataFrame:
    return drawn_bars(f"{day} 08:25", prices)


def test_the_opening_range_is_known_when_its_half_hour_is_over():
    quiet = (100, 101, 99, 100)
    prices = [(100, 150, 50, 100), quiet, quiet, (100, 107, 99, 100), (100, 101, 96, 100)]
    prices += [quiet, quiet, (100, 130, 70, 100), quiet]  # 08:55, 09:00 (outside), 09:05
    high, low = levels.opening_range(30)
    bars = rth_day("2025-06-03", prices)
    assert values(high, bars) == [None] * 7 + [107.0, 107.0]
    assert values(low, bars) == [None] * 7 + [96.0, 96.0]
    late = drawn_bars("2025-06-03 14:55", [quiet, quiet])
    assert values(high, joined(bars, late)) == [None] * 7 + [107.0] * 3 + [None]


def test_levels_of_the_day_before_last_through_the_day_and_end_with_the_contract():
    days = [[(5, 9, 4, 6), (6, 8, 2, 7)], [(7, 10, 6, 9), (9, 9, 8, 8)], [(8, 8, 8, 8)]]
    drawn = [rth_day(f"2025-06-{3 + i:02d}", day) for i, day in enumerate(days)]
    bars = joined(*drawn)
    assert values(levels.previous_day("high", 276), bars) == [None, None, 9, 9, 10]
    assert values(levels.previous_day("low", 276), bars) == [None, None, 2, 2, 6]
    assert values(levels.previous_day("close", 276), bars) == [None, None, 7, 7, 8]


def test_a_gap_to_a_level_is_the_close_above_it_in_atr():
    level = Feature("level", ("open",), 0, lambda c: pl.Series([10.0, 15.0, None, 8.0]), "level")
    assert values(distances.level_gap("level"), FOUR, level) == close_to(0.5, -0.5, None, 0.0)


def test_the_gap_to_the_sessions_first_price():
    bars = joined(
        rth_day("2025-06-03", [(5, 9, 4, 6), (6, 8, 2, 7)]), rth_day("2025-06-04", [(8, 9, 8, 9)])
    )
    assert values(distances.session_open_gap(), bars) == close_to(0.5, 1.0, 0.5)


def test_the_clock_of_the_session():
    times = ("2025-06-01 17:00", "2025-06-02 08:30", "2025-06-02 15:55", "2025-07-03 12:10")
    bars = joined(*(drawn_bars(t, [100.0]) for t in times))
    assert values(time.minutes_since_rth_open(), bars) == [-930, 0, 445, 220]
    assert values(time.minutes_to_session_end(), bars) == [1380, 450, 5, 5]
    assert values(time.day_of_week(), bars) == [1, 1, 1, 4]


def test_averages_in_atr():
    ema = Feature("ema20", ("open",), 0, lambda c: pl.Series([10.0, 12.0, 9.0, 9.0]), "ema")
    slow = Feature("ema50", ("open",), 0, lambda c: pl.Series([11.0, 11.0, 9.0, 5.0]), "ema")
    assert values(averages.average_gap("ema20"), FOUR, ema) == close_to(0.5, 1.0, -0.5, -0.5)
    assert values(averages.ema_spread(20, 50), FOUR, ema, slow) == close_to(-0.5, 0.5, 0.0, 2.0)
    assert values(averages.ema_slope(20, 2), FOUR, ema) == close_to(None, None, -0.5, -1.5)


def test_bollinger_counts_population_standard_deviations_and_is_null_on_a_flat_market():
    bars = drawn_bars("2025-06-02 17:00", [1.0, 3.0, 5.0, 5.0, 5.0])
    found = values(bollinger.bollinger_position(3), bars)
    expected = ((5 - 3) / math.sqrt(8 / 3), (5 - 13 / 3) / math.sqrt(8 / 9))
    assert found[:2] + found[4:] == [None, None, None]
    assert found[2:4] == close_to(*expected)
    moving = [*(6000 + np.cumsum(np.random.default_rng(0).normal(0, 5, 300))), *[6012.25] * 30]
    flat = drawn_bars("2025-06-02 17:00", moving, minutes=1)
    assert values(bollinger.bollinger_position(20), flat)[-10:] == [None] * 10


def test_nothing_in_atr_is_known_on_a_market_that_never_moved():
    bars = drawn_bars("2025-06-02 17:00", [100.0] * 40)
    real = volatility.atr(14)
    assert values(real, bars)[20:] == [0.0] * 20
    for feature in (price.move(1), shape.bar_range(), technical.macd("histogram")):
        assert values(feature, bars, real) == [None] * 40


def hourly(closes: list[float]) -> list:
    """Twelve bars of five minutes an hour, that end at the hour's close."""
    return [(c, c + 1, c - 1, c) for c in closes for _ in range(12)]


def test_the_higher_trend_knows_an_hour_when_its_last_bar_is_over():
    closes = [100.0 + 3 * i for i in range(18)]
    bars = drawn_bars("2025-06-02 17:00", hourly(closes))
    found = values(higher.higher_trend(60, 10, Timeframe("5m")), bars)
    # TA-Lib's ATR 14 needs 15 hours; the 15th ends with the bar of 07:55.
    first = bars["ts"].search_sorted(chicago("2025-06-03 07:55"))
    assert found[:first] == [None] * first
    # True ranges of 4 from the second hour on (the last close is 3 below, the high 1 above).
    # EMA 10 is seeded with the mean of ten closes, so on a line it lags by 4.5 steps from there.
    assert found[first : first + 12] == close_to(*[3 * 4.5 / 4] * 12)
    assert found[first - 1] is None
    rising = bars.with_columns(
        high=pl.col("high")
        + pl.when(pl.col("ts") > chicago("2025-06-03 08:00")).then(50).otherwise(0)
    )
    changed = values(higher.higher_trend(60, 10, Timeframe("5m")), rising)
    assert changed[: first + 12] == found[: first + 12]  # the open hour is not known
    assert changed[first + 12] != found[first + 12]
