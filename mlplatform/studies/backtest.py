"""The backtest of a study: all policies' decisions over all windows, once, on the one step."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mlplatform.decisions.exits import STRATEGY
from mlplatform.domain.periods import PeriodAxis
from mlplatform.domain.series import Series
from mlplatform.domain.tables import BACKTEST, DAILY_EQUITY
from mlplatform.market.periods import period_of_day
from mlplatform.setups.entries import entry_columns
from mlplatform.studies.result import Ambiguity

if TYPE_CHECKING:
    from mlplatform.execution import Limits, Orders, Rules, Simulation

POLICIES = ("baseline", "ml", "random_entry")
"""Of every study; one on a strategy with exits of its own has `strategy` as well."""
SIZED = "ml"
"""The policy whose sizes know the running account."""
BUY_AND_HOLD = "buy_and_hold"


def tested_bars(axis: PeriodAxis, bars: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The bars of the periods in which anything was decided."""
    periods = decisions["period"].unique().implode()
    return bars.filter(period_of_day(axis.cadence, pl.col("session_date")).is_in(periods))


def policies_of(decisions: pl.DataFrame) -> tuple[str, ...]:
    """Who decided: `POLICIES`, and `strategy` where it did."""
    is_own = (decisions["policy"] == STRATEGY).any()
    return (*POLICIES, STRATEGY) if is_own else POLICIES


def backtest_trades(
    series: Series,
    bars: pl.DataFrame,
    decisions: pl.DataFrame,
    capital_usd: float,
    limits: "Limits | None" = None,
) -> pl.DataFrame:
    """Table `backtest`: every policy's trades. `decisions` carry their `period`; `limits` are those
    of the policy that is sized by models.
    """
    tags = decisions.select("policy", "candidate_id", "period", "policy_fingerprint")
    parts = [
        simulation.trades()
        .with_columns(policy=pl.lit(policy))
        .join(tags, on=["policy", "candidate_id"], how="left", maintain_order="left")
        for policy, simulation in _simulations(series, bars, decisions, capital_usd, limits)
    ]
    return BACKTEST.frame(pl.concat(parts))


def backtest_equity(
    series: Series,
    bars: pl.DataFrame,
    decisions: pl.DataFrame,
    capital_usd: float,
    limits: "Limits | None" = None,
) -> pl.DataFrame:
    """Table `daily_equity`: every policy's marks at the end of each trading day of `bars`, and
    those of one contract bought at the first open and held.
    """
    days = bars.select("ts", "session_date")
    parts = [
        _daily(policy, days, simulation.equity())
        for policy, simulation in _simulations(series, bars, decisions, capital_usd, limits)
    ]
    held = bars.select("ts", equity_usd=capital_usd + _held_usd(series, bars))
    return pl.concat([*parts, _daily(BUY_AND_HOLD, days, held)])


