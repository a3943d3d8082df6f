"""The rows of the page's tables, every cell as people read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlplatform.metrics.summary import Summary
from mlplatform.metrics.undefined import Metric, Undefined
from mlplatform.reports.evaluation import WindowFigures
from mlplatform.reports.targets import TargetRow
from mlplatform.reports.wording import POLICY_LABELS, WORDING, goal, in_unit, written
from mlplatform.studies.result import Source, StudyResult


@dataclass(frozen=True)
class Cell:
    """A written figure; `reason` says why, where there is none."""

    text: str
    reason: str = ""


@dataclass(frozen=True)
class MetricRow:
    """A figure's label and its cell for each policy, in the order of the figures."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TargetLine:
    """A target in words, what baseline and ML came to, and whether ML met it."""

    label: str
    goal: str
    baseline: Cell
    ml: Cell
    met: bool


@dataclass(frozen=True)
class WindowLine:
    """A walk-forward window in words."""

    period: str
    trained: str
    train_rows: str
    purged_rows: str
    candidates: str
    baseline_trades: str
    baseline_net: str
    ml_trades: str
    ml_net: str
    notes: tuple[str, ...]


def source_line(source: Source) -> str:
    """Where the bars came from, in a sentence: whoever reads on must have read this."""
    match source.kind:
        case "synthetic":
            planted = f" Planted: {source.note}." if source.note else ""
            return f"Synthetic bars: made from a seed, no market.{planted}"
        case "yahoo":
            origin = "Yahoo Finance"
        case "file":
            origin = "a file of the user"
        case kind:
            origin = kind
    span = f"{source.first_ts:%Y-%m-%d} to {source.last_ts:%Y-%m-%d}"
    line = f"{in_unit(source.bars, 'count')} bars from {origin}, {span}."
    return f"{line} {source.note}" if source.note else line


def cell(name: str, figure: Metric) -> Cell:
    """A figure as a cell."""
    return Cell(written(name, figure), figure.reason if isinstance(figure, Undefined) else "")


def metric_row(name: str, figures: Mapping[str, Summary]) -> MetricRow:
    """One figure of all policies."""
    cells = tuple(cell(name, getattr(figures[policy], name)) for policy in figures)
    return MetricRow(WORDING[name].label, cells)


def groups_of(figures: Mapping[str, Summary]) -> list[tuple[str, list[MetricRow]]]:
    """All figures under their headings, in the order of the wording."""
    groups: dict[str, list[MetricRow]] = {}
    for name, wording in WORDING.items():
        groups.setdefault(wording.group, []).append(metric_row(name, figures))
    return list(groups.items())


def missing_of(figures: Mapping[str, Summary]) -> list[tuple[str, str]]:
    """Each reason for which a figure of a policy that trades does not exist, with those.

    What buy and hold lacks by its nature is left out, so that the list says something.
    """
    found: dict[str, list[str]] = {}
    for policy in list(figures)[:-1]:
        for name, figure in figures[policy].items():
            if isinstance(figure, Undefined):
                what = f"{WORDING[name].label} ({POLICY_LABELS[policy]})"
                found.setdefault(figure.reason, []).append(what)
    return [(reason, ", ".join(names)) for reason, names in found.items()]


def target_row(row: TargetRow) -> TargetLine:
    """A judged target in words."""
    name = row.target.metric
    return TargetLine(
        label=WORDING[name].label,
        goal=goal(name, row.target.value, above=row.target.above),
        baseline=cell(name, row.baseline),
        ml=cell(name, row.ml),
        met=row.met,
    )


def window_row(row: WindowFigures) -> WindowLine:
    """A window in words; training dates are UTC days."""
    window = row.window
    return WindowLine(
        period=window.period,
        trained=f"{window.train_from:%Y-%m-%d} to {window.train_to:%Y-%m-%d}",
        train_rows=in_unit(window.train_rows, "count"),
        purged_rows=in_unit(window.purged_rows, "count"),
        candidates=in_unit(window.test_candidates, "count"),
        baseline_trades=in_unit(row.baseline_trades, "count"),
        baseline_net=in_unit(row.baseline_net_usd, "usd"),
        ml_trades=in_unit(row.ml_trades, "count"),
        ml_net=in_unit(row.ml_net_usd, "usd"),
        notes=window.notes,
    )


def flat(value: object, prefix: str = "") -> list[tuple[str, str]]:
    """A nested value of JSON types as rows of dotted name and text, in the order given."""
    if isinstance(value, Mapping):
        rows = []
        for key, inner in value.items():
            rows += flat(inner, f"{prefix}.{key}" if prefix else str(key))
        return rows
    if isinstance(value, list):
        if any(isinstance(inner, Mapping | list) for inner in value):
            return [row for n, inner in enumerate(value) for row in flat(inner, f"{prefix}.{n}")]
        return [(prefix, ", ".join(_plain_text(inner) for inner in value) or "none")]
    return [(prefix, _plain_text(value))]


def _plain_text(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case float():
            return f"{value:.10g}"
    return str(value)


def ambiguity_lines(study: StudyResult) -> list[str]:
    """What a reader must know of bars that do not tell what came first, a sentence a policy."""
    lines = []
    for name in ("baseline", "ml"):
        found = study.ambiguity.get(name)
        if found is None:
            continue
        line = (
            f"{POLICY_LABELS[name]}: on {found.ambiguous_bars:,} bars stop and target were both in "
            "reach; the stop was taken to come first"
        )
        if found.pessimism_usd is None:
            lines.append(f"{line}. No finer bars are there to tell what that cost.")
        else:
            cost = in_unit(found.pessimism_usd, "usd")
            lines.append(
                f"{line}. {study.finer_series} tells {found.resolved_bars:,} of them; there the "
                f"pessimism cost {cost}."
            )
    return lines
