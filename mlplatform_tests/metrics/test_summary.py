"""All figures of a policy at once."""

import math
from dataclasses import replace
from itertools import groupby

import polars as pl
import pytest

from mlplatform.metrics.summary import Summary, summarise
from mlplatform.metrics.undefined import Undefined
from mlplatform.testing.studies import StudyPlan, fake_study


def _summary(policy: str = "ml", **plan: object) -> Summary:
    study = fake_study(StudyPlan(**plan))  # type: ignore[arg-type]
    found = study.policies[policy]
    return summarise(found.trades, found.daily, study.capital_usd)


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"only": 0},
        {"only": 1},
        {"outcome": "winners"},
        {"outcome": "losers"},
        {"periods": 0},
        {"empty_period": 0},
        {"edge_r": -5.0, "capital_usd": 500.0},
    ],
    ids=str,
)
def test_every_figure_is_finite_or_says_why_not(plan: dict[str, object]) -> None:
    for name, figure in _summary(**plan).items():
        if isinstance(figure, Undefined):
            assert figure.reason, name
        else:
            assert math.isfinite(figure), name


def test_the_figures_are_the_trades_sums() -> None:
    study = fake_study()
    trades = study.policies["ml"].trades
    summary = _summary()
    assert summary.trades == trades.height
    assert summary.net_usd == pytest.approx(trades["net_usd"].sum())
    assert summary.commission_usd == pytest.approx(trades["commission_usd"].sum())
    assert summary.slippage_usd == pytest.approx(trades["slippage_usd"].sum())
    assert summary.costs_usd == pytest.approx(summary.commission_usd + summary.slippage_usd)
    assert summary.expectancy_r == pytest.approx(trades["r"].mean())
    assert summary.total_return_frac == pytest.approx(summary.net_usd / study.capital_usd)


def test_runs_are_counted_in_the_order_of_the_trades() -> None:
    summary = _summary()
    net = fake_study().policies["ml"].trades["net_usd"].to_list()
    won = [len(list(run)) for win, run in groupby(net, lambda usd: usd > 0) if win]
    lost = [len(list(run)) for loss, run in groupby(net, lambda usd: usd < 0) if loss]
    assert (summary.longest_winning_run, summary.longest_losing_run) == (max(won), max(lost))
    assert max(won) != max(lost)


def test_a_policy_that_never_traded_has_no_drawdown_to_boast_of() -> None:
    summary = _summary(only=0)
    assert summary.trades == 0
    assert summary.net_usd == 0.0
    assert summary.max_drawdown_frac == Undefined("there is no trade")


def test_a_holding_has_equity_figures_and_no_trade_figures() -> None:
    study = fake_study()
    summary = summarise(None, study.buy_and_hold, study.capital_usd)
    assert isinstance(summary.trades, Undefined)
    assert isinstance(summary.sharpe_ratio, float)
    last = study.buy_and_hold["equity_usd"][-1]
    assert summary.net_usd == pytest.approx(last - study.capital_usd)


def test_an_equity_below_zero_has_no_ratio_but_a_drawdown_above_one() -> None:
    summary = _summary(edge_r=-5.0, capital_usd=500.0)
    assert isinstance(summary.sharpe_ratio, Undefined)
    assert summary.max_drawdown_frac > 1.0


def test_trades_that_do_not_add_up_to_the_equity_are_refused() -> None:
    study = fake_study()
    ml = study.policies["ml"]
    missing = replace(ml, trades=ml.trades.head(ml.trades.height - 1))
    with pytest.raises(ValueError, match="equity changed by"):
        summarise(missing.trades, missing.daily, study.capital_usd)


def test_a_mark_that_is_no_number_is_refused() -> None:
    study = fake_study()
    broken = study.policies["ml"].daily.with_columns(low_usd=pl.lit(float("nan")))
    with pytest.raises(ValueError, match="finite"):
        summarise(study.policies["ml"].trades, broken, study.capital_usd)
