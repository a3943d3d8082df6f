"""All of certainty: agreement with what the report shows, pairing, and every edge of the input."""

from dataclasses import fields, replace

import numpy as np
import polars as pl
import pytest

from mlplatform.metrics.bootstrap import Interval, stationary_resamples
from mlplatform.metrics.drawdowns import max_drawdown_frac
from mlplatform.metrics.ratios import calmar_ratio, sharpe_ratio, sortino_ratio
from mlplatform.metrics.summary import summarise
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.certainty import Certainty, certainty_of
from mlplatform.studies.certainty.days import days_of
from mlplatform.studies.certainty.intervals import FIGURES, resampled_figures
from mlplatform.studies.result import PolicyResult, StudyResult
from mlplatform.testing.studies import EDGES, StudyPlan, fake_study


def _interval(found: Interval | Undefined) -> Interval:
    assert isinstance(found, Interval)
    return found


def test_the_same_study_and_seed_give_the_same_value() -> None:
    assert certainty_of(fake_study(), 7) == certainty_of(fake_study(), 7)
    assert certainty_of(fake_study(), 7).ml != certainty_of(fake_study(), 8).ml


def test_each_interval_holds_the_figure_that_the_report_shows() -> None:
    study = fake_study()
    found = certainty_of(study, 7)
    for name, intervals in (("ml", found.ml), ("baseline", found.baseline)):
        policy = study.policies[name]
        summary = summarise(policy.trades, policy.daily, study.capital_usd)
        assert tuple(intervals) == FIGURES
        for figure in FIGURES:
            got = _interval(intervals[figure])
            if figure != "mean_day_usd":
                assert got.value == getattr(summary, figure)
            assert got.low < got.value < got.high


@pytest.mark.parametrize("outcome", ["mixed", "winners", "losers", "flat", "without stops"])
def test_on_the_days_in_their_own_order_each_figure_is_the_reports(outcome: str) -> None:
    """The resampled formulas and the summary's are the same formulas, at the edges too."""
    if outcome == "without stops":
        study = _without_stops(fake_study(), every=3)
    else:
        study = fake_study(StudyPlan(outcome=outcome))
    for policy in (study.policies["ml"], study.policies["baseline"]):
        days = days_of(policy, study.capital_usd)
        n = days.net_usd.size
        drawn = replace(
            stationary_resamples(n, 1, 1),
            first=np.array([0]),
            length=np.array([n]),
            starts=np.array([0]),
        )
        summary = summarise(policy.trades, policy.daily, study.capital_usd)
        for name, values in resampled_figures(days, drawn).items():
            expected = days.net_usd.mean() if name == "mean_day_usd" else getattr(summary, name)
            if isinstance(expected, Undefined):
                assert np.isnan(values[0]), name
            else:
                assert values[0] == pytest.approx(expected, rel=1e-9, abs=1e-9), name


def test_a_resampled_drawdown_is_that_of_the_resampled_equity() -> None:
    study = fake_study()
    days = days_of(study.policies["baseline"], study.capital_usd)
    drawn = stationary_resamples(days.net_usd.size, 4, 300)
    found = resampled_figures(days, drawn)["max_drawdown_frac"]
    for row, order in zip(found, drawn.days(), strict=True):
        equity = study.capital_usd + np.cumsum(days.net_usd[order])
        assert row == pytest.approx(max_drawdown_frac(equity, study.capital_usd), abs=1e-12)


def test_a_resampled_ratio_is_that_of_the_resampled_returns() -> None:
    study = fake_study()
    days = days_of(study.policies["ml"], study.capital_usd)
    assert not isinstance(days.returns, Undefined)
    drawn = stationary_resamples(days.net_usd.size, 4, 200)
    found = resampled_figures(days, drawn)
    for k, order in enumerate(drawn.days()):
        r = days.returns[order]
        assert found["sharpe_ratio"][k] == pytest.approx(sharpe_ratio(r), rel=1e-9)
        assert found["sortino_ratio"][k] == pytest.approx(sortino_ratio(r), rel=1e-9)
        fall = float(found["max_drawdown_frac"][k])
        assert found["calmar_ratio"][k] == pytest.approx(calmar_ratio(r, fall), rel=1e-9)


def test_a_trade_counts_on_the_day_of_its_exit_and_never_outside_the_marks() -> None:
    study = fake_study()
    ml = study.policies["ml"]
    over_night = ml.trades.with_columns(
        entry_ts=pl.when(pl.int_range(pl.len()) == 7)
        .then(pl.col("entry_ts").dt.offset_by("-7d"))
        .otherwise("entry_ts")
    )
    moved = days_of(replace(ml, trades=over_night), study.capital_usd)
    np.testing.assert_array_equal(moved.trades, days_of(ml, study.capital_usd).trades)
    with pytest.raises(ValueError, match="no mark"):
        days_of(replace(ml, daily=ml.daily[1:]), study.capital_usd)


