"""Quality out of sample: figures worked out by hand, and intervals that count days."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from mlplatform.studies.quality.out_of_sample import (
    ALL,
    mean_interval_by_day,
    quality_out_of_sample,
)

START = datetime(2025, 1, 6, 15, tzinfo=UTC)


def table(probability, won, own, plain, base=0.5, a_day=1, period="2025-01") -> pl.DataFrame:
    n = len(probability)
    times = [START + timedelta(days=at // a_day, minutes=at % a_day) for at in range(n)]
    return pl.DataFrame(
        {
            "period": [period] * n,
            "ts": pl.Series(times, dtype=pl.Datetime("us", "UTC")),
            "probability": pl.Series(probability, dtype=pl.Float64),
            "take": [p >= 0.5 for p in probability],
            "is_win": pl.Series(won, dtype=pl.Boolean),
            "net_r": pl.Series(own, dtype=pl.Float64),
            "constant_net_r": pl.Series(plain, dtype=pl.Float64),
            "base_rate": pl.Series([base] * n, dtype=pl.Float64),
        }
    )


def drawn(n: int, skill: float, seed: int, a_day: int = 5) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    truth = np.clip(0.4 + skill * rng.normal(size=n), 0.05, 0.95)
    gain = rng.normal(skill, 1.0, n)
    plain = rng.normal(size=n)
    rows = table(truth, rng.random(n) < truth, plain + gain, plain, 0.4, a_day)
    return rows.with_columns(take=pl.col("probability") >= 0.4)


def test_figures_worked_out_by_hand():
    rows = table(
        [0.9, 0.6, 0.4, 0.2, 0.7, 0.5],
        [True, False, True, False, None, True],
        [1.0, -1.0, 2.0, -1.0, None, 1.5],
        [0.5, -1.0, 1.0, -2.0, 3.0, None],
        base=0.4,
    )
    found = quality_out_of_sample(rows, 1).overall
    assert (found.candidates, found.completed, found.taken) == (6, 5, 4)
    assert found.win_frac == pytest.approx(3 / 5)
    assert found.auc == pytest.approx((2 + 1 + 1) / 6)
    squares = [0.01, 0.36, 0.36, 0.04, 0.25]
    assert found.brier == pytest.approx(sum(squares) / 5)
    assert found.brier_base_rate == pytest.approx((3 * 0.36 + 2 * 0.16) / 5)
    assert found.brier_gain == pytest.approx(found.brier_base_rate - found.brier)
    loss = -np.log([0.9, 0.4, 0.4, 0.8, 0.5]).mean()
    assert found.log_loss == pytest.approx(loss)
    assert found.log_loss_base_rate == pytest.approx(-np.log([0.4, 0.6, 0.4, 0.6, 0.4]).mean())
    # The stop is judged on what was taken, where both trades closed.
    assert found.stop_net_r == pytest.approx(0.0 / 2)
    assert found.constant_net_r == pytest.approx(-0.5 / 2)
    assert found.stop_gain_r == pytest.approx(0.5 / 2)
    assert found.reasons == ()


def test_each_window_stands_by_itself_in_order_and_all_are_together():
    one, other = drawn(60, 0.2, 1), drawn(40, 0.2, 2).with_columns(period=pl.lit("2024-12"))
    found = quality_out_of_sample(pl.concat([one, other]), 1)
    assert [window.period for window in found.windows] == ["2024-12", "2025-01"]
    assert [window.candidates for window in found.windows] == [40, 60]
    assert (found.overall.period, found.overall.candidates) == (ALL, 100)
    assert found.windows[1] == quality_out_of_sample(one, 1).windows[0]


def test_skill_is_seen_and_noise_is_within_its_intervals():
    skilled = quality_out_of_sample(drawn(2000, 0.25, 3), 1).overall
    assert skilled.auc_interval.low > 0.6
    assert skilled.auc_interval.low < skilled.auc < skilled.auc_interval.high
    assert skilled.brier_gain_interval.low > 0.0
    assert skilled.brier_gain_interval.low < skilled.brier_gain < skilled.brier_gain_interval.high
    assert skilled.stop_gain_interval.low > 0.0
    noise = quality_out_of_sample(drawn(2000, 1e-6, 4), 1).overall
    assert noise.auc_interval.low < 0.5 < noise.auc_interval.high
    assert noise.stop_gain_interval.low < 0.0 < noise.stop_gain_interval.high


def test_a_gain_is_positive_where_the_model_is_better():
    worse = drawn(500, 0.25, 5).with_columns(
        probability=1.0 - pl.col("probability"), net_r=pl.col("constant_net_r") - 1.0
    )
    found = quality_out_of_sample(worse, 1).overall
    assert found.auc < 0.5
    assert found.brier_gain < 0.0
    assert found.brier_gain_interval.high < 0.0
    assert found.stop_gain_r == pytest.approx(-1.0)


def test_intervals_count_days_not_rows():
    rng = np.random.default_rng(0)
    day = rng.normal(size=50).repeat(40)
    ts = np.arange(50, dtype=np.int64).repeat(40) * 86_400_000_000
    together = mean_interval_by_day(day, ts, 1)
    apart = mean_interval_by_day(day, np.arange(2000, dtype=np.int64) * 86_400_000_000, 1)
    assert together.high - together.low > 4 * (apart.high - apart.low)
    assert together.low < day.mean() < together.high


def test_nine_in_ten_intervals_hold_the_mean():
    rng = np.random.default_rng(1)
    ts = np.arange(60, dtype=np.int64).repeat(3) * 86_400_000_000
    held = 0
    for seed in range(200):
        found = mean_interval_by_day(rng.normal(0.3, 1.0, 180), ts, seed)
        held += found.low <= 0.3 <= found.high
    assert 170 <= held <= 192


def test_the_seed_decides():
    rows = drawn(300, 0.2, 6)
    assert quality_out_of_sample(rows, 1) == quality_out_of_sample(rows, 1)
    one, other = (quality_out_of_sample(rows, seed).overall for seed in (1, 2))
    assert one.auc == other.auc
    assert one.auc_interval != other.auc_interval
    assert one.stop_gain_interval != other.stop_gain_interval


def test_one_outcome_few_days_and_nothing_at_all_are_told():
    lost = quality_out_of_sample(table([0.4] * 8, [False] * 8, [-1.0] * 8, [-1.0] * 8), 1).overall
    assert (lost.auc, lost.auc_interval) == (None, None)
    assert lost.brier == pytest.approx(0.16)
    assert "winners and losers" in lost.reasons[0]
    few = table([0.4, 0.6] * 8, [False, True] * 8, [-1.0] * 16, [-1.0] * 16, a_day=4)
    told = quality_out_of_sample(few, 1).overall
    assert told.auc == 1.0
    assert told.auc_interval is None
    assert "5 days" in told.reasons[0]
    none = quality_out_of_sample(few.clear(), 1)
    assert none.windows == ()
    assert none.overall.brier is None
    assert none.overall.stop_gain_r is None
    assert none.overall.reasons == ("no judged candidate was entered and closed",)
