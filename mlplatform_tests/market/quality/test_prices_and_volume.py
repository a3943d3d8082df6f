"""Ticks, stale runs, bad ticks, bid and ask volume."""

import polars as pl
import pytest

from mlplatform.testing.bars import drawn_bars, seeded_bars
from mlplatform_tests.market.quality.evidence_of import changed, evidence_of, judged, shifted

BARS = seeded_bars(20, "5m")
RTH = BARS.with_row_index("at").filter(pl.col("session") == "rth")["at"]
"""Rows of regular hours."""


def test_one_wrong_tick_is_named() -> None:
    finding = judged(
        "prices_on_tick", evidence_of(changed(BARS, 40, close=BARS["close"][40] + 0.1))
    )
    assert not finding.passed
    assert finding.figures["off_tick_prices"] == 1
    assert f"{BARS['ts'][40]:%Y-%m-%d %H:%M} UTC" in finding.description
    assert "ratio-adjusted" not in finding.description


def test_a_ratio_adjusted_series_is_called_what_it_is() -> None:
    prices = ("open", "high", "low", "close")
    adjusted = BARS.with_columns(pl.col(name) * 1.01173 for name in prices)
    finding = judged("prices_on_tick", evidence_of(adjusted))
    assert not finding.passed
    assert float(finding.figures["off_tick_frac"]) > 0.9
    assert "not tradeable prices" in finding.description


def test_the_rounding_of_a_float_is_no_wrong_tick() -> None:
    narrow = BARS.with_columns(pl.col("close") * (1 + 1e-9))
    assert judged("prices_on_tick", evidence_of(narrow)).passed


def _standing(bars: pl.DataFrame, first: int, count: int, volume: float | None) -> pl.DataFrame:
    here = pl.int_range(pl.len()).is_between(first, first + count - 1)
    price = bars["close"][first]
    still = bars.with_columns(
        pl.when(here).then(pl.lit(price)).otherwise(name).alias(name)
        for name in ("open", "high", "low", "close")
    )
    return still.with_columns(volume=pl.when(here).then(volume).otherwise("volume"))


@pytest.mark.parametrize("volume", [0.0, None])
@pytest.mark.parametrize(("bars", "is_stale"), [(5, False), (6, True), (12, True)])
def test_half_an_hour_at_one_price_without_trade_is_stale(
    bars: int, is_stale: bool, volume: float | None
) -> None:
    start = RTH[10]
    finding = judged("no_stale_runs", evidence_of(_standing(BARS, start, bars, volume)))
    assert finding.passed is not is_stale, finding.description
    if is_stale:
        assert finding.figures["longest_run_minutes"] == 5.0 * bars
        assert f"{BARS['ts'][start]:%Y-%m-%d %H:%M} UTC" in finding.description


def test_a_price_that_stands_still_on_volume_or_at_night_is_not_stale() -> None:
    assert judged("no_stale_runs", evidence_of(_standing(BARS, RTH[10], 12, 500.0))).passed
    assert judged("no_stale_runs", evidence_of(_standing(BARS, 20, 12, 0.0))).passed


def test_two_short_runs_at_different_prices_are_not_one_long_run() -> None:
    twice = _standing(_standing(BARS, RTH[10], 4, 0.0), RTH[14], 4, 0.0)
    assert judged("no_stale_runs", evidence_of(twice)).passed


def test_many_bars_without_volume_look_like_a_back_month() -> None:
    every_tenth = pl.int_range(pl.len()) % 10 == 0
    idle = BARS.with_columns(volume=pl.when(every_tenth).then(0.0).otherwise("volume"))
    finding = judged("no_stale_runs", evidence_of(idle))
    assert not finding.passed
    assert "illiquid back month" in finding.description


@pytest.mark.parametrize("frac", [0.02, 0.10, -0.02, -0.9])
def test_a_bad_tick_is_named_with_its_side(frac: float) -> None:
    row = RTH[30]
    price = BARS["close"][row] * (1 + frac)
    tick = {"high": price} if frac > 0 else {"low": price}
    finding = judged("no_outlier_returns", evidence_of(changed(BARS, row, **tick)))
    assert finding.figures["outliers"] == 1, finding.description
    assert f"{BARS['ts'][row]:%Y-%m-%d %H:%M} UTC" in finding.description
    assert ("above" if frac > 0 else "below") in finding.description