def backtest_fills(
    series: Series,
    bars: pl.DataFrame,
    decisions: pl.DataFrame,
    capital_usd: float,
    limits: "Limits | None" = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The fills (table `fills`) of every policy, and what became of each of its orders
    (`candidate_id`, `ts`, `outcome`); both with their `policy`.
    """
    fills, outcomes = [], []
    for policy, simulation in _simulations(series, bars, decisions, capital_usd, limits):
        fills.append(simulation.fills().with_columns(policy=pl.lit(policy)))
        outcomes.append(simulation.outcomes().with_columns(policy=pl.lit(policy)))
    return pl.concat(fills), pl.concat(outcomes)


def execution_rules(series: Series) -> dict[str, object]:
    """The rules of the run, for the report."""
    from mlplatform.execution import Rules

    rules = Rules.for_instrument(series.instrument)
    named = {"fill_policy": rules.fill_policy.name.lower(), "mode": rules.mode.name.lower()}
    return asdict(rules) | named


def backtest_ambiguity(
    series: Series,
    bars: pl.DataFrame,
    decisions: pl.DataFrame,
    capital_usd: float,
    finer: pl.DataFrame | None = None,
    limits: "Limits | None" = None,
) -> dict[str, Ambiguity]:
    """By policy: on how many bars stop and target were both in reach, and, where there are finer
    bars (table `bars` of a shorter timeframe), what the pessimistic reading of them cost.
    """
    from mlplatform.execution import BarArrays, compare_intrabar

    arrays = BarArrays.from_frame(bars, series.timeframe)
    if finer is None:
        found = _simulations(series, bars, decisions, capital_usd, limits)
        return {name: Ambiguity(int(run.state["ambiguous_bars"])) for name, run in found}
    finer_arrays = BarArrays.from_frame(finer)
    result = {}
    for policy in policies_of(decisions):
        orders = _orders(policy, bars, decisions)
        rules = _rules(series, policy, limits)
        told = compare_intrabar(arrays, finer_arrays, orders, rules, capital_usd)
        result[policy] = Ambiguity(told.ambiguous_bars, told.resolved_bars, told.pessimism_usd)
    return result


def _simulations(
    series: Series,
    bars: pl.DataFrame,
    decisions: pl.DataFrame,
    capital_usd: float,
    limits: "Limits | None" = None,
) -> Iterator[tuple[str, "Simulation"]]:
    from mlplatform.execution import BarArrays, simulate

    arrays = BarArrays.from_frame(bars, series.timeframe)
    for policy in policies_of(decisions):
        rules = _rules(series, policy, limits)
        yield policy, simulate(arrays, _orders(policy, bars, decisions), rules, capital_usd)


def _rules(series: Series, policy: str, limits: "Limits | None") -> "Rules":
    """Those of the instrument; sizes that know the account are the model policy's alone."""
    from mlplatform.execution import Rules

    rules = Rules.for_instrument(series.instrument)
    return rules if limits is None or policy != SIZED else replace(rules, limits=limits)


def _orders(policy: str, bars: pl.DataFrame, decisions: pl.DataFrame) -> "Orders":
    """What a policy takes, as bracket orders decided at their signal bars."""
    from mlplatform.execution import OrderKind, Orders

    index = bars.select("ts").with_row_index("bar")
    taken = decisions.filter(pl.col("policy") == policy, pl.col("take")).sort("ts", "setup")
    taken = taken.join(index, on="ts", how="left", maintain_order="left")
    if taken["bar"].null_count():
        raise ValueError("a decision has no bar: bars and decisions do not match")
    names = taken["setup"].unique().sort().to_list() or [""]
    return Orders(
        taken["bar"].to_numpy().astype(np.int64),
        taken["side"].to_numpy(),
        taken["contracts"].to_numpy(),
        stop_points=taken["stop_points"].to_numpy(),
        target_points=taken["target_points"].fill_null(np.inf).to_numpy(),
        breakeven_trigger_points=taken["breakeven_points"].fill_null(np.inf).to_numpy(),
        trail_points=taken["trail_points"].fill_null(np.inf).to_numpy(),
        trail_activation_points=taken["trail_activation_points"].fill_null(0.0).to_numpy(),
        time_exit_bars=taken["time_exit_bars"].fill_null(0).to_numpy(),
        tag=taken["candidate_id"],
        setup=taken["setup"].replace_strict(names, range(len(names)), return_dtype=pl.Int32),
        setup_names=tuple(names),
        **entry_columns(taken, OrderKind),
    )


def _daily(policy: str, days: pl.DataFrame, equity: pl.DataFrame) -> pl.DataFrame:
    marked = equity.join(days, on="ts", how="inner", maintain_order="left")
    daily = marked.group_by("session_date", maintain_order=True).agg(
        equity_usd=pl.col("equity_usd").last(), low_usd=pl.col("equity_usd").min()
    )
    return DAILY_EQUITY.frame(daily.with_columns(policy=pl.lit(policy)))


def _held_usd(series: Series, bars: pl.DataFrame) -> pl.Series:
    """Profit in USD at each bar's close of one contract held throughout, rolled at each change of
    contract: the jump between two contracts is nobody's profit, the roll's costs are.
    """
    instrument = series.instrument
    rolled = (pl.col("contract") != pl.col("contract").shift(1)).fill_null(value=True)
    change = (
        pl.when(rolled).then(pl.col("close") - pl.col("open")).otherwise(pl.col("close").diff())
    )
    side_usd = (
        instrument.commission_usd
        + instrument.slippage_ticks * instrument.tick_points * instrument.multiplier_usd
    )
    sides = pl.when(rolled).then(2).otherwise(0).cum_sum() - 1  # the first entry has no exit
    return bars.select(change.cum_sum() * instrument.multiplier_usd - sides * side_usd).to_series()
