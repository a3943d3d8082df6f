"""Order flow: the sides where a bar knows them, the documented proxy where not."""

import polars as pl

from mlplatform.features.catalog import flow, volume
from mlplatform.testing.bars import drawn_bars, joined

from .drawn import FOUR, LN, close_to, values


def with_sides(bars: pl.DataFrame, bid: list, ask: list) -> pl.DataFrame:
    return bars.with_columns(
        bid_volume=pl.Series(bid, dtype=pl.Float64), ask_volume=pl.Series(ask, dtype=pl.Float64)
    )


def test_flow_weighs_volume_by_the_close_within_its_bar_where_sides_are_unknown():
    places = (1 / 3, 1 / 3, -5 / 7, 0.0)  # a bar without range says nothing
    two = (1 * places[0] + 3 * places[1]) / 4
    three = (3 * places[1] + 4 * places[2]) / 7
    four = (4 * places[2] + 0) / 6
    assert values(flow.flow_imbalance(2), FOUR) == close_to(None, two, three, four)


def test_flow_is_bought_less_sold_where_a_bar_knows_both_sides():
    bars = with_sides(FOUR, [1, 0, 3, 2], [0, 3, 1, 0])
    expected = ((-1 + 3) / 4, (3 - 2) / 7, (-2 - 2) / 6)
    assert values(flow.flow_imbalance(2), bars) == close_to(None, *expected)
    assert values(flow.session_flow(), bars) == close_to(-1.0, 2 / 4, 0.0, -2 / 10)


def test_each_bar_decides_for_itself_whether_its_sides_are_known():
    bars = with_sides(FOUR, [None, 0, None, 2], [None, 3, 1, 0])
    # Proxy (1 of 1 at 1/3), sides (+3 of 3), proxy as one side is missing (4 at -5/7), sides -2.
    signed = (1 / 3, 3.0, -20 / 7, -2.0)
    assert values(flow.signed_volume(), bars) == close_to(*signed)
    expected = [(signed[i] + signed[i + 1]) / v for i, v in enumerate((4, 7, 6))]
    assert values(flow.flow_imbalance(2), bars) == close_to(None, *expected)


def test_sides_count_even_where_the_bar_has_no_volume_of_its_own():
    bars = with_sides(FOUR, [1.0] * 4, [3.0] * 4).with_columns(volume=pl.lit(None, pl.Float64))
    assert values(flow.flow_imbalance(2), bars) == close_to(None, 0.5, 0.5, 0.5)


def test_flow_that_has_turned_stands_out_against_the_longer_past():
    short, long = (values(flow.flow_imbalance(span), FOUR) for span in (2, 3))
    found = values(flow.flow_surprise(2, 3), FOUR, flow.flow_imbalance(2), flow.flow_imbalance(3))
    assert found == close_to(None, None, short[2] - long[2], short[3] - long[3])


def test_on_balance_volume_adds_rising_and_takes_falling_bars():
    # Closes 11, 14, 8, 8 with volumes 1, 3, 4, 2: +3, -4, 0.
    assert values(volume.obv_change(2), FOUR) == close_to(None, None, -1 / 7, -4 / 6)


def test_the_sessions_on_balance_volume_starts_anew_with_the_session():
    first = drawn_bars("2025-06-03 15:50", [10.0, 12.0], volumes=[1.0, 3.0])
    second = drawn_bars("2025-06-03 17:00", [20.0, 19.0, 19.0], volumes=[5.0, 2.0, 1.0])
    found = values(volume.session_obv(), joined(first, second))
    assert found == close_to(0.0, 3 / 4, 0.0, -2 / 7, -2 / 8)


def test_surges_are_counted_against_twice_the_usual_volume():
    bars = drawn_bars("2025-06-02 17:00", [1.0] * 24, volumes=[10.0] * 21 + [100.0, 10.0, 90.0])
    # 100 of a mean of 14.5, then 10 of 14.5, then 90 of 18.5: two surges in three bars.
    assert values(volume.volume_surges(3), bars)[20:] == [None, 1.0, 1.0, 2.0]


def test_the_volume_of_the_session_is_compared_with_that_of_the_week_before_by_that_minute():
    days = [("2025-06-03", [1.0, 3.0]), ("2025-06-04", [3.0, 5.0]), ("2025-06-05", [4.0, 8.0])]
    bars = joined(*(drawn_bars(f"{d} 10:00", [1.0, 1.0], volumes=v) for d, v in days))
    found = values(volume.session_volume(276), bars)
    assert found == [None] * 4 + close_to(LN(4 / 2), LN(12 / 6))
