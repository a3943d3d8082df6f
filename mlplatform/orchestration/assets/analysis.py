"""Group `study`: what each model input says, how lasting, and how much is said twice."""

import dagster as dg
import numpy as np
import polars as pl

from mlplatform.adapters.bars.book import BarBook
from mlplatform.adapters.home import Home, write_text
from mlplatform.adapters.lake import Lake
from mlplatform.decisions.plans import BASELINE_STOP_ATR
from mlplatform.domain.series import Series
from mlplatform.domain.tables import FEATURE_REPORT
from mlplatform.features.sets import core_plan, model_inputs
from mlplatform.market.periods import period_of_day
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.plots import png
from mlplatform.orchestration.stamp import Stamp
from mlplatform.settings import StudySettings
from mlplatform.setups.inputs import ModelInputs, model_inputs_of


def feature_report(workshop: Workshop) -> dg.AssetsDefinition:
    """Features and outcomes."""
    modules = (
        *("studies.feature_analysis.report_table", "setups.inputs", "strategies.declared"),
        "features.sets",
        *("reports.feature_page", "reports.feature_thumbnails"),
    )
    card = workshop.card(
        "study",
        {"html", "scipy"},
        FEATURE_REPORT,
        modules,
        ("train_periods", "seed", "cadence", "strategy"),
        by_series=True,
    )
    everything = workshop.axis.all_periods()
    setup_names = workshop.strategy.setup_names
    cadence = workshop.axis.periods.cadence

    @dg.asset(
        **card,
        ins={name: dg.AssetIn(partition_mapping=everything) for name in ("candidates", "labels")},
        # Read period by period: all features of ten years at once are gigabytes.
        deps=[dg.AssetDep("features", partition_mapping=everything)],
        description="Expectancy by quantile, stability, drift and redundancy of each model input.",
    )
    def feature_report(
        context: dg.AssetExecutionContext,
        candidates: pl.DataFrame,
        labels: pl.DataFrame,
        home: dg.ResourceParam[Home],
        book: dg.ResourceParam[BarBook],
        settings: dg.ResourceParam[StudySettings],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        # Lazy: scipy's statistics and Plotly are no cost of every step's start.
        from mlplatform.reports.feature_page import FeatureSource, feature_html
        from mlplatform.reports.feature_thumbnails import feature_thumbnails
        from mlplatform.studies.feature_analysis.analysis import AnalysisConfig, analyse_features
        from mlplatform.studies.feature_analysis.report_table import report_table
        from mlplatform.studies.feature_analysis.sample import sample_of

        series = context.partition_key
        keyed = candidates.with_columns(period=period_of_day(cadence, pl.col("session_date")))
        keyed = keyed.sort("period", maintain_order=True)
        inputs = inputs_by_period(home.lake, series, keyed, setup_names)
        sample = sample_of(keyed, labels, inputs, cadence, BASELINE_STOP_ATR)
        config = AnalysisConfig(settings.train_periods, settings.seed)
        found = analyse_features(sample, config)
        chapter = book.chapter(series)
        source = FeatureSource(series, chapter.kind, chapter.note, inputs_told(series, setup_names))
        page = home.report(series) / "features.html"
        write_text(page, feature_html(source, found))
        told = {
            "page": dg.MetadataValue.path(str(page)),
            "tested": found.looked_at,
            "more_than_chance": len(found.discoveries),
            "drifted": found.drift.verdict.count("drifted"),
            "proposed": sum(item.is_kept for item in found.proposals),
            "limits": " ".join(found.limits) or "none",
        }
        plots = {name: png(image) for name, image in feature_thumbnails(found).items()}
        return stamp.result(context, report_table(found), {**told, **plots})

    return feature_report


def inputs_by_period(
    lake: Lake, series: str, candidates: pl.DataFrame, setup_names: tuple[str, ...]
) -> ModelInputs:
    """What the models see of each candidate, in their order; only one period's features are held.

    `candidates` have their `period`, in ascending order. Raises ValueError where a candidate has
    no feature row.
    """
    inputs = model_inputs(core_plan(Series.parse(series).timeframe))
    columns = ["ts", *dict.fromkeys(n for f in inputs for n in (f.name, f.mirror) if n)]
    parts = []
    for own in candidates.partition_by("period", maintain_order=True):
        features = lake.read("features", series, [own["period"][0]]).select(columns)
        parts.append(model_inputs_of(own, features, inputs, setup_names))
    if not parts:
        empty = pl.DataFrame(
            schema={"ts": candidates.schema["ts"], **dict.fromkeys(columns[1:], pl.Float64)}
        )
        return model_inputs_of(candidates, empty, inputs, setup_names)
    return ModelInputs(np.concatenate([part.x for part in parts]), parts[0].names)


def inputs_told(series: str, setup_names: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """What each model input is, and its unit."""
    inputs = model_inputs(core_plan(Series.parse(series).timeframe))
    told = {feature.name: (feature.about, feature.unit) for feature in inputs}
    flags = {f"is_{name}": (f"whether the setup is {name}", "flag") for name in setup_names}
    return {**told, **flags, "side": ("+1 long, -1 short", "side")}
