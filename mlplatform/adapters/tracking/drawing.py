"""Small plots of a fitted model: arrays in, PNG bytes out; the same arrays give the same bytes."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = npt.NDArray[np.float64]
_SHOWN = 12
"""Inputs that a plot has room for."""
_LOW, _MAIN, _HIGH, _SOFT = "#2f80e4", "#3b6fb6", "#d0762c", "#9aa3ad"
_COLORS = (_MAIN, _HIGH, "#6f9f84", "#9a93ad")
_SIZE = (4.8, 3.0)
_DPI = 75


def importance(names: Sequence[str], values: FloatArray, unit: str) -> bytes:
    """Mean absolute contribution of the inputs that contribute most; values (n, F)."""
    figure, axes = _new(f"Mean absolute contribution, {unit}", left=0.4)
    size = np.abs(values).mean(axis=0)
    order = _largest(size)
    axes.barh(range(len(order)), size[order], color=_MAIN)
    _named(axes, names, order)
    return _encoded(figure)


def beeswarm(names: Sequence[str], values: FloatArray, x: FloatArray, unit: str) -> bytes:
    """Every row's contributions (n, F) of the inputs that contribute most, coloured by the input's
    own rank among the rows, low to high; missing ones are grey. After the summary plot of SHAP.
    """
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    figure, axes = _new(f"{len(x)} rows, {unit}; blue: input is low, orange: high", left=0.4)
    order = _largest(np.abs(values).mean(axis=0))
    across = values[:, order].T.ravel()
    down = np.concatenate([place + _spread(values[:, n]) for place, n in enumerate(order)])
    ranks = np.concatenate([_ranks(x[:, n]) for n in order])
    shades = LinearSegmentedColormap.from_list("rank", [_LOW, "#c9ced6", _HIGH])(
        np.nan_to_num(ranks)
    )
    shades[np.isnan(ranks)] = to_rgba(_SOFT)
    axes.axvline(0.0, color=_SOFT, linewidth=0.8)
    axes.scatter(across, down, c=shades, s=3, linewidths=0)
    _named(axes, names, order)
    return _encoded(figure)


def calibration(
    score: FloatArray, probability: FloatArray, said: FloatArray, won: FloatArray
) -> bytes:
    """The calibrator's curve, raw score to probability (m,); and, where it is known, the share of
    wins of bins (b,) of what was said.
    """
    figure, axes = _new("Raw score to probability; orange: share of wins by what was said")
    axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=0.8, linestyle=":")
    axes.plot(score, probability, color=_MAIN, linewidth=1.2)
    if len(said):
        axes.plot(said, won, color=_HIGH, marker="o", markersize=3, linewidth=0.8)
    return _encoded(figure)


def learning_curves(curves: Mapping[str, Sequence[float]]) -> bytes:
    """Validation loss by round, one line a family."""
    figure, axes = _new("Validation loss by round")
    for place, (name, line) in enumerate(curves.items()):
        axes.plot(line, color=_COLORS[place % len(_COLORS)], linewidth=1.0, label=name)
    axes.legend(fontsize=7, frameon=False)
    return _encoded(figure)


def search_history(values: Mapping[str, Sequence[float | None]]) -> bytes:
    """What each trial reached (dots) and the best so far (lines), by part of the study."""
    figure, axes = _new("Loss by trial, and the best so far")
    for place, (name, line) in enumerate(values.items()):
        reached = np.array([np.nan if v is None else v for v in line], dtype=np.float64)
        color, best = _COLORS[place % len(_COLORS)], np.fmin.accumulate(reached)
        axes.plot(reached, color=color, marker="o", markersize=3, linewidth=0)
        axes.plot(best, color=color, linewidth=1.0, drawstyle="steps-post", label=name)
    axes.legend(fontsize=7, frameon=False)
    return _encoded(figure)


def _largest(size: FloatArray) -> npt.NDArray[np.int64]:
    """Places of the largest, the largest last: it is drawn on top."""
    return np.argsort(-size, kind="stable")[:_SHOWN][::-1]


def _ranks(column: FloatArray) -> FloatArray:
    """Rank in [0, 1] among the known values, NaN where missing; equal values share their middle."""
    known = np.sort(column[~np.isnan(column)])
    if not len(known):
        return np.full(len(column), np.nan)
    low, high = (np.searchsorted(known, column, side) for side in ("left", "right"))
    ranks = (low + high - 1) / 2 / max(1, len(known) - 1)
    return np.where(np.isnan(column), np.nan, ranks)


def _spread(values: FloatArray, bins: int = 40) -> FloatArray:
    """Offsets within +-0.4 by which rows with about the same contribution stand side by side."""
    if not np.ptp(values):
        return np.linspace(-0.4, 0.4, len(values)) if len(values) > 1 else np.zeros(len(values))
    place = np.floor((values - values.min()) / np.ptp(values) * (bins - 1e-9)).astype(np.int64)
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place, minlength=bins)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    nth = np.empty(len(values))
    nth[order] = np.arange(len(values)) - starts[place[order]]
    offset = np.ceil(nth / 2) * np.where(nth % 2, 1, -1)
    return np.asarray(0.4 * offset / max(1.0, counts.max() / 2))


def _named(axes: "Axes", names: Sequence[str], order: npt.NDArray[np.int64]) -> None:
    axes.set_yticks(range(len(order)), [names[n] for n in order])


def _new(title: str, left: float = 0.14) -> tuple[Any, "Axes"]:
    from matplotlib.figure import Figure  # slow to import

    figure = Figure(figsize=_SIZE, dpi=_DPI)
    axes = figure.add_axes((left, 0.1, 0.97 - left, 0.8))
    axes.tick_params(labelsize=7, length=0)
    axes.locator_params(nbins=5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    # An axes' own title is placed by measuring all of its ticks: a third of the time.
    figure.text(0.02, 0.93, title, fontsize=7)
    return figure, axes


def _encoded(figure: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    small = BytesIO()
    image.quantize(32).save(small, format="PNG")
    return small.getvalue()
