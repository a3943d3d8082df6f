"""The rows of the page's segments, every cell as people read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mlplatform.decisions.exits import STRATEGY
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.reports.rows import Cell
from mlplatform.reports.sparks import Bar, Scale, interval_svg, line_svg
from mlplatform.reports.wording import (
    DIMENSION_LABELS,
    KEY_LABELS,
    MINUS,
    POLICY_LABELS,
    in_unit,
    told,
)
from mlplatform.studies.segments.analysis import Segments
from mlplatform.studies.segments.groups import SegmentFigures, SegmentRow

_CARDS = ("trend", "volatility", "session", "setup", "side", "weekday", "hour", "exit_reason")
_OWN_SCALE = "exit_reason"
"""Its rows are told apart by how they ended, so they lie far beyond those of all others."""


@dataclass(frozen=True)
class SegmentLine:
    """One segment in words, with the drawing of each policy's expectancy."""

    label: str
    trades: str
    net: str
    drawing: Markup
    each: tuple[Cell, ...]
    """Expectancy by policy, ML first."""
    is_sure: bool
    """ML's interval does not hold zero."""


@dataclass(frozen=True)
class Card:
    """One dimension; `low` and `high` are what the drawing's edges stand for, R."""

    title: str
    low: str
    high: str
    lines: tuple[SegmentLine, ...]


@dataclass(frozen=True)
class MonthCell:
    """A month's net; `share` of the strongest month, 0 to 100, colours it."""

    text: str
    kind: str
    share: int


@dataclass(frozen=True)
class YearLine:
    """A year of one policy: twelve months, None where none was traded, and their sum."""

    year: str
    policy: str
    months: tuple[MonthCell | None, ...]
    total: str


@dataclass(frozen=True)
class DriftLine:
    """A parameter over the windows."""

    label: str
    drawing: Markup
    first: str
    last: str
    span: str


def ml_first(policies: Iterable[str]) -> list[str]:
    """The policies with ML in front: it is what the page is about."""
    return sorted(policies, key=lambda name: name != "ml")


def figure(metric: Metric, unit: str) -> Cell:
    """A figure that no wording names as a cell."""
    return Cell(told(metric, unit), metric.reason if isinstance(metric, Undefined) else "")


def cards_of(found: Segments) -> list[Card]:
    """The dimensions that tell trades apart, each as a card; one that says nothing is left out."""
    common = [_rows(found, name) for name in _CARDS if name != _OWN_SCALE]
    scale = _scale([row for rows in common for row in rows])
    cards = []
    for name in _CARDS:
        rows = _rows(found, name)
        if not rows or (len(rows) == 1 and rows[0].key == "unknown"):
            continue
        own = _scale(rows) if name == _OWN_SCALE else scale
        lines = tuple(_line(name, row, own) for row in rows)
        cards.append(
            Card(DIMENSION_LABELS[name], in_unit(own.low, "r1"), in_unit(own.high, "r1"), lines)
        )
    return cards


def sure_line(found: Segments) -> str:
    """How many segments stand out, and how many would by chance."""
    rows = [row for name in _CARDS if name != _OWN_SCALE for row in _rows(found, name)]
    judged = [row.ml for row in rows if not isinstance(row.ml.expectancy_r_low, Undefined)]
    if not judged:
        return ""
    sure = sum(1 for figures in judged if _is_sure(figures))
    chance = len(judged) / 20
    return (
        f"{sure} of {len(judged)} segments have an ML interval that does not hold zero; were there"
        f" no edge at all, about {chance:.0f} would by chance. A segment found by looking is an"
        " idea for the next study, not a result of this one."
    )


def years_of(found: Segments) -> list[YearLine]:
    """Net result by month and policy, ML first."""
    rows = [row for row in found.dimension("month").rows if len(row.key) == 7]
    nets = [abs(of.net_usd) for row in rows for _, of in _by_policy(row)]
    strongest = max(nets, default=0.0) or 1.0
    lines = []
    for year in sorted({row.key[:4] for row in rows}):
        of_year = {int(row.key[5:]): row for row in rows if row.key[:4] == year}
        for policy in ml_first(found.policies):
            traded = {m: getattr(row, policy) for m, row in of_year.items()}
            months = tuple(_month(traded.get(m), strongest) for m in range(1, 13))
            total = sum(figures.net_usd for figures in traded.values())
            lines.append(YearLine(year, POLICY_LABELS[policy], months, in_unit(total, "plain")))
    return lines


