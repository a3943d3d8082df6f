"""Plotly figures of a feature analysis, in the manner of those of the study."""

from typing import TYPE_CHECKING

import numpy as np

from mlplatform.metrics.returns import Floats
from mlplatform.reports.figures import COLORS, LAYOUT, above
from mlplatform.studies.feature_analysis.analysis import FeatureAnalysis
from mlplatform.studies.feature_analysis.drift import DRIFTED, SHIFTED

if TYPE_CHECKING:
    import plotly.graph_objects as go

GOOD, BAD, SOFT = COLORS["ml"], COLORS["baseline"], "#8a94a0"
SCALE = [[0.0, BAD], [0.5, "rgba(138,148,160,0.10)"], [1.0, GOOD]]
"""From -1 to 1; the middle lets the page's ground through, light or dark."""
DRIFT_COLORS = {
    "drifted": BAD,
    "shifted": "#c9a227",
    "within noise": SOFT,
    "stable": GOOD,
}
_LABELLED = 45
"""A matrix of more features has no room for their names: the pointer tells them."""


def surest(found: FeatureAnalysis, most: int) -> list[int]:
    """Places of the features with the smallest p-value, tested ones only."""
    order = np.argsort(found.association.p_value, kind="stable")
    return [int(i) for i in order[:most] if not np.isnan(found.association.p_value[i])]


def curve_figure(found: FeatureAnalysis, place: int) -> "go.Figure":
    """Mean R by quantile of one feature, its 95 % interval, and the mean of all as a line."""
    import plotly.graph_objects as go

    q = found.quantiles
    bins = np.flatnonzero(q.rows[place] > 0)
    mean = q.mean_r[place, bins]
    low, high = (np.nan_to_num(part[place, bins] - mean) for part in (q.mean_r_low, q.mean_r_high))
    figure = go.Figure()
    figure.add_scatter(
        x=(bins + 1).tolist(),
        y=np.round(mean, 4).tolist(),
        error_y={
            "array": np.round(high, 4).tolist(),
            "arrayminus": np.round(-low, 4).tolist(),
            "symmetric": False,
            "color": SOFT,
            "thickness": 1.2,
            "width": 4,
        },
        mode="lines+markers",
        line={"color": GOOD, "width": 2},
        marker={"size": 7},
        customdata=[_told(found, place, int(k)) for k in bins],
        hovertemplate="%{y:.3f} R<br>%{customdata}<extra></extra>",
    )
    figure.add_hline(y=round(found.mean_r, 4), line={"color": SOFT, "width": 1, "dash": "dot"})
    figure.update_layout(
        LAYOUT,
        hovermode="closest",
        xaxis={"tickvals": (bins + 1).tolist(), "range": [0.6, bins[-1] + 1.4], "zeroline": False},
        yaxis={"tickformat": ".2f", "nticks": 5},
        annotations=[above(f"{found.names[place]}, R", 1.0)],
    )
    return figure


def stability_figure(found: FeatureAnalysis, places: list[int]) -> "go.Figure":
    """Rank correlation with R within each period, a row a feature."""
    import plotly.graph_objects as go

    values = found.stability.period_correlation[:, places].T
    reach = max(float(np.nanmax(np.abs(values), initial=0.0)), 0.05)
    figure = go.Figure()
    figure.add_heatmap(
        z=_plain(values),
        x=list(found.sample.periods),
        y=[found.names[i] for i in places],
        colorscale=SCALE,
        zmin=-reach,
        zmax=reach,
        xgap=1,
        ygap=1,
        colorbar={"thickness": 8, "len": 0.9, "nticks": 5, "outlinewidth": 0, "tickformat": ".2f"},
        hovertemplate="%{y}, %{x}: %{z:.3f}<extra></extra>",
        hoverongaps=False,
    )
    figure.update_layout(
        LAYOUT,
        xaxis={"type": "category", "zeroline": False},
        yaxis={"autorange": "reversed", "showgrid": False, "zeroline": False, "dtick": 1},
    )
    return figure


def drift_figure(found: FeatureAnalysis, most: int = 20) -> "go.Figure":
    """PSI of the features that moved most, what chance gives as a tick, the limits as lines."""
    import plotly.graph_objects as go

    drift = found.drift
    order = np.argsort(-np.nan_to_num(drift.psi, nan=-1.0), kind="stable")[:most]
    names = [found.names[i] for i in order]
    figure = go.Figure()
    figure.add_bar(
        x=np.round(drift.psi[order], 4).tolist(),
        y=names,
        orientation="h",
        marker={"color": [DRIFT_COLORS[drift.verdict[i]] for i in order]},
        customdata=[drift.verdict[i] for i in order],
        hovertemplate="%{y}: PSI %{x:.3f}, %{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=np.round(drift.psi_by_chance[order], 4).tolist(),
        y=names,
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 12, "color": SOFT, "line": {"width": 2}},
        hovertemplate="%{y}: by chance up to %{x:.3f}<extra></extra>",
    )
    for limit in (SHIFTED, DRIFTED):
        figure.add_vline(x=limit, line={"color": SOFT, "width": 1, "dash": "dot"})
    figure.update_layout(
        LAYOUT,
        bargap=0.3,
        hovermode="closest",
        xaxis={"rangemode": "tozero", "zeroline": True},
        yaxis={"autorange": "reversed", "showgrid": False, "zeroline": False, "dtick": 1},
    )
    return figure


def correlation_figure(found: FeatureAnalysis) -> "go.Figure":
    """Spearman between all features, alike ones side by side."""
    import plotly.graph_objects as go

    order = found.redundancy.order
    names = [found.names[i] for i in order]
    figure = go.Figure()
    figure.add_heatmap(
        z=_plain(found.redundancy.correlation[np.ix_(order, order)], 2),
        x=names,
        y=names,
        colorscale=SCALE,
        zmin=-1,
        zmax=1,
        colorbar={"thickness": 8, "len": 0.9, "nticks": 5, "outlinewidth": 0},
        hovertemplate="%{y}<br>%{x}<br>%{z:.2f}<extra></extra>",
        hoverongaps=False,
    )
    labelled = len(names) <= _LABELLED
    figure.update_layout(
        LAYOUT,
        xaxis={"showticklabels": False, "zeroline": False, "showgrid": False},
        yaxis={
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
            "showticklabels": labelled,
            "dtick": 1,
        },
    )
    return figure


def _told(found: FeatureAnalysis, place: int, k: int) -> str:
    q = found.quantiles
    low, high = q.lowest[place, k], q.highest[place, k]
    text = f"{low:.4g} to {high:.4g}<br>wins {q.win_rate[place, k]:.1%}<br>"
    text += f"{q.rows[place, k]:,} candidates on {q.days[place, k]:,} days"
    return text.replace("-", "−")


def _plain(values: Floats, digits: int = 3) -> list[list[float | None]]:
    rounded = np.round(values, digits)
    return [[None if np.isnan(v) else float(v) for v in row] for row in rounded]
