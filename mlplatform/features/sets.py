"""The feature sets in use: named, versioned lists."""

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

OPENING_RANGE_MINUTES = 30
LONGEST_BAR = Timeframe("30m")
"""Longer bars need a history of so many sessions that they are no intraday bars."""
_USUAL_SESSIONS = 5
_SIDES = ("high", "low")
_DAY = ("high", "low", "close")
_CHART = (
    *(f"previous_{what}" for what in _DAY),
    *(f"previous_rth_{what}" for what in _DAY),
    *(f"previous_week_{what}" for what in _DAY),
    *(f"overnight_{side}" for side in _SIDES),
    *(f"opening_range_{side}" for side in _SIDES),
    *(f"swing_{side}" for side in _SIDES),
)
"""Levels that the market remembers: their gaps are features, the nearest are resistance, support"""

Features = tuple[Feature, ...]


def _price() -> Features:
    return (
        *(price.log_return(span) for span in (1, 5, 20, 60)),
        *(price.move(span) for span in (1, 3, 10, 30, 60)),
        price.acceleration(10),
        *(price.momentum(span) for span in (20, 60)),
        *(price.range_position(span) for span in (20, 60)),
        price.bar_gap(),
        pullbacks.aroon("up", 20),
        pullbacks.aroon("down", 20),
        *(pullbacks.bars_since(side, 20) for side in _SIDES),
        *(pullbacks.pullback_depth(side, 20) for side in _SIDES),
        *(pullbacks.pullback_speed(side, 20) for side in _SIDES),
    )


def _levels(session_bars: int) -> Features:
    return (
        *(levels.previous_day(what, session_bars) for what in ("open", *_DAY)),
        *(levels.previous_rth(what, session_bars) for what in _DAY),
        *(levels.previous_week(what, session_bars) for what in _DAY),
        *(levels.overnight(side) for side in _SIDES),
        *(levels.session_extreme(side) for side in _SIDES),
        *levels.opening_range(OPENING_RANGE_MINUTES),
        *(levels.range_extreme(side, 20) for side in _SIDES),
        levels.rth_open(),
        *(distances.level_gap(level) for level in (*_CHART, "rth_open")),
        distances.session_open_gap(),
        *(distances.nearest_level(side, _CHART) for side in ("resistance", "support")),
    )


def _volume(session_bars: int) -> Features:
    return (
        volume.volume_ratio(20),
        volume.volume_trend(5, 50),
        volume.volume_surges(10),
        volume.volume_for_time(session_bars),
        volume.session_volume(session_bars),
        volume.obv_change(20),
        volume.session_obv(),
        vwap.session_first(),
        *(vwap.session_sum(what) for what in ("volume", "distance", "square")),
        vwap.session_vwap(),
        vwap.vwap_deviation(),
        *(vwap.vwap_band(side, k) for side in ("upper", "lower") for k in (1, 2)),
        vwap.vwap_gap(),
        vwap.vwap_position(),
        vwap.vwap_width(),
        vwap.vwap_slope(10),
        flow.signed_volume(),
        flow.sided_volume(),
        *(flow.flow_imbalance(span) for span in (10, 50)),
        flow.flow_surprise(10, 50),
        flow.session_flow(),
    )


def _volatility(session_bars: int) -> Features:
    return (
        volatility.atr(14),
        volatility.true_range(),
        volatility.normalised_atr(14),
        volatility.atr_ratio(100),
        volatility.close_to_close(20),
        volatility.parkinson(20),
        volatility.garman_klass(20),
        volatility.yang_zhang(20),
        regimes.volatility_level(_USUAL_SESSIONS, session_bars),
        regimes.volatility_regime(),
        regimes.volatility_of_volatility(50),
        regimes.variance_balance(20),
        regimes.range_for_time(session_bars),
    )


