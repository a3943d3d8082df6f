"""The smallest world in which a champion is promoted, and the real command on it.

Two months of synthetic 5-minute bars; every 997th row is broken, so that rows are quarantined.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from mlplatform.domain.instrument import instrument_of
from mlplatform.domain.series import Timeframe
from mlplatform.synthetic.generation import generate
from mlplatform.synthetic.world import EDGES, World
from mlplatform_tests.deploy.compose import ROOT

SERIES = "MES-5m"
SESSIONS = 42
"""From 2025-01-02: January trains, February is tested."""
BROKEN_EVERY = 997
SETTINGS = {
    "MLPLATFORM_FAMILIES": '["lightgbm"]',
    "MLPLATFORM_DETECTOR": "off",
    "MLPLATFORM_GATE_MIN_TRADES": "3",
}


def bars_of(sessions: int = SESSIONS, broken_every: int = BROKEN_EVERY) -> pl.DataFrame:
    """The bars, the broken ones among them: their high lies below their low."""
    edge = EDGES["strong"]
    world = World(instrument_of("MES"), Timeframe("5m"), date(2025, 1, 2), sessions, 7, edge)
    bars = generate(world).drop("row")
    is_broken = pl.int_range(pl.len()) % broken_every == broken_every // 2
    broken = pl.when(is_broken).then(pl.col("low") - 1).otherwise("high")
    return bars.with_columns(high=broken)


def write_bars(path: Path) -> Path:
    """The file that every run of a test is given."""
    bars_of().write_parquet(path)
    return path


def command(data: Path, home: Path, *more: str) -> list[str]:
    """`mlplatform run` as a person gives it."""
    words = ["run", "--data", str(data), "--instrument", "MES", "--timeframe", "5m"]
    words += ["--home", str(home), "--train-periods", "1", "--trials", "2", *more]
    return [sys.executable, "-m", "mlplatform.cli", *words]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours without settings of whoever starts the test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLPLATFORM_")}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | SETTINGS | dict(more or {})


def run(
    words: list[str], more: Mapping[str, str] | None = None, timeout_s: float = 600
) -> "subprocess.CompletedProcess[str]":
    """One command to its end."""
    return subprocess.run(
        words,
        env=environment(more),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
