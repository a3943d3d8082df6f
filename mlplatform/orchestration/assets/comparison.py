"""Group `study`: the champion recipe and this one over the same periods."""

import json

import dagster as dg
import polars as pl

from mlplatform.adapters.home import Home, write_text
from mlplatform.adapters.tracking.port import RECIPE, Tracker
from mlplatform.metrics.undefined import Undefined
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.desks.champions import Shelf, contender_of
from mlplatform.orchestration.stamp import Stamp
from mlplatform.settings import StudySettings
from mlplatform.studies.comparison.value import COMPARISON, Comparison


def model_comparison(workshop: Workshop) -> dg.AssetsDefinition:
    """Champion against challenger."""
    modules = ("studies.comparison.comparing", "reports.comparison_page")
    modules += ("reports.comparison_json", "orchestration.desks.champions")
    matters = ("capital_usd", "seed", "strategy")
    card = workshop.card("study", {"html", "json"}, COMPARISON, modules, matters, by_series=True)
    every = dg.AssetIn(partition_mapping=workshop.axis.all_periods())

    @dg.asset(
        **card,
        ins={"backtest": dg.AssetIn(), "equity": dg.AssetIn(), "policy": every},
        deps=["champion"],  # whose decision says against whom
        description="The champion recipe's ML trades against this recipe's, on the same days; "
        "where this one is champion, against the one that it replaced.",
    )
    def model_comparison(
        context: dg.AssetExecutionContext,
        backtest: pl.DataFrame,
        equity: pl.DataFrame,
        policy: pl.DataFrame,
        home: dg.ResourceParam[Home],
        settings: dg.ResourceParam[StudySettings],
        tracker: dg.ResourceParam[Tracker],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        from mlplatform.reports.comparison_json import comparison_json
        from mlplatform.reports.comparison_page import comparison_html
        from mlplatform.studies.comparison.comparing import compare

        series, shelf = context.partition_key, Shelf(home, context.partition_key)
        mine = contender_of(series, backtest, equity, settings)
        holder = tracker.champion(series)
        held = holder.tags.get(RECIPE) if holder else None
        incumbent, reason = shelf.incumbent(held, policy.sort("period")["recipe"][-1], mine)
        if incumbent is None:
            return stamp.result(context, COMPARISON.empty(), {"compared": f"nothing: {reason}"})
        found = compare(incumbent, mine, settings.seed)
        folder = home.report(series)
        write_text(folder / "model_comparison.html", comparison_html(found))
        text = json.dumps(comparison_json(found), indent=1) + "\n"
        write_text(folder / "model_comparison.json", text)
        told = {
            "compared": found.sentence,
            "page": dg.MetadataValue.path(str(folder / "model_comparison.html")),
            "days": len(found.days),
            "shared_trades": found.same.a.trades,
            "only_champion": found.only_a.trades,
            "only_challenger": found.only_b.trades,
        }
        return stamp.result(context, comparison_table(found), told)

    return model_comparison


def comparison_table(found: Comparison) -> pl.DataFrame:
    """Table `model_comparison`: a row a figure."""

    def known(figure: object) -> float | None:
        return None if isinstance(figure, Undefined) else float(figure)  # type: ignore[arg-type]

    rows = []
    for name, gap in found.gaps.items():
        interval = found.differences[name]
        has = not isinstance(interval, Undefined)
        rows.append(
            {
                "figure": name,
                "champion": known(found.figures_a[name]),
                "challenger": known(found.figures_b[name]),
                "difference": known(gap),
                "low": interval.low if has else None,
                "high": interval.high if has else None,
                "reason": None if has else interval.reason,
            }
        )
    return COMPARISON.frame(pl.DataFrame(rows, schema=COMPARISON.schema))
