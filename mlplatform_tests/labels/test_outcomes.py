"""What came of candidates: drawn by hand, and against the engine that trades them."""

from datetime import timedelta
from itertools import product

import numpy as np
import polars as pl
import pytest

from mlplatform.decisions.plans import TARGET_ATR
from mlplatform.domain.series import Series, Timeframe
from mlplatform.domain.tables import CANDIDATES, LABELS
from mlplatform.execution import BarArrays, Orders, Rules, simulate
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.labels.outcomes import (
    TRADED_TARGET_ATR,
    LabelRules,
    at_traded_target,
    label_candidates,
    mean_by_bracket,
)
from mlplatform.setups.registry import SETUPS
from mlplatform.setups.setup import find_candidates
from mlplatform.testing.bars import MES_5M, chicago, drawn_bars, joined, seeded_bars

ONE_STOP = LabelRules((1.0,), (2.0,))


def candidate(bars: pl.DataFrame, row: int, side: int, atr: float = 4.0) -> pl.DataFrame:
    drawn = bars[row : row + 1].with_columns(
        candidate_id=pl.lit(f"drawn:{row}:{side}"),
        setup=pl.lit("drawn"),
        side=pl.lit(side),
        reference_price="close",
        atr_points=pl.lit(atr),
        order_type=pl.lit("market"),
        order_price=pl.lit(None, pl.Float64),
        expiry_bars=pl.lit(0),
    )
    return CANDIDATES.frame(drawn)


def label(bars: pl.DataFrame, side: int, rules: LabelRules = ONE_STOP, row: int = 0) -> dict:
    found = label_candidates(MES_5M, rules, bars, candidate(bars, row, side))
    assert found.height == 1
    return found.row(0, named=True)


# Entered at 100 plus a tick of slippage: 100.25. Stop 4 points, target 8. Both sides' commission
# is 1.24 USD, 0.248 points.
COSTS = 0.248


def test_a_target_before_the_stop_is_a_win_net_of_costs():
    bars = drawn_bars("2025-06-03 09:00", [100, (100, 104, 98, 103), (103, 109, 103, 109), 109])
    found = label(bars, +1)
    assert found["is_win"] is True
    assert found["net_atr"] == pytest.approx((8 - COSTS) / 4)
    assert found["r"] == pytest.approx((8 - COSTS) / 4)
    assert found["label_end"] == chicago("2025-06-03 09:15")
    assert found["mae_points"] == pytest.approx(100.25 - 98)


def test_a_stop_before_the_target_is_a_loss_and_costs_a_tick_more():
    bars = drawn_bars("2025-06-03 09:00", [100, (100, 104, 96, 103), (103, 109, 103, 109)])
    found = label(bars, +1)
    assert found["is_win"] is False
    assert found["net_atr"] == pytest.approx(-(4 + 0.25 + COSTS) / 4)
    assert found["label_end"] == chicago("2025-06-03 09:10")


def test_a_short_wins_where_a_long_loses():
    bars = drawn_bars("2025-06-03 09:00", [100, (100, 101, 91, 92), 92])
    assert label(bars, -1)["is_win"] is True
    assert label(bars, +1)["is_win"] is False
    assert label(bars, -1)["mfe_points"] == pytest.approx(8.0)


def test_a_gain_at_the_sessions_end_is_no_win_and_the_label_ends_with_the_session():
    bars = joined(
        drawn_bars("2025-06-03 15:45", [100, (100, 104, 98, 103), (103, 107, 103, 106)]),
        drawn_bars("2025-06-03 17:00", [(130, 140, 120, 130)]),
    )
    found = label(bars, +1)
    assert found["is_win"] is False
    assert found["net_atr"] == pytest.approx((106 - 0.25 - 100.25 - COSTS) / 4)
    assert found["label_end"] == chicago("2025-06-03 16:00")


def test_a_bar_longer_than_its_session_ends_its_label_with_the_session():
    hourly = Series(MES_5M.instrument, Timeframe("1h"))
    bars = drawn_bars("2026-11-27 10:00", [100, 100, 100], minutes=60)
    found = label_candidates(hourly, ONE_STOP, bars, candidate(bars, 0, 1))
    assert found["label_end"].to_list() == [chicago("2026-11-27 12:15")]


def test_where_the_data_end_before_the_trade_nothing_is_known():
    bars = drawn_bars("2025-06-03 09:00", [100, (100, 104, 98, 103), (103, 105, 98, 100)])
    found = label(bars, +1)
    known = {"candidate_id", "stop_atr", "target_atr"}
    assert {name for name, value in found.items() if value is not None} == known
    alone = bars[:1]
    assert label(alone, +1)["label_end"] is None


def test_a_trade_ends_with_its_contract():
    bars = joined(
        drawn_bars("2025-06-03 09:00", [100, (100, 101, 99, 101)]),
        drawn_bars("2025-06-03 09:10", [(160, 161, 159, 160)], contract="MESU5"),
    )
    found = label(bars, +1)
    assert found["label_end"] == chicago("2025-06-03 09:10")
    assert found["net_atr"] == pytest.approx((101 - 0.25 - 100.25 - COSTS) / 4)


def test_no_candidates_no_labels_and_no_bar_is_an_error():
    bars = drawn_bars("2025-06-03 09:00", [100, 100])
    none = label_candidates(MES_5M, LabelRules(), bars, CANDIDATES.empty())
    assert none.schema == LABELS.schema
    with pytest.raises(ValueError, match="has no bar"):
        label_candidates(MES_5M, LabelRules(), bars[1:], candidate(bars, 0, 1))


