"""What holds for all setups in use: declared, of regular hours, and the same for both sides."""

import numpy as np
import polars as pl
import pytest

from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.setups.inputs import model_inputs_of
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import Setup, find_candidates
from mlplatform.testing.bars import MES_5M, seeded_bars

PLAN = core_plan(MES_5M.timeframe)
WHOLE_POINTS = 12_000.0
"""Twice the level that prices are mirrored around: prices of ticks stay exact."""


def candidates(bars: pl.DataFrame) -> pl.DataFrame:
    return find_candidates(MES_5M.name, SETUPS, bars, compute_features(PLAN, bars), 300)


def upside_down(bars: pl.DataFrame) -> pl.DataFrame:
    prices = {"open": "open", "high": "low", "low": "high", "close": "close"}
    return bars.with_columns((WHOLE_POINTS - pl.col(b)).alias(a) for a, b in prices.items())


@pytest.fixture(scope="module")
def markets() -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """Bars and candidates of seeded markets with a contract's roll in each."""
    bars = [seeded_bars(40, seed=seed, first_day="2025-02-18") for seed in (3, 4, 5)]
    return [(each, candidates(each)) for each in bars]


def test_there_are_eight_setups_and_each_says_its_idea_and_its_parameters():
    names = [setup.name for setup in SETUPS]
    assert len(set(names)) == len(SETUPS) == 8
    for setup in SETUPS:
        assert len(setup.idea) > 20
        assert setup.params
        assert setup.needs <= set(PLAN.names)


def test_a_mirrored_market_gives_mirrored_candidates(markets):
    told = ["ts", "setup", "side", "order_type", "order_price", "expiry_bars"]
    for bars, found in markets:
        assert bars["contract"].n_unique() == 2
        again = candidates(upside_down(bars))
        back = again.with_columns(-pl.col("side"), order_price=WHOLE_POINTS - pl.col("order_price"))
        assert back.select(told[:3]).equals(found.select(told[:3]))
        assert back["order_price"].is_null().equals(found["order_price"].is_null())
        assert ((back["order_price"] - found["order_price"]).abs().max() or 0.0) < 1e-6
        assert back.select("order_type", "expiry_bars").equals(
            found.select("order_type", "expiry_bars")
        )


def test_what_models_see_of_a_short_is_what_they_see_of_the_mirrored_markets_long(markets):
    """Of distances and mirror images; logarithms of prices know where zero is."""
    inputs = [f for f in model_inputs(PLAN) if f.unit == "atr" or f.mirror is not None]
    assert len(inputs) > 40
    assert any(f.is_signed and f.mirror for f in inputs)
    names = tuple(setup.name for setup in SETUPS)
    for bars, found in markets[:1]:
        other = upside_down(bars)
        seen = model_inputs_of(found, compute_features(PLAN, bars), inputs, names)
        again = model_inputs_of(candidates(other), compute_features(PLAN, other), inputs, names)
        for at, name in enumerate(seen.names[:-1]):
            np.testing.assert_allclose(
                again.x[:, at], seen.x[:, at], rtol=1e-9, atol=1e-8, err_msg=name
            )


def test_the_seeded_markets_show_every_setup_on_both_sides(markets):
    found = pl.concat([each for _, each in markets]).select("setup", "side").unique()
    assert set(found.rows()) == {(setup.name, side) for setup in SETUPS for side in (1, -1)}


def test_every_candidate_lies_in_regular_hours(markets):
    for bars, found in markets:
        held = found.join(bars, on="ts")
        assert held.height == found.height
        assert set(held["session"]) == {"rth"}


def test_candidates_of_one_day_and_contract_do_not_depend_on_other_days(markets):
    bars, found = markets[0]
    features = compute_features(PLAN, bars)
    days = bars["session_date"].unique().sort()
    for day in (days[5], days[20], days[-1]):
        at = pl.col("session_date") == day
        alone = find_candidates(
            MES_5M.name, SETUPS, bars.filter(at), features.filter(bars.select(at).to_series()), 300
        )
        assert alone.equals(found.filter(at))


def test_resting_orders_lie_where_they_have_to_wait(markets):
    for _, found in markets:
        side, ahead = pl.col("side"), pl.col("order_price") - pl.col("reference_price")
        stops = found.filter(pl.col("order_type") == "stop")
        limits = found.filter(pl.col("order_type") == "limit")
        assert stops.height
        assert limits.height
        assert stops.select((ahead * side > 0).all()).item()
        assert limits.select((ahead * side < 0).all()).item()
        resting = pl.concat([stops, limits])
        assert (resting["expiry_bars"] > 0).all()


def test_a_setup_whose_feature_is_missing_is_refused_by_name(markets):
    bars, _ = markets[0]
    features = compute_features(PLAN, bars).drop("session_vwap")
    with pytest.raises(ValueError, match="vwap_rejection needs the feature session_vwap"):
        find_candidates(MES_5M.name, SETUPS, bars, features, 300)


def test_without_volume_only_the_setups_that_ask_for_it_are_silent():
    bars = seeded_bars(40, seed=3).with_columns(volume=pl.lit(None, pl.Float64))
    names = set(candidates(bars)["setup"])
    assert {setup.name for setup in SETUPS} - names == {
        "vwap_rejection",
        "range_breakout",
        "trend_continuation",
    }


def test_needs_are_the_features_of_rules_and_prices_without_the_bars_columns():
    close = pl.col("close")
    setup = Setup("x", "x", close > pl.col("a"), close < pl.col("b"), {})
    assert setup.needs == {"a", "b"}
