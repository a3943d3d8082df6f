"""The feature sets in use: named, versioned lists."""

from functools import lru_cache

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.catalog import higher, price, session, technical, volatility, volume
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.market.sessions import bars_a_session

OPENING_RANGE_MINUTES = 30
_VOLUME_SESSIONS = 5
LONGEST_BAR = Timeframe("30m")
"""Longer bars need a history of so many sessions that they are no intraday bars."""

LEVELS = frozenset(
    {"atr14", "true_range", "ema20", "ema50", "opening_range_high", "opening_range_low"}
    | {"previous_high", "previous_low", "previous_close"}
)
"""Features in points: steps on the way and for setups; no inputs of models, as they drift."""


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
        technical.ema(20),
        technical.ema(50),
        technical.ema_gap(20),
        technical.ema_gap(50),
        technical.ema_spread(20, 50),
        technical.ema_slope(20, 5),
        technical.rsi(14),
        technical.adx(14),
        technical.macd_histogram(),
        technical.bollinger_position(20),
        volume.volume_ratio(20),
        volume.volume_trend(5, 50),
        volume.volume_for_time(_VOLUME_SESSIONS, session_bars),
        volume.vwap_gap(),
        volume.flow_imbalance(10),
        session.minutes_since_rth_open(),
        session.minutes_to_session_end(),
        session.day_of_week(),
        *session.opening_range(OPENING_RANGE_MINUTES),
        session.session_open_gap(),
        *(session.previous_day(what, session_bars) for what in ("high", "low", "close")),
        *(session.level_gap(f"previous_{what}") for what in ("high", "low", "close")),
        *(session.level_gap(f"opening_range_{side}") for side in ("high", "low")),
        higher.higher_trend(60, 10, timeframe.seconds / 60),
    )
    return FeaturePlan.build("core", 1, features, tuple(BARS.names))


def model_inputs(plan: FeaturePlan) -> list[Feature]:
    """The features that models see: all that are not mere price levels."""
    return [feature for feature in plan.features if feature.name not in LEVELS]