def drift_lines(found: Segments) -> list[DriftLine]:
    """The parameters of the windows, and ML's AUC out of sample."""
    lines = [_drift(p.label, p.values) for p in found.parameters]
    auc = tuple(None if isinstance(value, Undefined) else value for value in found.auc)
    if any(value is not None for value in auc):
        lines.append(_drift("Out-of-sample AUC of the entry probability", auc))
    return lines


def _drift(label: str, values: Sequence[float | None]) -> DriftLine:
    there = [value for value in values if value is not None]
    first, last, low, high = (
        f"{value:.2f}".replace("-", MINUS)
        for value in (there[0], there[-1], min(there), max(there))
    )
    drawing = Markup(line_svg(values, f"{label}: from {first} to {last}"))
    return DriftLine(label, drawing, first, last, f"{low} to {high}")


def _rows(found: Segments, name: str) -> list[SegmentRow]:
    return [row for row in found.dimension(name).rows if row.trades > 0]


def _by_policy(row: SegmentRow) -> list[tuple[str, SegmentFigures]]:
    """ML first."""
    both = [("ml", row.ml), ("baseline", row.baseline)]
    return both if row.strategy is None else [*both, (STRATEGY, row.strategy)]


def _line(dimension: str, row: SegmentRow, scale: Scale) -> SegmentLine:
    label = KEY_LABELS.get(dimension, {}).get(row.key, row.key.replace("_", " "))
    each = {name: figure(of.expectancy_r, "r2") for name, of in _by_policy(row)}
    bars = [bar for name, of in _by_policy(row) if (bar := _bar(name, of))]
    told = ", ".join(f"{POLICY_LABELS[name]} {cell.text}" for name, cell in each.items())
    words = f"{label}: {told}"
    return SegmentLine(
        label=label,
        trades=in_unit(row.ml.trades, "count"),
        net=in_unit(row.ml.net_usd, "plain"),
        drawing=Markup(interval_svg(bars, scale, words)),
        each=tuple(each.values()),
        is_sure=_is_sure(row.ml),
    )


def _bar(kind: str, figures: SegmentFigures) -> Bar | None:
    mean, low, high = figures.expectancy_r, figures.expectancy_r_low, figures.expectancy_r_high
    if isinstance(mean, Undefined):
        return None
    if isinstance(low, Undefined) or isinstance(high, Undefined):
        return Bar(kind, mean)
    return Bar(kind, mean, low, high)


def _is_sure(figures: SegmentFigures) -> bool:
    low, high = figures.expectancy_r_low, figures.expectancy_r_high
    if isinstance(low, Undefined) or isinstance(high, Undefined):
        return False
    return low > 0.0 or high < 0.0


def _scale(rows: Sequence[SegmentRow]) -> Scale:
    """Holds every mean of rows with an interval and most of the bounds; zero is always inside."""
    bars = [_bar("", figures) for row in rows for _, figures in _by_policy(row)]
    ends = [end for bar in bars if bar and bar.low is not None for end in (bar.low, bar.high or 0)]
    means = [bar.mean for bar in bars if bar and bar.low is not None]
    means = means or [bar.mean for bar in bars if bar] or [0.0]
    low, high = min(*means, 0.0, 0.0), max(*means, 0.0, 0.0)
    if ends:
        ends.sort()
        low = min(low, ends[int(0.05 * len(ends))])
        high = max(high, ends[-1 - int(0.05 * len(ends))])
    edge = 0.1 * max(1, round(10 * max(-low, high) + 0.5))
    return Scale(
        -edge if low < -0.25 * edge else -0.5 * edge, edge if high > 0.25 * edge else 0.5 * edge
    )


def _month(figures: SegmentFigures | None, strongest: float) -> MonthCell | None:
    if figures is None or not figures.trades:
        return None
    net = figures.net_usd
    kind = "up" if net > 0.0 else "down"
    return MonthCell(in_unit(net, "plain"), kind, round(10 + 45 * abs(net) / strongest))
