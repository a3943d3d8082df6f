"""The stress workload gives its published figures, and works on any bars."""

from itertools import count
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlplatform.domain.errors import InputError
from mlplatform.studies.stress import (
    StressSettings,
    arrays_of,
    bench_stress,
    informative_columns,
    run_stress,
)

DATA = Path(__file__).parents[3] / "shared" / "data" / "nq_5m_2016_2025.parquet"
STAGES = ["load", "informative_timeframe", "features", "signals", "simulation", "statistics"]


def seconds() -> float:
    """A clock that gains one second at each look."""
    return float(next(TICKS))


TICKS = count()


def walk(n: int) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    close = 4000 + np.cumsum(rng.normal(0, 4, n))
    open_ = np.r_[close[:1], close[:-1]]
    return pl.DataFrame(
        {
            "ts": pl.Series(np.arange(n) * 300_000_000).cast(pl.Datetime("us", "UTC")),
            "open": open_,
            "high": np.maximum(open_, close) + 1,
            "low": np.minimum(open_, close) - 1,
            "close": close,
        }
    )


@pytest.mark.skipif(not DATA.is_file(), reason="the shared NQ bars are not at hand")
def test_the_published_figures_come_out() -> None:
    result = run_stress(lambda: pl.read_parquet(DATA), StressSettings(), seconds)
    assert (result.bars, result.signals, result.trades) == (700_078, 291_450, 50_346)
    assert result.net_points == pytest.approx(4611.9255, abs=5e-5)
    assert result.win_rate == pytest.approx(0.430163, abs=5e-7)
    assert result.profit_factor == pytest.approx(1.008156, abs=5e-7)
    assert result.summary.trades == 50_346
    assert result.summary.net_usd == pytest.approx(4611.9255, abs=5e-5)


def test_every_stage_is_timed_cold_and_warm() -> None:
    report = bench_stress(lambda: walk(1000), StressSettings(), seconds)
    assert list(report["stages_s"]) == ["cold", "warm"]
    for stages in report["stages_s"].values():
        assert stages == dict.fromkeys(STAGES, 1.0) | {"all": 6.0}
    assert report["trades"] > 5
    assert report["signals"] > report["trades"]


def test_parameters_matter() -> None:
    few = run_stress(lambda: walk(1000), StressSettings(rsi_band=20.0), seconds)
    many = run_stress(lambda: walk(1000), StressSettings(rsi_band=5.0), seconds)
    assert few.signals < many.signals
    near = run_stress(lambda: walk(1000), StressSettings(stop_atr=0.5, target_atr=0.5), seconds)
    assert near.trades > run_stress(lambda: walk(1000), StressSettings(), seconds).trades


def test_no_signal_falls_into_the_warm_up() -> None:
    result = run_stress(lambda: walk(200), StressSettings(), seconds)
    assert (result.signals, result.trades, result.win_rate) == (0, 0, None)
    assert result.profit_factor is None


def test_the_higher_timeframe_is_known_only_when_its_bar_is_complete() -> None:
    bars = arrays_of(walk(1200))
    known = informative_columns(bars)["ema_50_30m"]
    changes = np.flatnonzero(np.diff(known[~np.isnan(known)]) != 0)
    assert set(np.diff(changes)) == {6}
    first = int(np.argmax(~np.isnan(known)))
    assert first == 50 * 6 - 1


def test_bars_without_prices_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="lack high, low"):
        run_stress(lambda: walk(300).drop("high", "low"), StressSettings(), seconds)
    with pytest.raises(InputError, match="empty"):
        run_stress(lambda: walk(300).head(0), StressSettings(), seconds)