def test_a_trade_that_nets_nothing_is_neither_won_nor_lost() -> None:
    study = fake_study(StudyPlan(outcome="flat"))
    days = days_of(study.policies["ml"], study.capital_usd)
    assert days.trades.sum() == study.policies["ml"].trades.height
    assert days.wins.sum() == days.losses.sum() == 0.0


def test_the_difference_is_paired() -> None:
    """A baseline that is ML itself, a little dearer: the pair is sure, each alone is not."""
    study = fake_study(StudyPlan(edge_r=0.0, seed=11))
    ml = study.policies["ml"]
    days = ml.daily.height
    dearer = PolicyResult(
        ml.trades.with_columns(net_usd=pl.col("net_usd") - 1.0),
        ml.daily.with_columns(equity_usd=pl.col("equity_usd") - 3.0 * pl.int_range(1, days + 1)),
    )
    found = certainty_of(replace(study, policies={**study.policies, "baseline": dearer}), 7)
    gap = _interval(found.difference["mean_day_usd"])
    assert gap.low == pytest.approx(3.0)
    assert gap.high == pytest.approx(3.0)
    assert _interval(found.ml["mean_day_usd"]).low < 0.0


@pytest.mark.parametrize("plan", EDGES.values(), ids=EDGES)
def test_whatever_the_study_each_figure_is_finite_or_says_why(plan: StudyPlan) -> None:
    found = certainty_of(fake_study(plan), 7)
    for value in _leaves(found):
        if isinstance(value, Undefined):
            assert value.reason
        elif isinstance(value, float):
            assert np.isfinite(value)


def test_without_candidates_the_tests_on_them_say_why() -> None:
    found = certainty_of(replace(fake_study(), candidates=None), 7)
    assert isinstance(found.permutation_p, Undefined)
    assert isinstance(found.pbo, Undefined)
    assert found.pbo_variants == 0


def test_equal_returns_have_no_luck_to_measure_so_nothing_is_claimed() -> None:
    found = certainty_of(_even(fake_study(), 2e-4), 7)
    assert _interval(found.ml["mean_day_usd"]).low > 0.0
    assert isinstance(found.dsr, Undefined)
    assert found.verdict.kind == "none"


def test_flat_equity_has_no_figure_of_risk() -> None:
    found = certainty_of(_even(fake_study(), 0.0), 7)
    assert isinstance(found.psr, Undefined)
    assert isinstance(found.ml["sharpe_ratio"], Undefined)
    assert _interval(found.ml["max_drawdown_frac"]).high == 0.0


def test_trials_of_all_windows_count() -> None:
    assert certainty_of(fake_study(StudyPlan(trials_run=11)), 7).trials_optuna == 66


def test_trades_without_a_stop_have_no_r_and_the_others_keep_theirs() -> None:
    study = _without_stops(fake_study(), every=3)
    found = certainty_of(study, 7)
    mean = study.policies["ml"].trades["r"].mean()
    assert _interval(found.ml["expectancy_r"]).value == pytest.approx(mean)
    at_cost = next(row for row in found.costs if row.policy == "ml" and row.multiple == 1.0)
    assert at_cost.expectancy_r == pytest.approx(mean)
    none = certainty_of(_without_stops(fake_study(), every=1), 7)
    assert isinstance(none.ml["expectancy_r"], Undefined)
    assert "no trade had a stop" in none.ml["expectancy_r"].reason


def _without_stops(study: StudyResult, every: int) -> StudyResult:
    blank = pl.int_range(pl.len()) % every == 0
    changed = {
        name: replace(
            policy,
            trades=policy.trades.with_columns(
                pl.when(~blank).then(pl.col("r", "stop_points")).name.keep()
            ),
        )
        for name, policy in study.policies.items()
    }
    return replace(study, policies=changed)


def _even(study: StudyResult, daily_return: float) -> StudyResult:
    """ML earns the same return on each day, in one trade; net and marks agree."""
    ml = study.policies["ml"]
    exit_day = pl.col("exit_ts").dt.date().alias("day")
    first = ml.trades.group_by(exit_day, maintain_order=True).first().select(ml.trades.columns)
    equity = study.capital_usd * (1.0 + daily_return) ** np.arange(1, first.height + 1)
    net = pl.Series(np.diff(equity, prepend=study.capital_usd))
    even = PolicyResult(
        first.with_columns(net_usd=net, r=net / 100.0),
        ml.daily.with_columns(equity_usd=pl.Series(equity), low_usd=pl.lit(study.capital_usd)),
    )
    return replace(study, policies={**study.policies, "ml": even})


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    if isinstance(value, tuple):
        return [leaf for inner in value for leaf in _leaves(inner)]
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, Undefined):
        return [leaf for f in fields(value) for leaf in _leaves(getattr(value, f.name))]  # type: ignore[arg-type]
    return [value]


def test_the_walk_over_all_figures_reaches_them() -> None:
    found = certainty_of(fake_study(), 7)
    assert isinstance(found, Certainty)
    assert sum(isinstance(leaf, float) for leaf in _leaves(found)) > 150