def test_a_crash_that_the_neighbours_share_is_no_bad_tick() -> None:
    row = RTH[30]
    fallen = shifted(BARS, -300.0, pl.int_range(pl.len()) >= row)
    fallen = changed(fallen, row, open=BARS["open"][row], high=BARS["high"][row])
    assert judged("no_outlier_returns", evidence_of(fallen)).passed
    # ... and one that comes back over several wide bars is none either.
    swing = [-40.0, -80.0, -120.0, -90.0, -50.0]
    lows = BARS["low"].to_list()
    for step, points in enumerate(swing):
        lows[row + step] += points
    wide = BARS.with_columns(low=pl.Series(lows))
    assert judged("no_outlier_returns", evidence_of(wide)).passed


def test_the_first_bar_of_a_period_is_judged_against_the_last_of_the_one_before() -> None:
    earlier, own = BARS.head(600), BARS.slice(600)
    wrong = changed(own, 0, high=own["high"][0] * 1.05)
    assert (
        judged("no_outlier_returns", evidence_of(wrong, earlier=earlier)).figures["outliers"] == 1
    )
    # Without a neighbour before it, or behind it, nothing can be said.
    assert judged("no_outlier_returns", evidence_of(wrong)).passed
    last = changed(own, own.height - 1, high=own["high"][-1] * 1.05)
    assert judged("no_outlier_returns", evidence_of(last)).passed
    # A bad tick of the period before is that period's finding.
    before = changed(earlier, 595, high=earlier["high"][595] * 1.05)
    assert judged("no_outlier_returns", evidence_of(own, earlier=before)).passed


def test_a_market_locked_at_its_limit_makes_no_outlier_of_the_bar_that_leaves_it() -> None:
    quotes = [(6000.0 + i % 7, 6012.0 + i % 5, 5990.0, 6001.0) for i in range(120)]
    locked = [5990.0] * 40
    prices = [*quotes, *locked, (5990.0, 6030.0, 5990.0, 5990.0), *locked]
    assert judged("no_outlier_returns", evidence_of(drawn_bars("2025-06-01 17:00", prices))).passed


def _sided(
    bid: float, ask: float, bars: int = 1000, wrong: int = 0, off: float = 0.0
) -> pl.DataFrame:
    row = pl.int_range(pl.len())
    return BARS.head(bars).with_columns(
        volume=pl.lit(bid + ask),
        bid_volume=pl.lit(bid) + pl.when(row < wrong).then(off).otherwise(0.0),
        ask_volume=pl.lit(ask),
    )


def test_bid_and_ask_volume_that_add_up_pass() -> None:
    assert judged("bid_and_ask_add_up", evidence_of(_sided(400.0, 600.0))).passed
    assert judged(
        "bid_and_ask_add_up", evidence_of(_sided(400.0, 600.0, wrong=1000, off=10.0))
    ).passed
    assert judged("bid_and_ask_add_up", evidence_of(_sided(2.0, 3.0, wrong=1000, off=-1.0))).passed
    assert judged("bid_and_ask_add_up", evidence_of(_sided(400.0, 600.0, wrong=5, off=99.0))).passed


@pytest.mark.parametrize("off", [11.0, -11.0])
def test_bid_and_ask_volume_that_do_not_add_up_are_named(off: float) -> None:
    finding = judged("bid_and_ask_add_up", evidence_of(_sided(400.0, 600.0, wrong=6, off=off)))
    assert not finding.passed
    assert finding.figures["apart_bars"] == 6
    assert f"({400 + off:g} + 600 against 1000)" in finding.description


def test_a_source_without_sides_has_nothing_to_add_up() -> None:
    finding = judged("bid_and_ask_add_up", evidence_of(BARS))
    assert finding.passed
    assert finding.figures["compared_bars"] == 0


@pytest.mark.parametrize(("points", "passes"), [(12.0, True), (24.0, False)])
def test_a_small_spike_in_a_quiet_night_does_no_harm(points: float, passes: bool) -> None:
    prices = [(6000.0, 6000.5, 6000.0, 6000.5)] * 60
    prices[30] = (6000.0, 6000.5 + points, 6000.0, 6000.5)
    finding = judged("no_outlier_returns", evidence_of(drawn_bars("2025-06-02 01:00", prices)))
    assert finding.passed is passes
