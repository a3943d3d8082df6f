"""Whether the result fades from window to window, and how far the models' parameters moved."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.studies.segments.groups import CONFIDENCE, MINIMUM_DAYS, mean_r, student
from mlplatform.studies.segments.keys import KeyedTrades
from mlplatform.studies.segments.parameters import PARAMETERS

MINIMUM_WINDOWS = 3
MINIMUM_SIDE = 5
"""Wins and losses that an AUC needs, each."""


@dataclass(frozen=True)
class Decay:
    """How a policy's expectancy moves over the windows, R.

    `slope_r`: change from one window to the next, with a 95 % interval; halves: by windows.
    """

    slope_r: Metric
    slope_r_low: Metric
    slope_r_high: Metric
    first_half_r: Metric
    second_half_r: Metric
    profitable_windows: int
    traded_windows: int


@dataclass(frozen=True)
class ParameterDrift:
    """One parameter of the models over the windows; None where a window has none."""

    name: str
    label: str
    values: tuple[float | None, ...]
    lowest: float
    highest: float
    mean_step: Metric
    """Mean size of the change from one window to the next."""


def decay_of(trades: KeyedTrades, windows: tuple[str, ...]) -> Decay:
    """Least squares of R on the number of the window, the variance clustered by trading day."""
    place = {window: n for n, window in enumerate(windows)}
    number = (
        trades.keys["window"].replace_strict(place, default=-1, return_dtype=pl.Int64).to_numpy()
    )
    known = np.isfinite(trades.r) & (number >= 0)
    x, r, day = number[known].astype(np.float64), trades.r[known], trades.day[known]
    slope = _slope(x, r, day)
    half = len(windows) / 2
    net = np.bincount(
        number[number >= 0], weights=trades.net_usd[number >= 0], minlength=len(windows)
    )
    return Decay(
        *slope,
        first_half_r=mean_r(r[x < half], day[x < half])[0],
        second_half_r=mean_r(r[x >= half], day[x >= half])[0],
        profitable_windows=int(np.count_nonzero(net > 0.0)),
        traded_windows=int(np.unique(number[number >= 0]).size),
    )


def drift_of(parameters: pl.DataFrame | None, windows: tuple[str, ...]) -> list[ParameterDrift]:
    """From `window_parameters`; what no window has is left out."""
    if parameters is None:
        return []
    found = []
    for name, label in PARAMETERS.items():
        rows = parameters.filter(pl.col("parameter") == name)
        by_window = dict(rows.select("period", "value").iter_rows())
        values = tuple(by_window.get(window) for window in windows)
        there = [value for value in values if value is not None]
        if there:
            steps = np.abs(np.diff(there))
            step: Metric = float(np.mean(steps)) if steps.size else Undefined("one window only")
            found.append(ParameterDrift(name, label, values, min(there), max(there), step))
    return found


def auc_by_window(candidates: pl.DataFrame | None, windows: tuple[str, ...]) -> tuple[Metric, ...]:
    """Out-of-sample AUC of the entry probability by window: Mann and Whitney (1947), ties halved.

    The outcome is what each candidate made alone under the ML plan: a positive `net_r` wins.
    """
    if candidates is None:
        return tuple(Undefined("the candidates' own outcomes are not known") for _ in windows)
    known = candidates.filter(pl.col("net_r").is_finite(), pl.col("probability").is_finite())
    parts = {key[0]: part for key, part in known.group_by("period")}
    return tuple(
        _auc(parts[w]["probability"].to_numpy(), parts[w]["net_r"].to_numpy() > 0.0)
        if w in parts
        else Undefined("the window has no candidate with a probability and an outcome")
        for w in windows
    )


def _auc(score: Floats, won: np.ndarray) -> Metric:
    wins, losses = int(np.count_nonzero(won)), int(np.count_nonzero(~won))
    if min(wins, losses) < MINIMUM_SIDE:
        return Undefined(f"an AUC needs {MINIMUM_SIDE} wins and {MINIMUM_SIDE} losses")
    rank = pl.Series(score).rank("average").to_numpy()
    return float((np.sum(rank[won]) - wins * (wins + 1) / 2) / (wins * losses))


def _slope(x: Floats, r: Floats, day: np.ndarray) -> tuple[Metric, Metric, Metric]:
    if np.unique(x).size < MINIMUM_WINDOWS:
        reason = Undefined(f"a slope needs trades in {MINIMUM_WINDOWS} windows")
        return reason, reason, reason
    off = x - np.mean(x)
    spread = float(np.sum(off**2))
    slope = float(np.sum(off * r) / spread)
    days = int(np.unique(day).size)
    if days < MINIMUM_DAYS:
        few = Undefined(f"an interval needs trades on {MINIMUM_DAYS} days")
        return slope, few, few
    left = r - np.mean(r) - slope * off
    pull = np.bincount(day, weights=off * left)
    error = float(np.sqrt(days / (days - 1.0) * np.sum(pull**2)) / spread)
    wide = student(days - 2, CONFIDENCE) * error
    return slope, slope - wide, slope + wide
