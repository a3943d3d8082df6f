"""Groups `decisions` and `study`: plans out of sample, the one backtest, the champion."""

import dagster as dg
import polars as pl

from mlplatform.adapters.home import Home
from mlplatform.adapters.tracking.port import Tracker
from mlplatform.decisions.baseline import baseline_decisions, random_candidates
from mlplatform.decisions.detection import scores_of
from mlplatform.decisions.exits import strategy_decisions
from mlplatform.decisions.policy import fallback_decisions, unpack
from mlplatform.domain.series import Series
from mlplatform.domain.tables import BACKTEST, CHAMPIONS, DAILY_EQUITY, DECISIONS
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.models.errors import AlteredModel
from mlplatform.orchestration.account import ACCOUNT_MATTERS, account_limits
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.checks.gate import judge, promote
from mlplatform.orchestration.desks.champions import Shelf, contender_of
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.plots import thumbnail
from mlplatform.orchestration.stamp import Stamp
from mlplatform.settings import StudySettings
from mlplatform.setups.inputs import model_inputs_of, with_score
from mlplatform.studies.backtest import backtest_equity, backtest_trades, tested_bars


def decisions(workshop: Workshop) -> dg.AssetsDefinition:
    """Order plans."""
    modules = ("decisions.policy", "decisions.exits", "setups.inputs")
    card = workshop.card("decisions", {"polars"}, DECISIONS, modules, ("seed", "strategy"))
    seed, strategy = workshop.settings.seed, workshop.strategy
    identity = workshop.settings.strategy

    @dg.asset(**card, description="What each policy does with each candidate, out of sample.")
    def decisions(
        context: dg.AssetExecutionContext,
        bars: pl.DataFrame,
        features: pl.DataFrame,
        candidates: pl.DataFrame,
        policy: pl.DataFrame,
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        partition = Partition.parse(context.partition_key)
        plan = core_plan(Series.parse(partition.series).timeframe)
        draw = f"{seed}:random_entry:{partition.series}:{partition.period}"
        blind = random_candidates(bars, features, candidates, draw)
        payload = policy["payload"][0]
        if payload is None:
            chosen = fallback_decisions(candidates)
        else:
            inputs = model_inputs_of(candidates, features, model_inputs(plan), strategy.setup_names)
            held = unpack(payload, plan.fingerprint)
            if held.fingerprint != policy["fingerprint"][0]:
                raise AlteredModel(
                    f"the policy of {partition.period} is not the one of its fingerprint: its file "
                    "was altered, train again"
                )
            inputs = with_score(inputs, candidates, scores_of(held.detector, bars, candidates))
            held.require(inputs.names)
            chosen = held.decide(candidates, inputs.x)
        parts = [baseline_decisions(candidates), chosen]
        if strategy.exits is not None:
            parts.append(strategy_decisions(candidates, strategy.exits, identity))
        table = pl.concat([*parts, baseline_decisions(blind, "random_entry")])
        table = table.with_columns(period=pl.lit(partition.period))
        taken = int(chosen["take"].sum())
        return stamp.result(context, table, {"candidates": candidates.height, "ml_takes": taken})

    return decisions


def backtest(workshop: Workshop) -> dg.AssetsDefinition:
    """Trades."""
    modules = ("studies.backtest", "execution.simulation")
    card = workshop.card("study", {"numba"}, BACKTEST, modules, ACCOUNT_MATTERS, by_series=True)

    @dg.asset(
        **card,
        ins=_all_periods(workshop, "bars", "decisions"),
        description="All trades of all policies over all windows, on the one execution step.",
    )
    def backtest(
        context: dg.AssetExecutionContext,
        bars: pl.DataFrame,
        decisions: pl.DataFrame,
        settings: dg.ResourceParam[StudySettings],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        series = Series.parse(context.partition_key)
        span = tested_bars(workshop.axis.periods, bars, decisions)
        trades = backtest_trades(
            series, span, decisions, settings.capital_usd, account_limits(settings)
        )
        counts = trades.group_by("policy").agg(pl.len(), pl.col("net_usd").sum()).sort("policy")
        metadata = {f"{name}_trades": n for name, n, _ in counts.iter_rows()}
        metadata |= {f"{name}_net_usd": round(usd, 2) for name, _, usd in counts.iter_rows()}
        return stamp.result(context, trades, metadata)

    return backtest


def equity(workshop: Workshop) -> dg.AssetsDefinition:
    """Daily marks."""
    modules = ("studies.backtest", "execution.simulation")
    card = workshop.card("study", {"numba"}, DAILY_EQUITY, modules, ACCOUNT_MATTERS, by_series=True)

    @dg.asset(
        **card,
        ins=_all_periods(workshop, "bars", "decisions"),
        description="Every policy's account, marked at the end of each trading day.",
    )
    def equity(
        context: dg.AssetExecutionContext,
        bars: pl.DataFrame,
        decisions: pl.DataFrame,
        settings: dg.ResourceParam[StudySettings],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        series = Series.parse(context.partition_key)
        span = tested_bars(workshop.axis.periods, bars, decisions)
        marks = backtest_equity(
            series, span, decisions, settings.capital_usd, account_limits(settings)
        )
        plots = {
            policy: thumbnail(
                marks.filter(pl.col("policy") == policy)["equity_usd"], f"{policy} equity, USD"
            )
            for policy in ("baseline", "ml")
        }
        return stamp.result(context, marks, plots)

    return equity


def champion(workshop: Workshop) -> dg.AssetsDefinition:
    """The alias."""
    modules = ("orchestration.checks.gate", "studies.recipe", "orchestration.desks.champions")
    card = workshop.card(
        "study", {"mlflow"}, CHAMPIONS, modules, ("gate_min_trades",), by_series=True
    )

    @dg.asset(
        **card,
        ins=_all_periods(workshop, "policy") | {"backtest": dg.AssetIn(), "equity": dg.AssetIn()},
        description="Moves the alias to the recipe's newest policy where the gate has passed.",
    )
    def champion(
        context: dg.AssetExecutionContext,
        policy: pl.DataFrame,
        backtest: pl.DataFrame,
        equity: pl.DataFrame,
        settings: dg.ResourceParam[StudySettings],
        tracker: dg.ResourceParam[Tracker],
        home: dg.ResourceParam[Home],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        series = context.partition_key
        verdict = judge(series, backtest, policy, settings, tracker)
        row = promote(series, verdict, backtest, policy, tracker)
        if verdict.passed:
            recipe = policy.sort("period")["recipe"][-1]
            Shelf(home, series).keep(recipe, contender_of(series, backtest, equity, settings))
        told = {name: str(row[name][0]) for name in ("moved", "reason", "version")}
        return stamp.result(context, row, told, unhashed=("version", "moved", "reason"))

    return champion


def _all_periods(workshop: Workshop, *names: str) -> dict[str, dg.AssetIn]:
    mapping = workshop.axis.all_periods()
    return {name: dg.AssetIn(partition_mapping=mapping) for name in names}
