"""Indicators of TA-Lib against values that others published, and the plan against its own past."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import talib

from mlplatform.domain.series import Timeframe
from mlplatform.features.catalog import averages, technical, volatility
from mlplatform.features.compute import compute_features
from mlplatform.features.sets import core_plan
from mlplatform.testing.bars import drawn_bars, joined, seeded_bars

ORACLES = Path(__file__).parents[3] / "shared" / "oracles" / "lean-indicators"


def published(file: str) -> pl.DataFrame:
    path = ORACLES / file
    if not path.is_file():
        pytest.skip("the published indicator values are not at hand")
    table = pl.read_csv(path, infer_schema_length=None).drop("Date")
    return table.select(pl.all().cast(pl.Float64).name.map(lambda name: name.strip().lower()))


# Where the seeding differs, rows from which the difference is below the tolerance.
CASES = [
    ("spy_with_indicators.txt", technical.rsi(14), 50.0, "rsi 14 wilder", 14, 5e-6),
    ("spy_with_indicators.txt", averages.ema(14), 0.0, "ema14", 14, 6e-3),
    ("spy_with_macd.txt", technical.macd_points("histogram"), 0.0, "histogram", 33, 5e-6),
    ("spy_atr_wilder.txt", volatility.atr(14), 0.0, "average true range 14", 400, 5e-6),
    ("spy_with_adx.txt", technical.adx(14), 0.0, "adx 14", 400, 5e-5),
]


@pytest.mark.parametrize(("file", "feature", "offset", "column", "since", "tolerance"), CASES)
def test_indicators_agree_with_published_values(file, feature, offset, column, since, tolerance):
    table = published(file)
    one = pl.Series("atr14", np.ones(table.height))
    values = feature.compute({n: one if n == "atr14" else table[n] for n in feature.inputs})
    differences = (values + offset - table[column])[since:].drop_nulls().abs()
    assert len(differences) > 80
    assert differences.max() < tolerance


def test_indicators_without_a_published_table_agree_with_talib_called_in_a_loop():
    bars = seeded_bars(4)
    values = compute_features(core_plan(Timeframe("5m")), bars)
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    upper, middle, _ = talib.BBANDS(close, 20, 2.0, 2.0)
    expected = {
        "atr14": talib.ATR(high, low, close, 14),
        "true_range": talib.TRANGE(high, low, close),
        "adx14": talib.ADX(high, low, close, 14),
        "rsi14": talib.RSI(close, 14) - 50,
        "ema20": talib.EMA(close, 20),
        "ema50": talib.EMA(close, 50),
        "macd_histogram_atr": talib.MACD(close, 12, 26, 9)[2] / talib.ATR(high, low, close, 14),
        "bollinger20": (close - middle) / ((upper - middle) / 2),
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
