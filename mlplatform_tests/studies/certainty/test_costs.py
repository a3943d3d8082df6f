"""The same trades under other costs."""

from dataclasses import replace

import polars as pl
import pytest

from mlplatform.metrics.summary import summarise
from mlplatform.metrics.undefined import Undefined
from mlplatform.studies.certainty.costs import (
    EXTRA_TICKS,
    MULTIPLES,
    break_even_multiple,
    cost_rows,
    slippage_rows,
)
from mlplatform.studies.result import PolicyResult
from mlplatform.testing.studies import StudyPlan, fake_study

STUDY = fake_study()
ML = STUDY.policies["ml"]
CAPITAL = STUDY.capital_usd
EXECUTION = {"tick_points": 0.25, "multiplier_usd": 5.0, "slippage_ticks": 1.0}


def _with_costs(multiple: float) -> PolicyResult:
    """The same trades with their prices and commission made again at other costs."""
    added = (multiple - 1.0) * (pl.col("commission_usd") + pl.col("slippage_usd"))
    risk = pl.col("stop_points") * 5.0 * pl.col("contracts")
    trades = ML.trades.with_columns(added=added).with_columns(
        net_usd=pl.col("net_usd") - pl.col("added"),
        r=(pl.col("net_usd") - pl.col("added")) / risk,
    )
    by_day = trades.group_by(pl.col("exit_ts").dt.date().alias("session_date")).agg(
        pl.col("added").sum()
    )
    daily = ML.daily.join(by_day, on="session_date", how="left", maintain_order="left")
    taken = pl.col("added").fill_null(0.0).cum_sum()
    return PolicyResult(
        trades.drop("added"), daily.with_columns(equity_usd=pl.col("equity_usd") - taken)
    )


@pytest.mark.parametrize("at", range(len(MULTIPLES)))
def test_each_row_is_the_summary_of_the_trades_at_those_costs(at: int) -> None:
    row = cost_rows("ml", ML, CAPITAL)[at]
    other = _with_costs(MULTIPLES[at])
    expected = summarise(other.trades, other.daily, CAPITAL)
    assert row.multiple == MULTIPLES[at]
    assert row.net_usd == pytest.approx(expected.net_usd)
    assert row.expectancy_r == pytest.approx(expected.expectancy_r)
    assert row.sharpe == pytest.approx(expected.sharpe_ratio)


def test_at_the_break_even_multiple_nothing_is_left() -> None:
    multiple = break_even_multiple(ML)
    assert not isinstance(multiple, Undefined)
    other = _with_costs(multiple)
    assert other.trades["net_usd"].sum() == pytest.approx(0.0, abs=1e-6)


def test_a_tick_more_costs_a_tick_on_each_side_that_pays_slippage() -> None:
    rows = slippage_rows("ml", ML, CAPITAL, EXECUTION)
    sides = 2 * ML.trades["contracts"].sum()
    for row, ticks in zip(rows, EXTRA_TICKS, strict=True):
        assert row.extra_ticks == ticks
        assert row.net_usd == pytest.approx(ML.trades["net_usd"].sum() - ticks * 1.25 * sides)


def test_a_limit_fill_pays_no_more_slippage() -> None:
    half = ML.trades.with_columns(slippage_usd=pl.col("slippage_usd") / 2)  # one side was a limit
    rows = slippage_rows("ml", replace(ML, trades=half), CAPITAL, EXECUTION)
    expected = ML.trades["net_usd"].sum() - 1.0 * 1.25 * ML.trades["contracts"].sum()
    assert rows[1].net_usd == pytest.approx(expected)


@pytest.mark.parametrize("ticks", [(2.0, 0.0), (1.0, 2.0), (0.5, 3.0)], ids=str)
def test_what_a_tick_costs_is_told_by_what_the_runs_own_ticks_cost(
    ticks: tuple[float, float],
) -> None:
    """Slippage and half the spread are paid on each side."""
    paid = ML.trades.with_columns(slippage_usd=pl.col("slippage_usd") * 2.0)
    rules = EXECUTION | {"slippage_ticks": ticks[0], "spread_ticks": ticks[1]}
    rows = slippage_rows("ml", replace(ML, trades=paid), CAPITAL, rules)
    expected = ML.trades["net_usd"].sum() - 2.0 * 1.25 * ML.trades["contracts"].sum()
    assert rows[1].net_usd == pytest.approx(expected)


def test_a_run_without_slippage_is_shocked_on_both_sides() -> None:
    free = replace(ML, trades=ML.trades.with_columns(slippage_usd=pl.lit(0.0)))
    rows = slippage_rows("ml", free, CAPITAL, EXECUTION | {"slippage_ticks": 0.0})
    expected = ML.trades["net_usd"].sum() - 2.0 * 1.25 * ML.trades["contracts"].sum()
    assert rows[1].net_usd == pytest.approx(expected)


def test_without_a_tick_there_is_no_shock() -> None:
    assert slippage_rows("ml", ML, CAPITAL, {}) == ()
    assert slippage_rows("ml", ML, CAPITAL, EXECUTION | {"tick_points": None}) == ()


def test_a_trade_that_nets_nothing_keeps_its_risk() -> None:
    """R is then 0 of 0, and its risk is told by its stop."""
    even = ML.trades.with_row_index().with_columns(
        net_usd=pl.when(pl.col("index") == 0).then(0.0).otherwise("net_usd"),
        r=pl.when(pl.col("index") == 0).then(0.0).otherwise("r"),
    )
    rows = cost_rows("ml", replace(ML, trades=even.drop("index")), CAPITAL)
    assert rows[2].expectancy_r == pytest.approx(even["r"].mean())


def test_no_trades_have_rows_without_figures() -> None:
    idle = fake_study(StudyPlan(only=0)).policies["ml"]
    for row in cost_rows("ml", idle, CAPITAL) + slippage_rows("ml", idle, CAPITAL, EXECUTION):
        assert isinstance(row.net_usd, Undefined)
        assert isinstance(row.sharpe, Undefined)
    assert isinstance(break_even_multiple(idle), Undefined)
    free = ML.trades.with_columns(slippage_usd=pl.lit(0.0), commission_usd=pl.lit(0.0))
    assert isinstance(break_even_multiple(replace(ML, trades=free)), Undefined)
