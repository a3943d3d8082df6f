"""The feature sets in use: named, versioned lists, to which each family names its features."""

from functools import lru_cache

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.catalog import (
    averages,
    bollinger,
    daily,
    distances,
    fair_value_gaps,
    flow,
    higher,
    levels,
    liquidity,
    microstructure,
    price,
    pullbacks,
    regimes,
    shape,
    structure,
    swings,
    technical,
    time,
    today,
    volatility,
    volume,
    vwap,
)
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.market.sessions import bars_a_session

LONGEST_BAR = Timeframe("30m")
"""Longer bars need a history of so many sessions that they are no intraday bars."""


@lru_cache(maxsize=16)
def core_plan(timeframe: Timeframe) -> FeaturePlan:
    """The set that the chain starts with, for bars of a timeframe."""
    a_session = bars_a_session(timeframe)
    features = (
        *(*price.CORE, *pullbacks.CORE),
        *(*levels.core(a_session), *distances.CORE),
        *(*volume.core(a_session), *vwap.CORE, *flow.CORE),
        *(*volatility.CORE, *regimes.core(a_session)),
        *(*averages.CORE, *technical.CORE, *bollinger.CORE),
        *(*microstructure.CORE, *liquidity.core(a_session), *shape.CORE),
        *(*swings.CORE, *structure.CORE, *fair_value_gaps.CORE),
        *time.CORE,
        *(*daily.core(a_session), *today.core(a_session)),
        *higher.core(timeframe),
    )
    return FeaturePlan.build("core", 2, features, tuple(BARS.names))


def model_inputs(plan: FeaturePlan) -> list[Feature]:
    """The features that models see: all but price levels (unit "points"), which drift.

    Levels are steps on the way and what setups look at.
    """
    return [feature for feature in plan.features if feature.unit != "points"]
