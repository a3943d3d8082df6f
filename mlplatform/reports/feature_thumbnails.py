"""Small pictures of a feature analysis for the catalog, a few kilobytes each."""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from mlplatform.reports.feature_figures import BAD, DRIFT_COLORS, GOOD, SOFT, surest
from mlplatform.reports.own_style import own_style
from mlplatform.studies.feature_analysis.analysis import FeatureAnalysis
from mlplatform.studies.feature_analysis.drift import DRIFTED, SHIFTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CURVES, _BARS = 4, 10


def feature_thumbnails(found: FeatureAnalysis) -> dict[str, bytes]:
    """PNGs by name: `quantile_curves`, `correlations`, `drift`; those that there is data for."""
    pictures = {}
    top = surest(found, _CURVES)
    with own_style():
        if top:
            pictures["quantile_curves"] = _curves(found, top)
        if len(found.names) > 1:
            pictures["correlations"] = _matrix(found)
        if found.names and found.drift.compared.reason is None:
            pictures["drift"] = _drift(found)
    return pictures


def _curves(found: FeatureAnalysis, places: list[int]) -> bytes:
    from matplotlib.figure import Figure  # slow to import

    figure = Figure(figsize=(4.8, 3.0), dpi=75)
    for n, place in enumerate(places):
        axes = figure.add_subplot(2, 2, n + 1)
        q = found.quantiles
        bins = np.flatnonzero(q.rows[place] > 0)
        mean = q.mean_r[place, bins]
        axes.axhline(found.mean_r, color=SOFT, linewidth=0.8, linestyle=":")
        axes.vlines(bins + 1, q.mean_r_low[place, bins], q.mean_r_high[place, bins], color=SOFT)
        axes.plot(bins + 1, mean, color=GOOD, marker="o", markersize=3)
        axes.set_xticks(bins + 1)
        axes.set_title(f"{found.names[place]}, R by fifth", fontsize=7, loc="left")
        _plain(axes)
    figure.tight_layout()
    return _encoded(figure)


def _matrix(found: FeatureAnalysis) -> bytes:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    order = found.redundancy.order
    figure = Figure(figsize=(3.2, 3.2), dpi=75)
    axes = figure.add_subplot()
    colors = LinearSegmentedColormap.from_list("signed", [BAD, "#ffffff", GOOD])
    values = found.redundancy.correlation[np.ix_(order, order)]
    axes.imshow(values, cmap=colors, vmin=-1, vmax=1, interpolation="nearest")
    axes.set_title(f"Rank correlation of {len(order)} inputs", fontsize=7, loc="left")
    axes.set_axis_off()
    figure.tight_layout()
    return _encoded(figure)


def _drift(found: FeatureAnalysis) -> bytes:
    from matplotlib.figure import Figure

    drift = found.drift
    order = np.argsort(-np.nan_to_num(drift.psi, nan=-1.0), kind="stable")[:_BARS][::-1]
    figure = Figure(figsize=(4.8, 0.6 + 0.2 * len(order)), dpi=75)
    axes = figure.add_subplot()
    colors = [DRIFT_COLORS[drift.verdict[i]] for i in order]
    axes.barh([found.names[i] for i in order], drift.psi[order], color=colors)
    for limit in (SHIFTED, DRIFTED):
        axes.axvline(limit, color=SOFT, linewidth=0.8, linestyle=":")
    title = f"PSI, {drift.compared.live_period} against the periods before"
    axes.set_title(title, fontsize=7, loc="left")
    _plain(axes)
    figure.tight_layout()
    return _encoded(figure)


def _plain(axes: "Axes") -> None:
    axes.tick_params(labelsize=7, length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _encoded(figure: object) -> bytes:
    from PIL import Image

    raw = BytesIO()
    figure.savefig(raw, format="png")  # type: ignore[attr-defined]
    small = BytesIO()
    Image.open(raw).convert("RGB").quantize(32).save(small, format="PNG", optimize=True)
    return small.getvalue()
