"""Segments share out the trades, and their intervals are honest."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.segments.analysis import segments_of
from mlplatform.studies.segments.groups import mean_r
from mlplatform.studies.segments.keys import DIMENSIONS, keyed_trades
from mlplatform.testing.judged import judged_study
from mlplatform.testing.studies import EDGES, StudyPlan, fake_study


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_dimension_shares_out_all_trades(dimension: str) -> None:
    study = judged_study()
    rows = segments_of(study).dimension(dimension).rows
    for policy in ("baseline", "ml"):
        trades = study.policies[policy].trades
        figures = [getattr(row, policy) for row in rows]
        assert sum(one.trades for one in figures) == trades.height
        assert sum(one.net_usd for one in figures) == pytest.approx(trades["net_usd"].sum())


def test_a_segment_holds_the_figures_of_its_own_trades() -> None:
    study = judged_study()
    trades = study.policies["ml"].trades.filter(pl.col("side") == -1)
    row = next(r for r in segments_of(study).dimension("side").rows if r.key == "short")
    won = trades.filter(pl.col("net_usd") > 0)["net_usd"].sum()
    lost = -trades.filter(pl.col("net_usd") < 0)["net_usd"].sum()
    assert row.ml.trades == trades.height
    assert row.ml.expectancy_r == pytest.approx(trades["r"].mean())
    assert row.ml.profit_factor == pytest.approx(won / lost)
    assert row.ml.win_rate == pytest.approx((trades["net_usd"] > 0).mean())


def _one_trade(entry: datetime, decision: datetime, side: int = 1) -> dict[str, str]:
    study = judged_study(StudyPlan(only=1))
    ml = study.policies["ml"]
    moved = ml.trades.with_columns(
        entry_ts=pl.lit(entry, dtype=pl.Datetime("us", "UTC")),
        decision_ts=pl.lit(decision, dtype=pl.Datetime("us", "UTC")),
        side=pl.lit(side, dtype=pl.Int8),
    )
    study = replace(study, policies={**study.policies, "ml": replace(ml, trades=moved)})
    return keyed_trades(study, "ml").keys.row(0, named=True)


def test_keys_are_of_the_exchange_day_not_of_the_utc_day() -> None:
    entry = datetime(2025, 3, 31, 22, 0, tzinfo=UTC)  # 17:00 in Chicago: Tuesday's session
    keys = _one_trade(entry, datetime(2025, 3, 31, 20, 55, tzinfo=UTC), side=-1)
    assert keys["window"] == "2025-03"
    assert (keys["month"], keys["weekday"]) == ("2025-04", "Tuesday")
    assert (keys["hour"], keys["session"], keys["side"]) == ("17:00", "eth", "short")


@pytest.mark.parametrize(
    ("minute", "session"),
    [((13, 29), "eth"), ((13, 30), "rth"), ((19, 59), "rth"), ((20, 0), "eth")],
)
def test_regular_hours_are_half_past_eight_to_three(minute: tuple[int, int], session: str) -> None:
    entry = datetime(2025, 6, 3, *minute, tzinfo=UTC)
    assert _one_trade(entry, entry)["session"] == session


def test_weekly_windows_are_named_by_their_monday() -> None:
    study = fake_study(StudyPlan(periods=1))
    week = replace(study.windows[0], period="2025-03-10")
    found = keyed_trades(replace(study, cadence="week", windows=(week,)), "ml").keys
    assert found["window"].unique().sort().to_list() == [
        "2025-03-03", "2025-03-10", "2025-03-17", "2025-03-24", "2025-03-31",
    ]  # fmt: skip


def test_a_window_without_trades_has_its_row() -> None:
    rows = segments_of(judged_study(StudyPlan(empty_period=1))).dimension("window").rows
    assert [row.key for row in rows] == [f"2025-0{n}" for n in range(3, 9)]
    assert rows[1].ml.trades == 0
    assert isinstance(rows[1].ml.expectancy_r, Undefined)


def test_a_study_without_regimes_says_unknown() -> None:
    rows = segments_of(fake_study()).dimension("trend").rows
    assert [row.key for row in rows] == ["unknown"]


@pytest.mark.parametrize("plan", EDGES.values(), ids=EDGES)
def test_bad_input_gives_stated_values_and_no_nan(plan: StudyPlan) -> None:
    found = segments_of(judged_study(plan))
    for dimension in found.dimensions:
        for row in dimension.rows:
            for value in (row.ml.expectancy_r, row.ml.profit_factor, row.ml.expectancy_r_low):
                assert isinstance(value, Undefined) or np.isfinite(value)


def test_equal_studies_give_equal_segments() -> None:
    one, other = (segments_of(judged_study()) for _ in range(2))
    assert one.dimensions == other.dimensions
    assert one.trade_order == other.trade_order


def test_the_interval_of_independent_trades_is_that_of_student() -> None:
    from scipy.stats import t

    r = np.random.default_rng(3).normal(0.1, 1.0, 40)
    mean, low, high = mean_r(r, np.arange(40))
    error = r.std(ddof=1) / np.sqrt(40)
    assert mean == pytest.approx(r.mean())
    assert (low, high) == pytest.approx(t.interval(0.95, 39, r.mean(), error))


def test_trades_that_share_a_day_widen_the_interval() -> None:
    daily = np.random.default_rng(4).normal(0.0, 1.0, 60)
    r, day = np.repeat(daily, 5), np.repeat(np.arange(60), 5)
    alone, together = mean_r(r, np.arange(300)), mean_r(r, day)
    assert together[2] - together[1] > 2.0 * (alone[2] - alone[1])


def test_the_interval_of_noise_misses_zero_about_one_time_in_twenty() -> None:
    rng = np.random.default_rng(5)
    day = np.repeat(np.arange(60), 4)
    missed = 0
    for _ in range(1_000):
        shared = np.repeat(rng.normal(0, 0.5, 60), 4)
        _, low, high = mean_r(shared + rng.normal(0, 1.0, 240), day)
        missed += not low <= 0.0 <= high
    assert 30 <= missed <= 75


def test_an_interval_needs_ten_days() -> None:
    r = np.random.default_rng(6).normal(0, 1, 30)
    assert isinstance(mean_r(r, np.arange(30) % 9)[1], Undefined)
    assert not isinstance(mean_r(r, np.arange(30) % 10)[1], Undefined)


def test_trades_without_a_stop_have_no_r_but_count() -> None:
    r = np.array([0.5, np.nan, -0.5])
    assert mean_r(r, np.arange(3))[0] == 0.0
    assert isinstance(mean_r(np.full(3, np.nan), np.arange(3))[0], Undefined)
