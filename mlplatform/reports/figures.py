"""Plotly figures of a study. Transparent, in colours that read on white and on near-black.

Colours of text and grid are left to the page, which sets them for its light or dark scheme.
"""

import json
from typing import TYPE_CHECKING

import numpy as np

from mlplatform.metrics.drawdowns import drawdown_frac
from mlplatform.metrics.returns import Floats
from mlplatform.reports.evaluation import POLICIES, policies_of
from mlplatform.reports.wording import POLICY_LABELS
from mlplatform.studies.result import StudyResult
from mlplatform.studies.segments.analysis import Segments
from mlplatform.studies.segments.contribution import R_STEP, r_edges

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLORS = {
    "baseline": "#d0762c",
    "ml": "#2f80e4",
    "strategy": "#b5599c",
    "random_entry": "#9a93ad",
    "buy_and_hold": "#6f9f84",
}
"""By policy; baseline and ML stand at least 3:1 against white and the dark ground."""

_LIGHTER = {"strategy": "dashdot", "random_entry": "dot", "buy_and_hold": "dash"}


def equity_figure(study: StudyResult) -> "go.Figure":
    """Daily marks of all policies, and beneath on the same axis the drawdowns of baseline and ML.

    The line starts with the first day's mark; equity in USD, drawdown as a negative per cent.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    _add_equity(figure, study)
    deepest = _add_drawdowns(figure, study)
    figure.update_layout(
        LAYOUT,
        hovermode="x unified",
        xaxis={"anchor": "y2", "type": "date", "hoverformat": "%Y-%m-%d"},
        yaxis={"domain": [0.36, 1.0], "tickformat": ",.0f", "nticks": 7},
        yaxis2={
            "domain": [0.0, 0.26],
            "range": [1.08 * min(deepest, -0.5), 0.0],
            "tickformat": ",.2~f",
            "ticksuffix": " %",
            "nticks": 4,
        },
        annotations=[above("Equity, USD", 1.0), above("Drawdown of the daily marks, %", 0.26)],
    )
    return figure


def _add_equity(figure: "go.Figure", study: StudyResult) -> None:
    for name in reversed(policies_of(study)):
        days, equity = _marks(study, name)
        figure.add_scatter(
            x=days,
            y=np.round(equity, 2).tolist(),
            name=POLICY_LABELS[name],
            meta=name,
            mode="lines" if len(days) > 1 else "markers",
            line={"color": COLORS[name], "width": 2.0, "dash": "solid"}
            if name not in _LIGHTER
            else {"color": COLORS[name], "width": 1.2, "dash": _LIGHTER[name]},
            opacity=0.75 if name in _LIGHTER else 1.0,
            hovertemplate="%{y:,.0f} USD",
        )


def _add_drawdowns(figure: "go.Figure", study: StudyResult) -> float:
    """Fills on the second axis; the deepest of them, per cent, not above 0."""
    deepest = 0.0
    for name in ("baseline", "ml"):
        days, equity = _marks(study, name)
        depth = -100.0 * drawdown_frac(equity, study.capital_usd)
        deepest = min(deepest, float(np.min(depth, initial=0.0)))
        figure.add_scatter(
            x=days,
            y=np.round(depth, 3).tolist(),
            name=f"{POLICY_LABELS[name]} drawdown",
            meta=name,
            mode="lines",
            yaxis="y2",
            line={"color": COLORS[name], "width": 1.2},
            fill="tozeroy",
            fillcolor=faint(COLORS[name]),
            hovertemplate="%{y:.2f} %",
        )
    return deepest


def r_figure(found: Segments) -> "go.Figure":
    """How many trades of each policy ended at which R (net result per initial risk)."""
    import plotly.graph_objects as go

    edges = r_edges()
    middle = (edges[:-1] + edges[1:]) / 2
    counted = {name: np.array(found.distribution[name].counts) for name in found.policies}
    shown = np.abs(middle) < 1.0  # what a full stop costs, and as much gained, is always in view
    used = np.flatnonzero(sum(counted.values()) + shown)
    span = slice(used[0], used[-1] + 1)
    figure = go.Figure()
    for name, counts in counted.items():
        figure.add_bar(
            x=middle[span].tolist(),
            y=counts[span].tolist(),
            name=POLICY_LABELS[name],
            meta=name,
            marker={"color": COLORS[name]},
            customdata=[
                f"{low:.2f} to {low + R_STEP:.2f} R".replace("-", "−") for low in edges[:-1][span]
            ],
            hovertemplate="%{y:,} trades at %{customdata}",
        )
    figure.update_layout(
        LAYOUT,
        barmode="group",
        bargap=0.12,
        bargroupgap=0.0,
        hovermode="closest",
        xaxis={"ticksuffix": " R", "zeroline": True},
        yaxis={
            "tickformat": ",d",
            "nticks": 6,
            "rangemode": "tozero",
            "dtick": 1 if max(c.max() for c in counted.values()) <= 6 else None,
        },
        annotations=[above("Trades", 1.0)],
    )
    return figure


def figure_json(figure: "go.Figure") -> str:
    """A figure as canonical JSON that may stand inside a script element: it holds no `<`."""
    text = json.dumps(json.loads(figure.to_json()), sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")


LAYOUT = {
    "template": None,
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "showlegend": False,
    "autosize": True,
    "margin": {"l": 8, "r": 24, "t": 28, "b": 8, "pad": 4},
}


def _marks(study: StudyResult, name: str) -> tuple[list[str], Floats]:
    daily = study.buy_and_hold if name == POLICIES[-1] else study.policies[name].daily
    days = daily["session_date"].dt.to_string("%Y-%m-%d").to_list()
    return days, daily["equity_usd"].to_numpy().astype(np.float64)


def faint(color: str, alpha: float = 0.16) -> str:
    """A colour of six hex digits that lets the ground through."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def above(text: str, top: float) -> dict[str, object]:
    """A panel's title above its left edge; `top` is the upper edge of the panel, 0 to 1."""
    return {
        "text": text,
        "x": 0,
        "y": top,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 6,
        "showarrow": False,
    }
