"""Indicators of TA-Lib against values that others published, and the plan against its own past."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import talib

from mlplatform.domain.series import Timeframe
from mlplatform.domain.tables import BARS
from mlplatform.features.catalog import (
    averages,
    levels,
    price,
    shape,
    structure,
    technical,
    volatility,
    volume,
)
from mlplatform.features.compute import compute_features
from mlplatform.features.graph import Feature
from mlplatform.features.sets import core_plan
from mlplatform.testing.bars import drawn_bars, joined, seeded_bars

ORACLES = Path(__file__).parents[3] / "shared" / "oracles" / "lean-indicators"


def published(file: str) -> pl.DataFrame:
    path = ORACLES / file
    if not path.is_file():
        pytest.skip("the published indicator values are not at hand")
    table = pl.read_csv(path, infer_schema_length=None).drop("Date")
    return table.select(pl.all().cast(pl.Float64).name.map(lambda name: name.strip().lower()))


@dataclass(frozen=True)
class Published:
    """A published column, and the feature that must agree with it."""

    file: str
    column: str
    feature: Feature
    tolerance: float
    since: int = 0
    """Row from which seeding has faded, where it differs."""
    scale: float = 1.0
    shift: float = 0.0
    """What the feature leaves out: published = scale x feature + shift."""


SLOW = {what: technical.stochastic(what, 12, slow_bars=3, signal_bars=5) for what in ("k", "d")}
WILLIAMS = price.range_position(14)
CASES = [
    Published("spy_with_indicators.txt", "rsi 14 wilder", technical.rsi(14), 5e-6, shift=50),
    Published("spy_with_indicators.txt", "ema14", averages.ema(14), 6e-3, 14),
    Published("spy_with_indicators.txt", "sma14", averages.sma(14), 6e-3),
    Published("spy_with_macd.txt", "macd", technical.macd_points("line"), 5e-6),
    Published("spy_with_macd.txt", "signal", technical.macd_points("signal"), 6e-6),
    Published("spy_with_macd.txt", "histogram", technical.macd_points("histogram"), 5e-6),
    Published("spy_atr_wilder.txt", "average true range 14", volatility.atr(14), 5e-6, 400),
    Published("spy_natr.txt", "natr_5", volatility.normalised_atr(5), 1e-12, 20),
    Published("spy_with_adx.txt", "adx 14", technical.adx(14), 5e-5, 400),
    Published("spy_with_adx.txt", "+di14", technical.directional("up", 14), 5e-5, 400),
    Published("spy_with_adx.txt", "-di14", technical.directional("down", 14), 5e-5, 400),
    Published("spy_with_cci.txt", "commodity channel index (cci) 14", technical.cci(14), 2.2e-3),
    Published("spy_mfi.txt", "money flow index 20", technical.money_flow(20), 1e-5, shift=50),
    Published("spy_with_stoch12k3.txt", "stochastics 12 %k 3", SLOW["k"], 5e-4, shift=50),
    Published("spy_with_stoch12k3.txt", "%d 5", SLOW["d"], 5e-4, shift=50),
    Published("spy_with_williamsR14.txt", "williams %r 14", WILLIAMS, 5e-4, 0, 50, -50),
    Published("spy_with_chop.csv", "chop14", structure.choppiness(14), 1e-12),
    Published("spy_with_vwma.csv", "vwma20", averages.vwma(20), 1e-12),
    Published("spy_with_ibs.csv", "ibs", shape.close_location(), 1e-12, 0, 0.5, 0.5),
    Published("spy_with_roc50.txt", "rate of change 50", price.move(50), 2e-5),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.feature.name}-{case.column}")
def test_features_agree_with_published_values(case):
    table = published(case.file)
    prices = {name: table[name] for name in table.columns if name in BARS.names}
    known = {"atr14": pl.Series("atr14", np.ones(table.height)), **prices}
    if "true_range" in case.feature.inputs:
        known["true_range"] = volatility.true_range().compute(prices).alias("true_range")
    found = case.feature.compute({name: known[name] for name in case.feature.inputs})
    expected = table[case.column]
    differences = (found * case.scale + case.shift - expected)[case.since :].drop_nulls().abs()
    assert len(differences) > 80
    assert differences.max() < case.tolerance


def test_on_balance_volume_changes_as_published():
    table = published("spy_with_obv.txt")
    change = volume.obv_change(20).compute({n: table[n] for n in ("close", "volume")})
    shares = change * table["volume"].rolling_sum(20)
    difference = (shares - table["obv"].diff(20)).drop_nulls().abs()
    assert len(difference) > 400
    assert difference.max() < 2e3  # of some 1e8 shares a day, published to 1e3


@pytest.mark.parametrize(("side", "column"), [("high", "top"), ("low", "bottom")])
def test_the_range_before_is_the_published_donchian_channel_of_the_row_before(side, column):
    table = published("spy_with_don50.txt")
    found = levels.range_extreme(side, 50).compute({side: table[side]})
    channel = table[f"donchian channels 50 {column}"].shift(1)
    assert found[50:].equals(channel[50:].alias(found.name))


def test_indicators_without_a_published_table_agree_with_talib_called_in_a_loop():
    bars = seeded_bars(4)
    values = compute_features(core_plan(Timeframe("5m")), bars)
    names = ("high", "low", "close", "volume")
    high, low, close, traded = (bars[name].to_numpy() for name in names)
    bars_14 = (high, low, close, 14)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    expected = {
        "atr14": talib.ATR(high, low, close, 14),
        "true_range": talib.TRANGE(high, low, close),
        "adx14": talib.ADX(high, low, close, 14),
        "rsi14": talib.RSI(close, 14) - 50,
        "ema20": talib.EMA(close, 20),
        "ema50": talib.EMA(close, 50),
        "macd_histogram_atr": talib.MACD(close, 12, 26, 9)[2] / talib.ATR(high, low, close, 14),
        "bollinger20": (close - middle) / ((upper - middle) / 2),
        "bollinger_upper20": upper,
        "bollinger_lower20": lower,
        "natr14": talib.NATR(high, low, close, 14),
        "rsi5": talib.RSI(close, 5) - 50,
        "cci20": talib.CCI(high, low, close, 20),
        "stochastic_k14": talib.STOCH(high, low, close, 14, 3, 0, 3, 0)[0] - 50,
        "stochastic_d14": talib.STOCH(high, low, close, 14, 3, 0, 3, 0)[1] - 50,
        "money_flow14": talib.MFI(high, low, close, traded, 14) - 50,
        "bars_since_high20": 20 - talib.AROON(high, low, 20)[1] / 5,
        "bars_since_low20": 20 - talib.AROON(high, low, 20)[0] / 5,
        "directional_spread14": talib.PLUS_DI(*bars_14) - talib.MINUS_DI(*bars_14),
        "line_slope20_atr": talib.LINEARREG_SLOPE(close, 20) / talib.ATR(*bars_14),
        "sma200_gap_atr": (close - talib.SMA(close, 200)) / talib.ATR(*bars_14),
    }
    for name, reference in expected.items():
        np.testing.assert_allclose(
            values[name].fill_null(np.nan).to_numpy(), reference, rtol=1e-6, atol=1e-6, err_msg=name
        )


GOLDEN = json.loads((Path(__file__).parent / "core_outputs.json").read_text())
"""Of every core feature on drawn bars: how many nulls, and one sum over all its values."""


def walk_bars() -> pl.DataFrame:
    """Eight sessions of a random walk, from whole random numbers alone: the same for ever."""
    rng = np.random.default_rng(11)
    parts = []
    for day in ("2025-02-02", "2025-02-03", "2025-02-04", "2025-02-05", "2025-02-06", "2025-02-09"):
        close = 24_000 + np.cumsum(rng.integers(-12, 13, 276))
        top, bottom = close + rng.integers(0, 9, 276), close - rng.integers(0, 9, 276)
        first = bottom + (top - bottom) // 2
        prices = np.stack([first, top, bottom, close], axis=1) * 0.25
        volumes = rng.integers(1, 2000, 276).astype(float).tolist()
        parts.append(drawn_bars(f"{day} 17:00", [tuple(p) for p in prices], volumes=volumes))
    return joined(*parts)


def outputs(values: pl.DataFrame) -> dict[str, tuple[int, float, float]]:
    """By column: nulls, a sum in which every row has its own weight, and the sum of sizes."""
    weights = np.cos(np.arange(values.height))
    columns = ((name, values[name]) for name in values.columns if name != "ts")
    return {
        name: (
            column.null_count(),
            float((column.fill_null(0.0).to_numpy() * weights).sum()),
            float(column.abs().sum()),
        )
        for name, column in columns
    }


def test_no_formula_changed_without_a_new_version():
    # Whoever changes a formula on purpose raises its feature's `version`, and writes this file anew
    # from `outputs(compute_features(core_plan(Timeframe("5m")), walk_bars()))`.
    core = core_plan(Timeframe("5m"))
    found = outputs(compute_features(core, walk_bars()))
    assert set(found) == set(GOLDEN["columns"])
    for name, (nulls, total, size) in found.items():
        known = GOLDEN["columns"][name]
        assert nulls == known[0], name
        assert abs(total - known[1]) <= 1e-9 * size, name
    assert core.fingerprint == GOLDEN["plan"]


@pytest.mark.parametrize("column", ["move3_atr", "vwap_gap_atr", "trend_60m_atr", "day_of_week"])
def test_the_golden_sums_see_a_change_of_one_value(column):
    values = compute_features(core_plan(Timeframe("5m")), walk_bars())
    at = values[column].is_not_null().arg_max()
    changed = values.with_columns(
        pl.when(pl.int_range(pl.len()) == at).then(pl.col(column) + 1e-3).otherwise(column)
    )
    _, total, size = outputs(values)[column]
    assert abs(outputs(changed)[column][1] - total) > 1e-9 * size
