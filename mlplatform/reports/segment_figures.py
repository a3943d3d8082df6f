"""Plotly figures of where a result comes from. Style and colours as in `figures`."""

from typing import TYPE_CHECKING

import numpy as np

from mlplatform.decisions.exits import STRATEGY
from mlplatform.metrics.returns import Floats
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.reports.figures import COLORS, LAYOUT, above, faint
from mlplatform.reports.wording import POLICY_LABELS
from mlplatform.studies.certainty import Certainty
from mlplatform.studies.segments.analysis import Segments
from mlplatform.studies.segments.excursions import Excursions
from mlplatform.studies.segments.groups import SegmentFigures
from mlplatform.studies.segments.rolling import Rolling

if TYPE_CHECKING:
    import plotly.graph_objects as go

WON, LOST = "#1c9a86", "#cf5a43"
"""Of winning and losing trades; they also differ by their marks."""
_SHOWN_QUANTILE = 0.99
WINDOW_SHIFTS = {"baseline": -0.12, "ml": 0.12, STRATEGY: 0.36}
"""Of a policy's mark from its window's, in windows: intervals do not lie upon each other."""


def segment_figures(found: Segments, certainty: Certainty) -> dict[str, "go.Figure"]:
    """By the name of the chart on the page; only those that there is something to draw in."""
    figures = {}
    if any(one.curve for one in found.contribution.values()):
        figures["left"] = left_out_figure(found)
    if found.excursions["ml"].r.size:
        figures["excursions"] = excursion_figure(found.excursions["ml"])
    if any(_moves(rolling) for rolling in found.rolling.values()):
        figures["rolling"] = rolling_figure(found)
    if not isinstance(found.trade_order["ml"], Undefined):
        figures["order"] = order_figure(found)
    if has_window_trades(found):
        figures["windows"] = window_figure(found)
    if any(not isinstance(row.net_usd, Undefined) for row in certainty.costs):
        figures["costs"] = cost_figure(certainty)
    return figures


def left_out_figure(found: Segments) -> "go.Figure":
    """Net result, USD, as the best trades are left out one after the other."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, one in found.contribution.items():
        curve = one.curve
        figure.add_scatter(
            x=[count for count, _ in curve],
            y=[round(net, 2) for _, net in curve],
            **_line(name),
            hovertemplate="%{y:,.0f} USD without the best %{x:,}",
        )
    figure.update_layout(
        LAYOUT,
        hovermode="x",
        xaxis={"tickformat": ",d", "rangemode": "tozero"},
        yaxis={"tickformat": ",.0f", "nticks": 6, "zeroline": True},
        annotations=[above("Net, USD, by number of best trades left out", 1.0)],
    )
    return figure


def excursion_figure(found: Excursions) -> "go.Figure":
    """Best against worst excursion of ML's trades, R; the outermost hundredth lies on the edge."""
    import plotly.graph_objects as go

    edges = [
        max(1.0, 1.05 * float(np.quantile(side, _SHOWN_QUANTILE)))
        for side in (found.mae_r, found.mfe_r)
    ]
    figure = go.Figure()
    for meta, label, chosen, color, symbol in (
        ("winners", "Winners", found.r > 0.0, WON, "circle"),
        ("losers", "Losers", found.r <= 0.0, LOST, "x-thin-open"),
    ):
        figure.add_scatter(
            x=np.minimum(found.mae_r[chosen], edges[0]).round(3).tolist(),
            y=np.minimum(found.mfe_r[chosen], edges[1]).round(3).tolist(),
            customdata=found.r[chosen].round(2).tolist(),
            name=label,
            meta=meta,
            mode="markers",
            marker={
                "color": color,
                "symbol": symbol,
                "size": 6,
                "opacity": 0.6,
                "line": {"color": color, "width": 1.2 if symbol == "x-thin-open" else 0},
            },
            hovertemplate="%{x:.2f} R against, %{y:.2f} R for; ended at %{customdata:.2f} R",
        )
    figure.update_layout(
        LAYOUT,
        hovermode="closest",
        xaxis={
            "range": [-0.03 * edges[0], 1.03 * edges[0]],
            "ticksuffix": " R",
            "showgrid": True,
            "title": {"text": "Worst excursion (MAE)", "standoff": 10, "font": {"size": 12}},
        },
        yaxis={"range": [-0.03 * edges[1], 1.05 * edges[1]], "ticksuffix": " R", "nticks": 6},
        annotations=[above("Best excursion (MFE)", 1.0)],
    )
    return figure


def rolling_figure(found: Segments) -> "go.Figure":
    """Sharpe ratio over the window's days, and volatility beneath on the same axis."""
    import plotly.graph_objects as go

    figure = go.Figure()
    days = 0
    for name, rolling in found.rolling.items():
        if isinstance(rolling, Undefined):
            continue
        days = rolling.window_days
        x = [day.isoformat() for day in rolling.session_date]
        for y, axis, form in (
            (_numbers(rolling.sharpe), "y", "%{y:.2f}"),
            (_numbers(100.0 * rolling.volatility_frac), "y2", "%{y:.1f} %"),
        ):
            mode = "lines" if len(x) > 1 else "markers"
            figure.add_scatter(
                x=x, y=y, yaxis=axis, **(_line(name) | {"mode": mode}), hovertemplate=form
            )
    figure.update_layout(
        LAYOUT,
        hovermode="x unified",
        xaxis={"anchor": "y2", "type": "date", "hoverformat": "%Y-%m-%d"},
        yaxis={"domain": [0.5, 1.0], "nticks": 5, "zeroline": True},
        yaxis2={"domain": [0.0, 0.36], "rangemode": "tozero", "ticksuffix": " %", "nticks": 4},
        annotations=[
            above(f"Sharpe ratio of {days} days", 1.0),
            above(f"Annual volatility of {days} days", 0.36),
        ],
    )
    return figure


