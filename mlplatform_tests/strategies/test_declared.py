"""A strategy is declared by names; whatever does not exist is named, with what does."""

import polars as pl
import pytest

from mlplatform.decisions.exits import Exits
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates
from mlplatform.strategies import Strategy, strategy_of
from mlplatform.strategies.strategy import PLATFORM, try_out
from mlplatform.testing.bars import MES_5M, seeded_bars

BARS = seeded_bars(25)
PLAN = core_plan(MES_5M.timeframe)
FEATURES = compute_features(PLAN, BARS)


def found(strategy: Strategy) -> pl.DataFrame:
    return find_candidates(MES_5M.name, strategy.tradable, BARS, FEATURES, 300)


def declared(**keys: object) -> Strategy:
    return strategy_of({"setups": ["ema_pullback"], **keys}, "mine")


def test_the_platforms_own_strategy_finds_what_its_setups_find():
    own = find_candidates(MES_5M.name, SETUPS, BARS, FEATURES, 300)
    assert found(PLATFORM).equals(own)
    assert own.height > 100


def test_a_setup_gets_its_parameters_and_its_name():
    strategy = strategy_of(
        {"setups": [{"ema_pullback": {"min_spread_atr": 0.5, "name": "steep"}}, "ema_pullback"]}, ""
    )
    assert strategy.setup_names == ("steep", "ema_pullback")
    assert strategy.setups[0].params == {"min_spread_atr": 0.5}
    counts = dict(found(strategy).group_by("setup").len().iter_rows())
    assert 0 < counts["steep"] < counts["ema_pullback"]


def test_filters_leave_exactly_the_candidates_whose_bar_passes_them():
    everything = found(declared()).join(FEATURES, on="ts")
    strategy = declared(
        filters=["minutes_since_rth_open between 30 and 200"],
        long_filters=["rsi14 > 5"],
        short_filters=["rsi14 < 3"],
    )
    passes = pl.col("minutes_since_rth_open").is_between(30, 200) & (
        ((pl.col("side") > 0) & (pl.col("rsi14") > 5))
        | ((pl.col("side") < 0) & (pl.col("rsi14") < 3))
    )
    expected = everything.filter(passes)["candidate_id"].to_list()
    assert found(strategy)["candidate_id"].to_list() == expected
    assert 0 < len(expected) < everything.height


@pytest.mark.parametrize(("sides", "side"), [("long", 1), ("short", -1)])
def test_a_side_that_is_not_traded_has_no_candidate(sides, side):
    assert found(declared(sides=sides))["side"].unique().to_list() == [side]


def test_a_feature_without_a_value_passes_no_filter():
    empty = FEATURES.with_columns(rsi14=pl.lit(None, pl.Float64))
    strategy = declared(filters=["rsi14 not between 0 and 1"])
    assert find_candidates(MES_5M.name, strategy.tradable, BARS, empty, 300).is_empty()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "it holds no keys: give name, about, setups"),
        ({"stups": ["ema_pullback"]}, "stups is no key of a strategy: it has name, about, setups"),
        ({"name": "x"}, "it names no setup: list some of ema_pullback, orb_retest"),
        ({"setups": "ema_pullback"}, "setups is 'ema_pullback': write it as a list"),
        ({"setups": ["ema"]}, "there is no setup ema: there are ema_pullback, orb_retest"),
        ({"setups": [{"ema_pullback": {"span": 3}}]}, "no parameter span: it has min_spread_atr"),
        ({"setups": [{"ema_pullback": {"min_spread_atr": "x"}}]}, "is 'x', not a number"),
        ({"setups": [{"range_breakout": {"expiry_bars": 2.5}}]}, "it is a whole number, 0 or more"),
        ({"setups": ["ema_pullback", "ema_pullback"]}, "two of its setups are called ema_pullback"),
        ({"setups": [{"ema_pullback": {"name": "rth"}}]}, "a setup cannot be called 'rth'"),
        ({"setups": [{"ema_pullback": {"name": "random"}}]}, "a setup cannot be called 'random'"),
        ({"setups": [7]}, "setup 7 is neither a name nor"),
        ({"setups": ["ema_pullback"], "filters": ["rsi > 1"]}, "rsi, which is no feature"),
        ({"setups": ["ema_pullback"], "filters": "rsi14 > 1"}, "filters is 'rsi14 > 1': write"),
        ({"setups": ["ema_pullback"], "filters": [3]}, "a filter is 3: write it as a text"),
        ({"setups": ["ema_pullback"], "sides": "up"}, "sides is 'up': it is one of both, long"),
        ({"setups": ["ema_pullback"], "exits": 3}, "exits are 3: give some of stop_atr, target"),
        ({"setups": ["ema_pullback"], "exits": {"stop": 1}}, "there is no exit stop: there are"),
        ({"setups": ["ema_pullback"], "exits": {"target_atr": 1}}, "exits have no stop_atr"),
        ({"setups": ["ema_pullback"], "exits": {"stop_atr": 0}}, "must be above zero"),
        ({"setups": ["ema_pullback"], "exits": {"stop_atr": "a"}}, "'a', not a number"),
        (
            {"setups": ["ema_pullback"], "exits": {"stop_atr": 1, "time_exit_bars": 1.5}},
            "not a whole number",
        ),
        (
            {"setups": ["ema_pullback"], "exits": {"stop_atr": 1, "trail_activation_atr": 1}},
            "no trail_atr that it could start",
        ),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(given, told):
    with pytest.raises(ValueError) as error:
        strategy_of(given, "mine")
    assert told in str(error.value)


def test_a_strategy_says_all_that_it_is():
    told = declared(exits={"stop_atr": 1, "target_atr": 3}, filters=["rsi14 > 1"]).told()
    assert told["exits"] == {"stop_atr": 1, "target_atr": 3}
    assert told["filters"] == ["rsi14 > 1"]
    assert told["setups"] == {"ema_pullback": {"min_spread_atr": 0.25}}
    assert told["name"] == "mine"


def test_a_rule_that_cannot_be_computed_is_known_at_once():
    text = pl.col("close").cast(pl.String).str.to_uppercase()
    with pytest.raises(pl.exceptions.PolarsError):
        try_out(Strategy("broken", SETUPS[:1], filters=(text,), exits=Exits(1.0)))
    try_out(PLATFORM)
