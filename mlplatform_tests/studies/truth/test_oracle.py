"""Who knows what is planted earns what it pays, and sees no more than it is said to see."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.market.validation import validate
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates
from mlplatform.studies.truth.oracle import (
    TREND,
    VOLUME,
    TriedOn,
    consult_observer,
    consult_oracle,
    raised_volume,
)
from mlplatform.synthetic.generation import generate_with_truth
from mlplatform.synthetic.world import EDGES, Edge, demo_world
from mlplatform.testing.bars import MES_5M


def market(strength: str, seed: int = 7, sessions: int = 60) -> tuple[TriedOn, pl.DataFrame]:
    made = generate_with_truth(replace(demo_world(seed=seed, strength=strength), sessions=sessions))
    bars = validate(made.bars).bars
    features = compute_features(core_plan(MES_5M.timeframe), bars)
    found = find_candidates(MES_5M.name, SETUPS, bars, features, 300)
    features = features.select("ts", VOLUME, TREND)
    return TriedOn(MES_5M, bars, features, found, 50_000.0), made.truth


@pytest.fixture(scope="module")
def strong():
    return market("strong")


@pytest.fixture(scope="module")
def noise():
    return market("none")


def known(tried: TriedOn, hidden: pl.DataFrame) -> pl.DataFrame:
    return tried.candidates.join(hidden, on="ts").join(tried.features, on="ts")


def test_the_oracle_takes_exactly_the_candidates_with_the_trend_in_busy_spells(strong):
    tried, hidden = strong
    table = known(tried, hidden)
    expected = [
        row["candidate_id"]
        for row in table.iter_rows(named=True)
        if row["busy"] and row["side"] == row["trend"]
    ]
    assert consult_oracle(tried, hidden).chosen == set(expected)
    assert 0.2 < len(expected) / tried.candidates.height < 0.5


def test_the_oracle_earns_where_an_edge_is_planted_and_pays_costs_where_none_is(strong, noise):
    rich = consult_oracle(*strong).trades["r"]
    assert rich.mean() > 3 * rich.std() / np.sqrt(rich.len())
    # In noise the same candidates are as bad as any: what is left is costs.
    poor = consult_oracle(*noise).trades["r"]
    assert poor.mean() < 2 * poor.std() / np.sqrt(poor.len())


def test_knowers_trade_one_contract_with_the_static_bracket_one_position_at_a_time(strong):
    tried, hidden = strong
    oracle = consult_oracle(tried, hidden)
    trades = oracle.trades
    assert set(trades["contracts"]) == {1}
    assert set(trades["candidate_id"]) <= oracle.chosen
    atr = trades.join(tried.candidates, on="candidate_id").select(
        pl.col("stop_points") / pl.col("atr_points")
    )
    assert atr.to_series().to_numpy() == pytest.approx(1.5, rel=0.05)
    assert (trades["entry_ts"][1:] >= trades["exit_ts"][:-1]).all()
    assert (trades["commission_usd"] > 0).all()


def test_the_observer_takes_what_is_along_the_trend_while_volume_is_raised(strong):
    tried, hidden = strong
    observer = consult_observer(tried, EDGES["strong"])
    table = known(tried, hidden)
    expected = [
        row["candidate_id"]
        for row in table.iter_rows(named=True)
        if row[VOLUME] is not None
        and row[VOLUME] > raised_volume(EDGES["strong"])
        and row["side"] * row[TREND] > 0
    ]
    assert observer.chosen == set(expected)


def test_the_level_of_raised_volume_tells_busy_bars_from_calm_ones(strong):
    tried, hidden = strong
    table = tried.features.join(hidden, on="ts").drop_nulls(VOLUME)
    level = raised_volume(EDGES["strong"])
    above = table.group_by("busy").agg(share=(pl.col(VOLUME) > level).mean())
    shares = dict(above.iter_rows())
    assert shares[True] > 0.85
    assert shares[False] < 0.2
    # Twice the volume, half of the time: calm bars lie at log 2/3, busy ones at log 4/3.
    edge = Edge(0.1, volume_ratio=2.0, busy_bars=10.0, calm_bars=10.0)
    assert raised_volume(edge) == pytest.approx((np.log(2 / 3) + np.log(4 / 3)) / 2)


def test_the_observer_earns_most_of_what_the_oracle_does(strong):
    tried, hidden = strong
    oracle = consult_oracle(tried, hidden).trades["r"]
    seen = consult_observer(tried, EDGES["strong"]).trades["r"]
    assert 0.5 < seen.mean() / oracle.mean() < 1.0


def test_with_no_candidate_nothing_is_earned(strong):
    tried, hidden = strong
    empty = replace(tried, candidates=tried.candidates.clear())
    assert consult_oracle(empty, hidden).trades.is_empty()
    assert consult_observer(empty, EDGES["strong"]).trades.is_empty()


def test_a_truth_of_another_world_is_a_defect(strong):
    tried, hidden = strong
    with pytest.raises(ValueError, match="none of the world's"):
        consult_oracle(tried, hidden.head(10))
