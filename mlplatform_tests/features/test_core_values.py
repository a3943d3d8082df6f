"""The whole core set on difficult bars: no price change, no volume, holes; null or documented."""

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.series import Timeframe
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.testing.bars import seeded_bars

CORE = core_plan(Timeframe("5m"))
NEEDS_VOLUME = {
    "volume_ratio20",
    "volume_trend",
    "volume_surges10",
    "volume_for_time",
    "session_volume",
    "obv_change20",
    "session_obv",
    "session_vwap",
    *(f"vwap_{side}{k}" for side in ("upper", "lower") for k in (1, 2)),
    "vwap_gap_atr",
    "vwap_position",
    "vwap_width_atr",
    "vwap_slope_atr",
    "flow_imbalance10",
    "flow_imbalance50",
    "flow_surprise",
    "session_flow",
    "vwma20_gap_atr",
    "money_flow14",
    "amihud20",
    "illiquidity",
    "liquidity_score20",
}
ZERO_AT_REST = {
    "adx14": "no trend",
    "cci20": "no distance from the mean",
    "true_range": "no range",
    "atr14": "no range",
    "natr14": "no range",
    "directional_spread14": "no direction",
    "parkinson20": "no volatility",
    "garman_klass20": "no volatility",
    "yang_zhang20": "no volatility",
    "close_to_close20": "no volatility",
    "return1": "no change",
    "return5": "no change",
    "return20": "no change",
    "return60": "no change",
    "tick_balance20": "as many rising as falling closes",
    "flow_imbalance10": "the proxy: no side of the bar",
    "flow_imbalance50": "the proxy: no side of the bar",
    "flow_surprise": "both of them zero",
    "session_flow": "the proxy: no side of the bar",
    "obv_change20": "no rising or falling close",
    "session_obv": "no rising or falling close",
    "amihud20": "no return",
    "trend_regime": "no trend",
    "day_streak": "no streak",
    "bars_since_high20": "this bar is as high as any",
    "bars_since_low20": "this bar is as low as any",
}
CLOCK = {
    "is_rth",
    "minutes_since_session_open",
    "minutes_since_rth_open",
    "minutes_to_rth_close",
    "minutes_to_session_end",
    "day_of_week",
    "days_to_roll",
}


def is_finite(values: pl.DataFrame) -> bool:
    return all(values.drop("ts").select(pl.all().is_finite().fill_null(True).all()).row(0))


@pytest.fixture(scope="module")
def usual() -> pl.DataFrame:
    return compute_features(CORE, seeded_bars(30))


def test_every_column_of_the_core_is_finite_and_known_for_much_of_the_time(usual):
    assert is_finite(usual)
    known = {name: 1 - usual[name].null_count() / usual.height for name in CORE.names}
    assert min(known.values()) > 0.12, min(known, key=known.get)
    assert all(usual[name].n_unique() > 1 for name in CORE.names)


@pytest.mark.parametrize("volume", [None, 0.0])
def test_without_volume_exactly_what_needs_it_is_null(usual, volume):
    bars = seeded_bars(30).with_columns(volume=pl.lit(volume, pl.Float64))
    found = compute_features(CORE, bars)
    assert {n for n in CORE.names if found[n].null_count() == found.height} == NEEDS_VOLUME
    for name in set(CORE.names) - NEEDS_VOLUME:
        assert found[name].equals(usual[name]), name


def test_where_price_stands_still_each_column_is_null_or_says_why_it_is_not():
    prices = ("open", "high", "low", "close")
    bars = seeded_bars(12).with_columns(pl.lit(6000.0).alias(name) for name in prices)
    found = compute_features(CORE, bars)
    assert is_finite(found)
    volumes = {n for n in NEEDS_VOLUME if n.startswith(("volume_", "session_volume"))}
    inside = {"unchanged_share20": 1.0, "yesterday_inside": 1.0}
    levels = {f.name for f in CORE.features if f.unit == "points"} - set(ZERO_AT_REST)
    for name in set(CORE.names) - CLOCK - volumes - levels:
        known = found[name].drop_nulls()
        if name in ZERO_AT_REST or name in inside:
            assert len(known) > 0, name
            assert (known == inside.get(name, 0.0)).all(), name
        else:
            assert len(known) == 0, name
    for name in levels:
        assert found[name].drop_nulls().is_in([6000.0]).all(), name


def test_holes_in_bars_and_volumes_give_numbers_or_nulls():
    bars, rng = seeded_bars(20), np.random.default_rng(3)
    holes = bars.filter(pl.Series(rng.random(bars.height) > 0.3))
    known = pl.Series(rng.random(holes.height) > 0.002)
    found = compute_features(CORE, holes.with_columns(volume=pl.when(known).then("volume")))
    assert is_finite(found)
    for name in NEEDS_VOLUME:
        assert 0 < found[name].null_count() < found.height, name
