"""Rows and windows whose truth is known, and networks that were never trained."""

import importlib.util

import numpy as np
import pytest

from mlplatform.models.arrays import Rows
from mlplatform.models.neural.forward import Forward, Layer
from mlplatform.models.neural.judgement import DetectorRows
from mlplatform.models.neural.preparation import fit_preparation
from mlplatform.models.neural.text import seal
from mlplatform.models.neural.windows import BarColumns, bar_windows

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="tensorflow is not installed"
)
DAY_US, MINUTE_US = 86_400_000_000, 60_000_000


def rows(seed: int, kind: str, count: int = 600, signal: float = 1.0) -> Rows:
    """Feature 2 moves the target; features have other scales, and gaps."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 5))
    y = signal * x[:, 2] + rng.normal(size=count)
    x[rng.random(x.shape) < 0.05] = np.nan
    x = x * np.array([1.0, 50.0, 0.01, 3.0, 1.0]) + np.array([0.0, 5000.0, 0.0, -3.0, 1.0])
    return Rows(x, 40.0 * y + 300.0 if kind == "regression" else (y > 0).astype(np.float64))


def layer(rng: np.random.Generator, *shape: int, dilation: int = 1) -> Layer:
    return Layer(rng.normal(size=shape) * 0.4, rng.normal(size=shape[-1]) * 0.1, dilation)


def untrained_text(seed: int, kind: str = "binary") -> str:
    """A dense network with random weights, in the text of a fitted one."""
    rng = np.random.default_rng(seed)
    preparation = fit_preparation(rows(seed, kind).x)
    width = preparation.width
    forward = Forward((layer(rng, width, 16), layer(rng, 16, 8), layer(rng, 8, 1)))
    body = {
        "kind": kind,
        "rounds": 3,
        "y_mean": 0.5,
        "y_scale": 2.0,
        "preparation": preparation.to_json(),
        "forward": forward.to_json(),
    }
    return seal("dense network", body)


def untrained_detector_text(seed: int, setups: tuple[str, ...] = ("rejection_bar",)) -> str:
    rng = np.random.default_rng(seed)
    convolutions = (layer(rng, 3, 5, 8), layer(rng, 2, 8, 8, dilation=2))
    forward = Forward((layer(rng, 8, 6), layer(rng, 6, 1)), convolutions, "last")
    seen = rng.normal(size=(50, 100)) * 2.0
    body = {"variant": "classic", "rounds": 1, "bars": 20, "channels": 5, "setups": list(setups)}
    body |= {"preparation": fit_preparation(seen).to_json()}
    return seal("setup detector", body | {"forward": forward.to_json()})


def detector_rows(seed: int, count: int, picture: float, clock: float) -> DetectorRows:
    """Whether it works out depends on the last bar's tails, on the hour, on both or neither."""
    rng = np.random.default_rng(seed)
    close = 5000.0 + np.cumsum(rng.normal(size=count + 20))
    opens = close + rng.normal(size=count + 20)
    tails = rng.exponential(size=(2, count + 20))
    bars = BarColumns(
        open=opens,
        high=np.maximum(opens, close) + tails[0],
        low=np.minimum(opens, close) - tails[1],
        close=close,
        volume=rng.integers(1, 500, count + 20).astype(np.float64),
        atr=np.full(count + 20, 2.0),
        contract=np.full(count + 20, "MESM5"),
        session_date=np.zeros(count + 20),
    )
    last = np.arange(20, count + 20)
    windows, _ = bar_windows(bars, last, np.ones(count, np.int64))
    hour = rng.integers(8, 15, count)
    odds = picture * (tails[1] - tails[0])[last] + clock * np.where(hour < 11, 1.0, -1.0)
    y = (rng.random(count) < 1.0 / (1.0 + np.exp(-odds))).astype(np.float64)
    decision = np.arange(count) * (80 * DAY_US // count)
    return DetectorRows(windows, hour, y, decision, decision + 30 * MINUTE_US)
