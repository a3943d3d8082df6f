"""Group `models`: the three role models of each window, and the policy that pins them.

A window's models learn from the periods before it, through the partition mapping, and from nothing
of its own period.
"""

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from mlplatform.domain.series import Series
from mlplatform.domain.tables import MODELS, POLICIES
from mlplatform.orchestration.card import Workshop
from mlplatform.orchestration.desks.notes import Window
from mlplatform.orchestration.desks.windows import RoleFit, WindowDesk, model_of, out_of_fold_of
from mlplatform.orchestration.planning.axis import Partition
from mlplatform.orchestration.stamp import Stamp
from mlplatform.studies.fitting import (
    entry_of,
    size_of,
    stop_of,
    stops_to_learn_under,
)

_MATTERS = ("train_periods", "trials", "seed", "embargo_minutes", "strategy")
_MATTERS += ("tuning_seconds", "known_good")
_SHARED = (
    "models.neural.network",
    "models.linear",
    "studies.training",
    "orchestration.desks.windows",
)
_KINDS = {"lightgbm", "xgboost", "keras"}
_SHAPE = ("stop_smooth_weight", "stop_min_ticks", "stop_max_ticks")


def _past(workshop: Workshop) -> dict[str, dg.AssetIn]:
    """Features, candidates, labels and detector scores of the training periods."""
    mapping = workshop.axis.looking_back(-workshop.settings.train_periods, -1)
    return {
        name: dg.AssetIn(partition_mapping=mapping)
        for name in ("features", "candidates", "labels", "detector_scores")
    }


def stop_model(workshop: Workshop) -> dg.AssetsDefinition:
    """The stop model."""
    matters = (*_MATTERS, *_SHAPE, "families")
    card = workshop.card("models", _KINDS, MODELS, (*_SHARED, "models.stop"), matters)

    @dg.asset(**card, ins=_past(workshop), description="How far the stop should be, in ATR.")
    def stop_model(
        context: dg.AssetExecutionContext,
        features: pl.DataFrame,
        candidates: pl.DataFrame,
        labels: pl.DataFrame,
        detector_scores: pl.DataFrame,
        desk: dg.ResourceParam[WindowDesk],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        def fit(window: Window) -> RoleFit:
            train, settings, tuner = window.train, window.settings, window.tuner("stop")
            model = stop_of(train, settings, tuner)
            return model, stops_to_learn_under(train, model, settings, tuner)

        row = desk.fit(context, "stop", (features, candidates, labels, detector_scores), fit)
        return stamp.result(context, row, _card_of(row))

    return stop_model


def entry_model(workshop: Workshop) -> dg.AssetsDefinition:
    """The entry model."""
    modules = (*_SHARED, "models.stop", "models.entry")
    matters = (*_MATTERS, "families", "class_weight")
    card = workshop.card("models", _KINDS, MODELS, modules, matters)

    @dg.asset(
        **card,
        ins=_past(workshop),
        description="The calibrated probability that target comes before the predicted stop.",
    )
    def entry_model(
        context: dg.AssetExecutionContext,
        features: pl.DataFrame,
        candidates: pl.DataFrame,
        labels: pl.DataFrame,
        detector_scores: pl.DataFrame,
        stop_model: pl.DataFrame,
        desk: dg.ResourceParam[WindowDesk],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        def fit(window: Window) -> RoleFit:
            model_of(stop_model)
            stops = out_of_fold_of(stop_model)
            found = entry_of(window.train, stops, window.settings, window.tuner("entry"))
            return found.model, found.slice_probability

        row = desk.fit(context, "entry", (features, candidates, labels, detector_scores), fit)
        return stamp.result(context, row, _card_of(row))

    return entry_model


def size_model(workshop: Workshop) -> dg.AssetsDefinition:
    """The size model."""
    modules = (*_SHARED, "models.stop", "models.entry", "models.size")
    matters = (*_MATTERS, "capital_usd", "max_contracts", "size_method")
    card = workshop.card("models", {"optuna"}, MODELS, modules, matters)

    @dg.asset(
        **card,
        ins=_past(workshop),
        description="How many contracts: fractional Kelly on probability and payoff, with caps.",
    )
    def size_model(  # noqa: PLR0913 - an argument an input
        context: dg.AssetExecutionContext,
        features: pl.DataFrame,
        candidates: pl.DataFrame,
        labels: pl.DataFrame,
        detector_scores: pl.DataFrame,
        stop_model: pl.DataFrame,
        entry_model: pl.DataFrame,
        desk: dg.ResourceParam[WindowDesk],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        def fit(window: Window) -> RoleFit:
            model_of(stop_model)
            entry, tuner = model_of(entry_model), window.tuner("size")
            unseen = out_of_fold_of(stop_model), out_of_fold_of(entry_model)
            return size_of(window.train, *unseen, entry, window.settings, tuner), None

        row = desk.fit(context, "size", (features, candidates, labels, detector_scores), fit)
        return stamp.result(context, row, _card_of(row))

    return size_model


def policy(workshop: Workshop) -> dg.AssetsDefinition:
    """The policy."""
    modules = ("decisions.policy", "features.sets")
    card = workshop.card("models", {"mlflow"}, POLICIES, modules, ("capital_usd", "strategy"))
    recipe = workshop.recipe()

    @dg.asset(**card, description="The three models as one thing that trades; a challenger.")
    def policy(
        context: dg.AssetExecutionContext,
        stop_model: pl.DataFrame,
        entry_model: pl.DataFrame,
        size_model: pl.DataFrame,
        setup_detector: pl.DataFrame,
        desk: dg.ResourceParam[WindowDesk],
        stamp: dg.ResourceParam[Stamp],
    ) -> dg.MaterializeResult:
        series = Series.parse(Partition.parse(context.partition_key).series)
        roles = {"stop": stop_model, "entry": entry_model, "size": size_model}
        roles["detector"] = setup_detector
        row = desk.policy(series, roles, recipe)
        metadata = {name: str(row[name][0]) for name in ("fingerprint", "fallback", "version")}
        return stamp.result(context, row, metadata, unhashed=("version", "recipe"))

    return policy


def _card_of(row: pl.DataFrame) -> Mapping[str, Any]:
    """What the catalog shows of one fitted role."""
    told = {name: row[name][0] for name in ("train_rows", "purged_rows", "trials_run")}
    return {
        **told,
        "fingerprint": row["fingerprint"][0],
        "training": f"{row['train_from'][0]:%Y-%m-%d} to {row['train_to'][0]:%Y-%m-%d}",
        "fallback": row["fallback"][0] or "none",
        "metrics": dg.MetadataValue.json(json.loads(row["metrics"][0])),
    }
