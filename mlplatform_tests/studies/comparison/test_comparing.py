"""Two studies are compared by paired days; shared trades are told from the others."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from mlplatform.market.periods import trading_day
from mlplatform.metrics.bootstrap import Interval, mean_interval
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.comparison.comparing import compare
from mlplatform.studies.comparison.value import Contender
from mlplatform.testing.studies import StudyPlan, fake_study

STUDY = fake_study(StudyPlan(edge_r=0.3))
NEUTRAL = fake_study(StudyPlan(edge_r=0.0, seed=11))


def contender(label: str, policy: str = "ml", study=STUDY) -> Contender:
    found = study.policies[policy]
    days = tuple(found.daily["session_date"].to_list())
    return Contender(label, study.series, policy, found.trades, days, study.capital_usd)


BASELINE, ML = contender("baseline", "baseline"), contender("ml")


def test_figures_are_those_of_each_study_where_the_days_are_the_same():
    found = compare(BASELINE, ML, 7)
    assert found.days == ML.days
    for side, figures in ((BASELINE, found.figures_a), (ML, found.figures_b)):
        assert figures["net_usd"] == pytest.approx(side.trades["net_usd"].sum())
        assert figures["expectancy_r"] == pytest.approx(side.trades["r"].mean())
        assert figures["win_rate"] == pytest.approx((side.trades["net_usd"] > 0).mean())
    for name, gap in found.gaps.items():
        assert gap == pytest.approx(found.figures_b[name] - found.figures_a[name])


def daily(side: Contender) -> np.ndarray:
    day = trading_day(pl.col("exit_ts")).alias("day")
    nets = dict(side.trades.group_by(day).agg(pl.col("net_usd").sum()).iter_rows())
    return np.array([nets.get(day, 0.0) for day in side.days])


def test_the_difference_of_the_mean_day_is_paired_by_trading_day():
    found = compare(BASELINE, ML, 7).differences["mean_day_usd"]
    expected = mean_interval(daily(ML) - daily(BASELINE), 7)
    assert found.value == pytest.approx(expected.value)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_turned_around_every_difference_changes_its_sign():
    one, other = compare(BASELINE, ML, 7), compare(ML, BASELINE, 7)
    for name, interval in one.differences.items():
        turned = other.differences[name]
        assert isinstance(interval, Interval)
        assert turned.value == pytest.approx(-interval.value)
        assert turned.low == pytest.approx(-interval.high)
    assert (one.kind, other.kind) == ("better", "worse")
    assert "ml made more than baseline" in one.sentence
    assert "baseline made less than ml" in other.sentence


def test_against_itself_nothing_differs_and_every_trade_is_shared():
    found = compare(ML, replace(ML, label="again"), 7)
    assert found.kind == "none"
    assert all(gap == 0.0 for gap in found.gaps.values())
    assert found.same.a.trades == found.same.same_exit == ML.trades.height
    assert found.only_a.trades == found.only_b.trades == 0
    assert found.same.difference_r == Interval(0.0, 0.0, 0.0, 0.98)


def test_two_studies_without_an_edge_are_not_told_apart():
    neutral = contender("a", "baseline", NEUTRAL), contender("b", "ml", NEUTRAL)
    assert compare(*neutral, 7).kind == "none"


def test_shared_trades_are_those_of_one_bar_setup_and_side():
    trades = ML.trades
    turned = pl.Series([-1 if n == 5 else 1 for n in range(trades.height)], dtype=pl.Int8)
    renamed = pl.Series([n == 6 for n in range(trades.height)])
    changed = trades.with_columns(
        side=pl.col("side") * turned,
        setup=pl.when(renamed).then(pl.lit("other")).otherwise("setup"),
        r=pl.col("r") + 0.5,
        net_usd=pl.col("net_usd") + 10.0,
        exit_reason=pl.when(pl.int_range(pl.len()) < 5)
        .then(pl.lit("time"))
        .otherwise(pl.lit("target")),
    )[3:]
    base = trades.with_columns(exit_reason=pl.lit("target"))
    found = compare(replace(ML, trades=base), replace(ML, label="b", trades=changed), 7)
    assert found.same.a.trades == found.same.b.trades == trades.height - 5
    assert found.only_a.trades == 5
    assert found.only_b.trades == 2
    assert found.same.same_exit == trades.height - 7
    assert found.same.difference_r.value == pytest.approx(0.5)
    assert found.same.difference_r.low == pytest.approx(0.5)
    whole = found.same.b.net_usd + found.only_b.net_usd
    assert whole == pytest.approx(changed["net_usd"].sum())


def test_only_the_days_of_both_count():
    half = tuple(day for day in ML.days if day >= date(2025, 6, 1))
    found = compare(BASELINE, replace(ML, days=half), 7)
    assert found.days == half
    late = BASELINE.trades.filter(trading_day(pl.col("exit_ts")) >= date(2025, 6, 1))
    assert found.figures_a["net_usd"] == pytest.approx(late["net_usd"].sum())
    left_out = len(ML.days) - len(half)
    assert any(note.startswith(f"{left_out} of the") for note in found.notes)


def test_without_a_common_day_there_is_nothing_to_compare():
    later = replace(ML, days=(date(2030, 1, 2), date(2030, 1, 3)))
    with pytest.raises(ValueError, match="share no trading day: A was tried 2025-03-03 to"):
        compare(BASELINE, later, 7)


def test_few_trades_or_days_are_too_little_to_tell():
    assert compare(BASELINE, replace(ML, trades=ML.trades[:29]), 7).kind == "too_little"
    assert compare(BASELINE, replace(ML, days=ML.days[:19]), 7).kind == "too_little"
    none = replace(ML, trades=ML.trades.clear())
    found = compare(none, replace(none, label="b"), 7)
    assert found.kind == "too_little"
    assert isinstance(found.same.difference_r, Undefined)
    assert isinstance(found.only_a.expectancy_r, Undefined)


def test_what_differs_in_settings_source_and_series_is_told():
    a = replace(BASELINE, settings={"seed": 7, "execution": {"ticks": 1}}, source_sha256="a")
    b = replace(
        ML, settings={"seed": 7, "execution": {"ticks": 2}}, source_sha256="b", capital_usd=1e5
    )
    found = compare(a, b, 7)
    assert found.settings == (("execution.ticks", 1, 2),)
    assert any("bars differ" in note for note in found.notes)
    assert any("50,000 and 100,000 USD" in note for note in found.notes)
    assert any("different series" in n for n in compare(a, replace(b, series="MNQ-5m"), 7).notes)


def test_the_same_seed_gives_the_same_comparison():
    assert compare(BASELINE, ML, 3).differences == compare(BASELINE, ML, 3).differences
    assert compare(BASELINE, ML, 3).differences != compare(BASELINE, ML, 4).differences
