"""The main charts as PNG, for places that show no page: a catalog, a tracker, a mail.

Drawn with matplotlib's own canvas: no browser, no display, no global state.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from mlplatform.metrics.drawdowns import drawdown_frac
from mlplatform.metrics.undefined import Undefined
from mlplatform.reports.evaluation import Evaluation
from mlplatform.reports.figures import COLORS
from mlplatform.reports.own_style import own_style
from mlplatform.reports.segment_figures import LOST, WINDOW_SHIFTS, WON, arms, has_window_trades
from mlplatform.reports.wording import POLICY_LABELS
from mlplatform.studies.result import StudyResult
from mlplatform.studies.segments.contribution import R_STEP, r_edges

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("equity", "trades", "excursions", "windows", "order", "costs")
_SOFT, _GRID, _INK = "#5b6270", "#e3e6eb", "#1a1d23"


@dataclass(frozen=True)
class Size:
    """Of a picture: inches, dots an inch, points of its text; `colors` are kept, None for all."""

    width: float
    height: float
    dpi: int
    font: float
    colors: int | None = None


PAGE = Size(10.0, 5.6, 120, 10.0)
SMALL = Size(4.8, 2.7, 75, 7.0, colors=32)
"""Thumbnails of a few kilobytes, for an event log that keeps every byte."""


def pictures(
    study: StudyResult, found: Evaluation, size: Size = PAGE, only: Collection[str] = NAMES
) -> dict[str, bytes]:
    """PNGs by name, those of `only`.

    Left out are those that there is nothing to draw in; equal studies give equal pictures.
    """
    drawn: dict[str, Callable[[Any], None]] = {}
    segments = found.segments
    if study.buy_and_hold.height:
        drawn["equity"] = lambda figure: _equity(figure, study)
    if study.has_trades:
        drawn["trades"] = lambda figure: _trades(figure, found)
        drawn["costs"] = lambda figure: _costs(figure, found)
    if segments.excursions["ml"].r.size:
        drawn["excursions"] = lambda figure: _excursions(figure, found)
    if has_window_trades(segments):
        drawn["windows"] = lambda figure: _windows(figure, found)
    if not isinstance(segments.trade_order["ml"], Undefined):
        drawn["order"] = lambda figure: _order(figure, found)
    return {name: _picture(draw, size) for name, draw in drawn.items() if name in only}


def _picture(draw: Callable[[Any], None], size: Size) -> bytes:
    from matplotlib.figure import Figure  # slow to import

    style: Any = {
        "font.size": size.font,
        "font.family": "DejaVu Sans",
        "axes.titlesize": size.font,
        "axes.titlelocation": "left",
        "axes.edgecolor": _GRID,
        "axes.labelcolor": _SOFT,
        "axes.titlecolor": _INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "grid.color": _GRID,
        "grid.linewidth": 0.6,
        "xtick.color": _SOFT,
        "ytick.color": _SOFT,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "legend.frameon": False,
        "lines.linewidth": 0.15 * size.font,
    }
    with own_style(style):
        figure = Figure(figsize=(size.width, size.height), dpi=size.dpi, layout="constrained")
        draw(figure)
        raw = BytesIO()
        figure.savefig(raw, format="png", metadata={"Software": None})
    return raw.getvalue() if size.colors is None else _fewer_colors(raw, size.colors)


def _fewer_colors(raw: BytesIO, colors: int) -> bytes:
    from PIL import Image

    small = BytesIO()
    Image.open(raw).convert("RGB").quantize(colors).save(small, format="PNG", optimize=True)
    return small.getvalue()


def _equity(figure: "Figure", study: StudyResult) -> None:
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(5, 2))
    for name in study.judged:
        daily = study.policies[name].daily
        equity = daily["equity_usd"].to_numpy().astype(np.float64)
        days = daily["session_date"].to_numpy()
        depth = -100.0 * drawdown_frac(equity, study.capital_usd)
        marker = "o" if days.size == 1 else ""
        above.plot(days, equity, color=COLORS[name], label=POLICY_LABELS[name], marker=marker)
        below.fill_between(days, depth, color=COLORS[name], alpha=0.25, linewidth=0)
        below.plot(days, depth, color=COLORS[name], linewidth=0.7)
    above.axhline(study.capital_usd, color=_SOFT, linewidth=0.6)
    above.set_title(f"{study.series}: equity of the daily marks, USD")
    below.set_title("Drawdown, %")
    above.yaxis.set_major_formatter("{x:,.0f}")
    above.legend(loc="upper left", ncols=2)
    for axes in (above, below):
        axes.grid(axis="y")


def _trades(figure: "Figure", found: Evaluation) -> None:
    axes = figure.subplots()
    edges = r_edges()
    counts = {
        name: np.array(found.segments.distribution[name].counts) for name in found.segments.policies
    }
    shown = np.flatnonzero(sum(counts.values()) + (np.abs(edges[:-1] + R_STEP / 2) < 1.0))
    span = slice(shown[0], shown[-1] + 1)
    wide = R_STEP / len(counts)
    for n, (name, count) in enumerate(counts.items()):
        at = edges[:-1][span] + (n + 0.5) * wide
        axes.bar(at, count[span], 0.88 * wide, color=COLORS[name], label=POLICY_LABELS[name])
    axes.set_title("Trades by result, R")
    axes.legend(loc="upper center")
    axes.grid(axis="y")


def _excursions(figure: "Figure", found: Evaluation) -> None:
    axes, gone = figure.subplots(), found.segments.excursions["ml"]
    for chosen, color, marker, label in (
        (gone.r > 0.0, WON, "o", "Winners"),
        (gone.r <= 0.0, LOST, "x", "Losers"),
    ):
        axes.scatter(
            gone.mae_r[chosen],
            gone.mfe_r[chosen],
            s=9,
            color=color,
            marker=marker,
            alpha=0.6,
            linewidths=0.8 if marker == "x" else 0,
            label=label,
        )
    for side, limit in (
        (gone.mae_r, axes.set_xlim),
        (gone.mfe_r, axes.set_ylim),
    ):
        limit(-0.03, max(1.0, 1.1 * float(np.quantile(side, 0.99))))
    axes.set_title("ML's trades: best against worst excursion, R")
    axes.set_xlabel("Worst excursion (MAE)")
    axes.set_ylabel("Best excursion (MFE)")
    axes.legend(loc="upper right")
    axes.grid()


def _windows(figure: "Figure", found: Evaluation) -> None:
    axes, segments = figure.subplots(), found.segments
    rows = [r for r in segments.dimension("window").rows if r.key in set(segments.windows)]
    for name in segments.policies:
        figures = [getattr(row, name) for row in rows]
        at = [n + WINDOW_SHIFTS[name] for n, one in enumerate(figures) if one.trades]
        traded = [one for one in figures if one.trades]
        means = [np.nan if isinstance(v := one.expectancy_r, Undefined) else v for one in traded]
        axes.errorbar(
            at,
            means,
            yerr=np.array([arms(one) for one in traded]).reshape(-1, 2).T,
            fmt="o",
            markersize=3,
            color=COLORS[name],
            label=POLICY_LABELS[name],
        )
    step = max(1, -(-len(rows) // 10))
    axes.set_xticks(range(0, len(rows), step), [row.key for row in rows[::step]])
    axes.axhline(0.0, color=_SOFT, linewidth=0.6)
    axes.set_title("Expectancy by window with 95 % intervals, R")
    axes.legend(loc="best", ncols=2)
    axes.grid(axis="y")


def _order(figure: "Figure", found: Evaluation) -> None:
    axes, order = figure.subplots(), found.segments.trade_order["ml"]
    if isinstance(order, Undefined):
        raise ValueError(order.reason)
    for low, high in (("p05", "p95"), ("p25", "p75")):
        axes.fill_between(
            order.marks,
            order.fan_usd[low],
            order.fan_usd[high],
            color=COLORS["ml"],
            alpha=0.18,
            linewidth=0,
        )
    axes.plot(order.marks, order.path_usd, color=COLORS["ml"])
    deep = 100.0 * order.drawdown_frac["p95"]
    axes.set_title(
        f"ML by trade in {order.shuffles:,} orders, USD; 95 % fall less than {deep:.1f} %"
    )
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y")


def _costs(figure: "Figure", found: Evaluation) -> None:
    axes = figure.subplots()
    for name in found.segments.policies:
        rows = [row for row in found.certainty.costs if row.policy == name]
        net = [np.nan if isinstance(v := row.net_usd, Undefined) else v for row in rows]
        axes.plot(
            [row.multiple for row in rows],
            net,
            color=COLORS[name],
            marker="o",
            markersize=3,
            label=POLICY_LABELS[name],
        )
    axes.axhline(0.0, color=_SOFT, linewidth=0.6)
    axes.set_title("Net by multiple of the costs, USD")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_major_formatter("{x:g} x")
    axes.legend(loc="upper right")
    axes.grid(axis="y")