@pytest.fixture(scope="module")
def labelled() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Bars, candidates and labels of a seeded market that ends in the middle of a session."""
    bars = seeded_bars(30).head(-60)
    features = compute_features(core_plan(MES_5M.timeframe), bars)
    found = find_candidates(MES_5M.name, SETUPS, bars, features, 300)
    last = bars.height - 3
    found = pl.concat([found, candidate(bars, last, 1, 5.0)])
    return bars, found, label_candidates(MES_5M, LabelRules(), bars, found)


def test_there_is_a_label_for_each_candidate_stop_and_target(labelled):
    _, found, labels = labelled
    assert labels.schema == LABELS.schema
    rules = LabelRules()
    grid = list(product(rules.stop_grid_atr, rules.target_grid_atr))
    expected = [(name, *bracket) for name in found["candidate_id"] for bracket in grid]
    assert labels.select("candidate_id", "stop_atr", "target_atr").rows() == expected


def test_a_label_is_what_the_engine_makes_of_that_candidate_alone(labelled):
    bars, found, labels = labelled
    arrays = BarArrays.from_frame(bars, MES_5M.timeframe)
    rules, rng = Rules.for_instrument(MES_5M.instrument), np.random.default_rng(3)
    index = {ts: row for row, ts in enumerate(bars["ts"])}
    picked = [*rng.choice(found.height - 1, 40, replace=False).tolist(), found.height - 1]
    for at in picked:
        row = found.row(at, named=True)
        stop = float(rng.choice(LabelRules().stop_grid_atr))
        target = float(rng.choice(LabelRules().target_grid_atr))
        atr = row["atr_points"]
        price = row["order_price"]
        order = Orders(
            np.array([index[row["ts"]]]),
            np.array([row["side"]]),
            kind={"market": 0, "limit": 1, "stop": 2}[row["order_type"]],
            entry_limit=np.nan if price is None else price,
            entry_stop=np.nan if price is None else price,
            expiry_bars=row["expiry_bars"],
            stop_points=stop * atr,
            target_points=target * atr,
        )
        trades = simulate(arrays, order, rules).trades()
        mine = labels.filter(
            candidate_id=row["candidate_id"], stop_atr=stop, target_atr=target
        ).row(0, named=True)
        if trades.is_empty():
            assert mine["label_end"] is None
            continue
        trade = trades.row(0, named=True)
        multiplier = MES_5M.instrument.multiplier_usd
        assert mine["label_end"] == trade["exit_ts"] + timedelta(minutes=5)
        assert mine["net_atr"] == pytest.approx(trade["net_usd"] / multiplier / atr, abs=1e-9)
        assert mine["r"] == pytest.approx(trade["r"], abs=1e-9)
        won = trade["exit_reason"] == "target" and trade["net_usd"] > 0
        assert mine["is_win"] is won
        assert mine["mae_points"] == pytest.approx(trade["mae_points"], abs=1e-9)
        assert mine["mfe_points"] == pytest.approx(trade["mfe_points"], abs=1e-9)


def test_a_label_ends_after_its_signal_bar_and_by_the_end_of_its_session(labelled):
    _, found, labels = labelled
    both = labels.join(found, on="candidate_id").drop_nulls("label_end")
    assert both.height > 0.9 * labels.height
    assert (both["label_end"] <= both["session_end"]).all()
    assert (both["label_end"] >= both["ts"] + timedelta(minutes=10)).all()


def test_a_label_is_known_in_all_its_columns_or_in_none(labelled):
    _, found, labels = labelled
    open_ended = labels.filter(pl.col("label_end").is_null())
    resting = found.filter(pl.col("order_type") != "market")["candidate_id"].implode()
    at_market = open_ended.filter(~pl.col("candidate_id").is_in(resting))
    assert 0 < at_market.height < 150 < open_ended.height  # cut off by the data, or not entered
    columns = ["net_atr", "r", "is_win", "mae_points", "mfe_points"]
    assert open_ended.select(pl.col(columns).null_count()).row(0) == (open_ended.height,) * 5
    known = labels.drop_nulls("label_end")
    assert known.null_count().sum_horizontal().item() == 0


def test_a_farther_target_is_won_less_often_and_means_are_of_known_labels(labelled):
    means = mean_by_bracket(labelled[2])
    assert means["known"].sum() == labelled[2].drop_nulls("label_end").height
    for stop in LabelRules().stop_grid_atr:
        rates = means.filter(stop_atr=stop).sort("target_atr")["win_rate"].to_list()
        assert rates == sorted(rates, reverse=True)
    own = labelled[2].filter(stop_atr=1.5, target_atr=3.0).drop_nulls("label_end")
    mean = means.filter(stop_atr=1.5, target_atr=3.0)["mean_net_atr"].item()
    assert mean == pytest.approx(own["net_atr"].mean())


def test_models_learn_from_the_target_that_is_traded(labelled):
    traded = at_traded_target(labelled[2])
    assert traded["target_atr"].unique().to_list() == [TRADED_TARGET_ATR]
    assert traded.height * len(LabelRules().target_grid_atr) == labelled[2].height
    assert TRADED_TARGET_ATR == TARGET_ATR


def test_r_is_the_result_per_stop(labelled):
    known = labelled[2].drop_nulls("label_end")
    np.testing.assert_allclose(known["r"] * known["stop_atr"], known["net_atr"], atol=1e-9)


def test_labels_do_not_depend_on_bars_after_their_end(labelled):
    bars, found, labels = labelled
    cut = bars.height // 2
    horizon = bars["ts"][cut] + timedelta(minutes=5)
    part = found.filter(pl.col("ts") <= bars["ts"][cut])
    again = label_candidates(MES_5M, LabelRules(), bars[: cut + 1], part)
    over = labels.filter(pl.col("label_end") <= horizon)
    same = again.join(over, on=["candidate_id", "stop_atr", "target_atr"], how="semi")
    assert over.height > 300
    assert same.equals(over)