def _technical() -> Features:
    return (
        averages.ema(20),
        averages.ema(50),
        averages.sma(200),
        averages.vwma(20),
        *(averages.average_gap(name) for name in ("ema20", "ema50", "sma200", "vwma20")),
        averages.ema_spread(20, 50),
        averages.ema_slope(20, 5),
        averages.line_slope_points(20),
        averages.line_slope(20),
        *(technical.rsi(span) for span in (5, 14)),
        technical.adx(14),
        technical.directional("up", 14),
        technical.directional("down", 14),
        technical.directional_spread(14),
        *(technical.macd_points(what) for what in ("line", "histogram")),
        *(technical.macd(what) for what in ("line", "histogram")),
        *(technical.stochastic(what, 14) for what in ("k", "d")),
        technical.cci(20),
        technical.money_flow(14),
        bollinger.bollinger_band("upper", 20),
        bollinger.bollinger_band("lower", 20),
        bollinger.bollinger_position(20),
        bollinger.bollinger_width(20),
    )


def _microstructure(session_bars: int) -> Features:
    return (
        microstructure.tick_balance(20),
        microstructure.unchanged_share(20),
        microstructure.change_skewness(60),
        microstructure.change_kurtosis(60),
        microstructure.efficiency(20),
        microstructure.variance_ratio(5, 100),
        microstructure.step_covariance(60),
        microstructure.step_correlation(60),
        microstructure.roll_spread(60),
        liquidity.amihud(20),
        liquidity.illiquidity(20, _USUAL_SESSIONS, session_bars),
        liquidity.liquidity_score(20, 200),
        shape.bar_range(),
        shape.body(),
        shape.close_location(),
        *(shape.wick(side) for side in ("upper", "lower")),
        shape.overlap(),
    )


def _structure() -> Features:
    return (
        *(swings.new_swing(side) for side in _SIDES),
        *(swings.swing(side) for side in _SIDES),
        *(swings.swing_before(side) for side in _SIDES),
        *(swings.bars_since_swing(side) for side in _SIDES),
        swings.swing_position(),
        swings.swing_leg(),
        swings.swing_trend(),
        structure.trend_regime(),
        structure.range_width(20),
        structure.range_contraction(20, 100),
        structure.choppiness(14),
        structure.structure_break(50),
        *(fair_value_gaps.new_gap(side) for side in ("up", "down")),
        *(fair_value_gaps.open_gap_edge(side) for side in ("up", "down")),
        *(fair_value_gaps.gap_distance(side) for side in ("up", "down")),
        *(fair_value_gaps.gap_size(side) for side in ("up", "down")),
    )


def _time() -> Features:
    return (
        time.is_rth(),
        time.minutes_since_session_open(),
        time.minutes_since_rth_open(),
        time.minutes_to_rth_close(),
        time.minutes_to_session_end(),
        time.day_of_week(),
        time.days_to_roll(),
    )


def _daily(session_bars: int) -> Features:
    return (
        daily.day_atr(session_bars),
        daily.yesterday_range(),
        daily.yesterday_close_location(),
        daily.yesterday_type(),
        daily.yesterday_inside(session_bars),
        daily.day_streak(session_bars),
        today.day_gap(),
        today.rth_gap(),
        today.session_range(),
        today.session_position(),
        today.close_days_before(5, session_bars),
        today.days_move(5),
    )


@lru_cache(maxsize=16)
def core_plan(timeframe: Timeframe) -> FeaturePlan:
    """The set that the chain starts with, for bars of a timeframe."""
    session_bars = bars_a_session(timeframe)
    features = (
        *_price(),
        *_levels(session_bars),
        *_volume(session_bars),
        *_volatility(session_bars),
        *_technical(),
        *_microstructure(session_bars),
        *_structure(),
        *_time(),
        *_daily(session_bars),
        higher.higher_trend(60, 10, timeframe),
    )
    return FeaturePlan.build("core", 2, features, tuple(BARS.names))


def model_inputs(plan: FeaturePlan) -> list[Feature]:
    """The features that models see: all but price levels (unit "points"), which drift.

    Levels are steps on the way and what setups look at.
    """
    return [feature for feature in plan.features if feature.unit != "points"]