def order_figure(found: Segments) -> "go.Figure":
    """Equity of ML by trade in a thousand orders: bands of 5 to 95 and 25 to 75 %; as traded."""
    import plotly.graph_objects as go

    order = found.trade_order["ml"]
    if isinstance(order, Undefined):
        raise ValueError(order.reason)
    color, x = COLORS["ml"], list(order.marks)
    fan = {name: np.round(line, 2).tolist() for name, line in order.fan_usd.items()}
    figure = go.Figure()
    for low, high in (("p05", "p95"), ("p25", "p75")):
        edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(y=fan[low], **edge)
        figure.add_scatter(y=fan[high], fill="tonexty", fillcolor=faint(color, 0.16), **edge)
    figure.add_scatter(
        x=x,
        y=np.round(order.path_usd, 2).tolist(),
        mode="lines",
        line={"color": color, "width": 2},
        customdata=list(zip(fan["p05"], fan["p95"], strict=True)),
        hovertemplate="%{y:,.0f} USD; 5 to 95 % of the orders %{customdata[0]:,.0f} to"
        " %{customdata[1]:,.0f}<extra></extra>",
    )
    figure.update_layout(
        LAYOUT,
        hovermode="x",
        xaxis={"tickformat": ",d"},
        yaxis={"tickformat": ",.0f", "nticks": 6, "zeroline": False},
        annotations=[above("ML's equity by trade, USD", 1.0)],
    )
    return figure


def window_figure(found: Segments) -> "go.Figure":
    """Expectancy of each policy by window, R, with 95 % intervals."""
    import plotly.graph_objects as go

    rows = [row for row in found.dimension("window").rows if row.key in set(found.windows)]
    figure = go.Figure()
    for name in found.policies:
        figures = [getattr(row, name) for row in rows]
        means = [_number(one.expectancy_r) for one in figures]
        reach = [arms(one) for one in figures]
        figure.add_scatter(
            x=[n + WINDOW_SHIFTS[name] for n in range(len(rows))],
            y=means,
            name=POLICY_LABELS[name],
            meta=name,
            mode="markers",
            marker={"color": COLORS[name], "size": 7 if len(rows) < 60 else 4},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [high for _, high in reach],
                "arrayminus": [low for low, _ in reach],
                "color": faint(COLORS[name], 0.5),
                "width": 0,
                "thickness": 2,
            },
            customdata=[[row.key, one.trades] for row, one in zip(rows, figures, strict=True)],
            hovertemplate="%{customdata[0]}: %{y:.2f} R, %{customdata[1]:,} trades",
        )
    step = max(1, -(-len(rows) // 12))
    figure.update_layout(
        LAYOUT,
        hovermode="closest",
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(0, len(rows), step)),
            "ticktext": [row.key for row in rows[::step]],
            "range": [-0.6, max(len(rows) - 0.4, 0.6)],
            "zeroline": False,
        },
        yaxis={"ticksuffix": " R", "nticks": 6, "zeroline": True},
        annotations=[above("Expectancy by window, with 95 % intervals", 1.0)],
    )
    return figure


def cost_figure(found: Certainty) -> "go.Figure":
    """Net result, USD, by the multiple of the costs."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name in dict.fromkeys(row.policy for row in found.costs):
        rows = [row for row in found.costs if row.policy == name]
        figure.add_scatter(
            x=[row.multiple for row in rows],
            y=[_number(row.net_usd) for row in rows],
            **(_line(name) | {"mode": "lines+markers"}),
            hovertemplate="%{y:,.0f} USD at %{x:g} x costs",
        )
    figure.update_layout(
        LAYOUT,
        hovermode="x",
        xaxis={"ticksuffix": " x", "zeroline": False},
        yaxis={"tickformat": ",.0f", "nticks": 6, "zeroline": True},
        annotations=[above("Net, USD, by multiple of the costs", 1.0)],
    )
    return figure


def has_window_trades(found: Segments) -> bool:
    """Whether any window has a trade."""
    return any(row.trades for row in found.dimension("window").rows)


def _moves(rolling: Rolling | Undefined) -> bool:
    return not isinstance(rolling, Undefined) and bool(np.any(rolling.volatility_frac > 0.0))


def _line(name: str) -> dict[str, object]:
    return {
        "name": POLICY_LABELS[name],
        "meta": name,
        "mode": "lines",
        "line": {"color": COLORS[name], "width": 2},
    }


def _number(figure: Metric) -> float | None:
    return None if isinstance(figure, Undefined) else round(float(figure), 4)


def arms(figures: SegmentFigures) -> tuple[float, float]:
    """How far the interval reaches below and above the mean."""
    mean, low, high = figures.expectancy_r, figures.expectancy_r_low, figures.expectancy_r_high
    if isinstance(mean, Undefined) or isinstance(low, Undefined) or isinstance(high, Undefined):
        return 0.0, 0.0
    return round(mean - low, 4), round(high - mean, 4)


def _numbers(values: Floats) -> list[float | None]:
    return [round(value, 3) if np.isfinite(value) else None for value in values.tolist()]
