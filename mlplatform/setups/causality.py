"""Candidates end to end, from bars to rows: what a proof of causality computes again."""

from datetime import date

import polars as pl

from mlplatform.domain.series import Series
from mlplatform.domain.tables import BARS
from mlplatform.features.causality import Compute
from mlplatform.features.compute import compute_features
from mlplatform.features.graph import FeaturePlan
from mlplatform.setups.setup import Setup, find_candidates


def plan_of(setups: tuple[Setup, ...], plan: FeaturePlan) -> FeaturePlan:
    """The part of a plan that these setups need: its columns have the same values, sooner."""
    by_name = {feature.name: feature for feature in plan.order}
    waiting = ["atr14", *(name for setup in setups for name in setup.needs)]
    kept: set[str] = set()
    while waiting:
        feature = by_name.get(waiting.pop())
        if feature is not None and feature.name not in kept:
            kept.add(feature.name)
            waiting += [*feature.inputs, *([feature.mirror] if feature.mirror else [])]
    features = tuple(feature for feature in plan.order if feature.name in kept)
    return FeaturePlan.build(plan.name, plan.version, features, tuple(BARS.names))


def candidates_between(
    series: Series, setups: tuple[Setup, ...], plan: FeaturePlan, days: tuple[date, date]
) -> Compute:
    """Bars to the candidates of the trading days from the first to the last of `days`.

    The features see all bars given; setups look at one trading day at a time.
    """

    def compute(bars: pl.DataFrame) -> pl.DataFrame:
        features = compute_features(plan, bars)
        judged = bars.filter(pl.col("session_date").is_between(*days))
        return find_candidates(series.name, setups, judged, features, series.timeframe.seconds)

    return compute
