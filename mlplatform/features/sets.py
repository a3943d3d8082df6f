"""The feature sets in use: named, versioned lists."""

from functools import lru_cache

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.catalog import (
    averages,
    bollinger,
    distances,
    flow,
    higher,
    levels,
    price,
    structure,
    swings,
    technical,
    time,
    volatility,
    volume,
    vwap,
)
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.market.sessions import bars_a_session

OPENING_RANGE_MINUTES = 30
_VOLUME_SESSIONS = 5
LONGEST_BAR = Timeframe("30m")
"""Longer bars need a history of so many sessions that they are no intraday bars."""

@lru_cache(maxsize=16)
def core_plan(timeframe: Timeframe) -> FeaturePlan:
    """The set that the chain starts with, for bars of a timeframe."""
    session_bars = bars_a_session(timeframe)
    features: tuple[Feature, ...] = (
        volatility.atr(14),
        volatility.true_range(),
        volatility.atr_ratio(100),
        volatility.parkinson(20),
        volatility.bar_range(),
        *(price.move(span) for span in (1, 3, 10, 30)),
        *(price.range_position(span) for span in (20, 60)),
        price.efficiency(20),
        price.body(),
        price.close_location(),
        averages.ema(20),
        averages.ema(50),
        averages.average_gap("ema20"),
        averages.average_gap("ema50"),
        averages.ema_spread(20, 50),
        averages.ema_slope(20, 5),
        technical.rsi(14),
        technical.adx(14),
        technical.macd_points("histogram"),
        technical.macd("histogram"),
        bollinger.bollinger_position(20),
        volume.volume_ratio(20),
        volume.volume_trend(5, 50),
        volume.volume_for_time(_VOLUME_SESSIONS, session_bars),
        vwap.vwap_gap(),
        flow.flow_imbalance(10),
        time.minutes_since_rth_open(),
        time.minutes_to_session_end(),
        time.day_of_week(),
        *levels.opening_range(OPENING_RANGE_MINUTES),
        distances.session_open_gap(),
        *(levels.previous_day(what, session_bars) for what in ("high", "low", "close")),
        *(distances.level_gap(f"previous_{what}") for what in ("high", "low", "close")),
        *(distances.level_gap(f"opening_range_{side}") for side in ("high", "low")),
        vwap.session_vwap(),
        vwap.vwap_deviation(),
        *(vwap.vwap_band(side, k) for side in ("upper", "lower") for k in (1, 2)),
        vwap.vwap_position(),
        vwap.vwap_width(),
        vwap.vwap_slope(10),
        bollinger.bollinger_band("upper", 20),
        bollinger.bollinger_band("lower", 20),
        bollinger.bollinger_width(20),
        *(levels.range_extreme(side, 20) for side in ("high", "low")),
        *(levels.previous_rth(what, session_bars) for what in ("high", "low", "close")),
        *(levels.previous_week(what, session_bars) for what in ("high", "low", "close")),
        *(levels.overnight(side) for side in ("high", "low")),
        levels.rth_open(),
        *(swings.new_swing(side) for side in ("high", "low")),
        *(swings.swing(side) for side in ("high", "low")),
        *(swings.swing_before(side) for side in ("high", "low")),
        *(swings.bars_since_swing(side) for side in ("high", "low")),
        swings.swing_position(),
        swings.swing_leg(),
        swings.swing_trend(),
        structure.trend_regime(),
        higher.higher_trend(60, 10, timeframe),
    )
    return FeaturePlan.build("core", 1, features, tuple(BARS.names))


def model_inputs(plan: FeaturePlan) -> list[Feature]:
    """The features that models see: all but price levels (unit "points"), which drift.

    Levels are steps on the way and what setups look at.
    """
    return [feature for feature in plan.features if feature.unit != "points"]
